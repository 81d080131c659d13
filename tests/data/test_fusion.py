import numpy as np
import pytest

from rkd_keras.data.samples.fusion import fusion, fusion_batch


def flat(level, spots=(), value=-60.0, noise=2.0, seed=0):
    rng = np.random.default_rng(seed)
    image = level + rng.normal(0, noise, (1, 32, 32, 1))
    for row, column in spots:
        image[0, row - 2 : row + 3, column - 2 : column + 3] += value
    return image.astype("float32")


def test_both_defects_stay_at_full_contrast():
    a, b = flat(120, [(8, 8)], seed=1), flat(140, [(22, 24)], seed=2)
    fused = fusion(a, b).numpy()[0, ..., 0]
    background = np.median(fused)
    for row, column in ((8, 8), (22, 24)):
        depth = background - fused[row - 1 : row + 2, column - 1 : column + 2].mean()
        assert depth > 0.9 * 60
        plain = ((a + b) / 2)[0, ..., 0]
        halved = np.median(plain) - plain[row, column]
        assert halved < 0.6 * 60


def test_bright_and_dark_defects():
    a, b = flat(120, [(8, 8)], 80.0, seed=1), flat(120, [(22, 24)], -80.0, seed=2)
    fused = fusion(a, b).numpy()[0, ..., 0]
    assert fused[8, 8] > 185
    assert fused[22, 24] < 55


def test_symmetry_and_equal_images():
    a, b = flat(100, [(8, 8)], seed=1), flat(150, [(20, 20)], seed=2)
    np.testing.assert_allclose(fusion(a, b), fusion(b, a), atol=1e-3)
    np.testing.assert_allclose(fusion(a, a), a, atol=1e-3)


def test_sharpness_zero_is_the_mean():
    a, b = flat(100, [(8, 8)]), flat(150, [(20, 20)], seed=2)
    np.testing.assert_allclose(fusion(a, b, sharpness=0.0), (a + b) / 2, atol=1e-3)


def test_constant_images_and_range():
    zeros, full = np.zeros((1, 8, 8, 3), "uint8"), np.full((1, 8, 8, 3), 255, "uint8")
    np.testing.assert_allclose(fusion(zeros, full), 127.5)
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2, (2, 4, 8, 8, 3)) * 255
    fused = fusion(a, b).numpy()
    assert fused.min() >= 0 and fused.max() <= 255


def test_batch_fuses_within_the_class():
    labels = np.array([0, 1, 0, 1, 2])
    images = np.repeat(labels, 64).reshape(5, 8, 8, 1) * 100.0
    np.testing.assert_allclose(fusion_batch(images, labels, (0, 1)), images)


def test_batch_is_a_function_of_the_seed_and_keeps_lone_images():
    images = np.random.default_rng(0).integers(0, 256, (7, 8, 8, 3)).astype("uint8")
    labels = np.array([0, 0, 0, 0, 0, 0, 1])
    first = fusion_batch(images, labels, (1, 2)).numpy()
    np.testing.assert_array_equal(first, fusion_batch(images, labels, (1, 2)))
    assert (first != fusion_batch(images, labels, (1, 5)).numpy()).any()
    np.testing.assert_allclose(first[6], images[6], atol=1e-3)
    assert (np.abs(first[:6] - images[:6]).max(axis=(1, 2, 3)) > 5).all()


def test_probability():
    images = np.random.default_rng(0).integers(0, 256, (200, 8, 8, 1)).astype("uint8")
    result = fusion_batch(images, np.zeros(200), (0, 0), probability=0.3).numpy()
    same = (result == images).all(axis=(1, 2, 3))
    assert 0.6 < same.mean() < 0.8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sharpness": -1}, "sharpness=-1"),
        ({"neighbourhood": 4}, "neighbourhood=4"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        fusion(np.zeros((1, 8, 8, 1)), np.zeros((1, 8, 8, 1)), **options)


def test_bad_shapes():
    with pytest.raises(ValueError, match="one shape"):
        fusion(np.zeros((1, 8, 8, 1)), np.zeros((1, 8, 9, 1)))
