import numpy as np
import pytest

from rkd_keras.data.samples.oversampling import make_samples, oversample
from rkd_keras.layers import MedianBlur2D


def images(count, seed=0):
    return (
        np.random.default_rng(seed).integers(0, 256, (count, 16, 16, 3)).astype("uint8")
    )


@pytest.mark.parametrize(
    ("method", "needed"), [("mosaic", 4), ("fusion", 2), ("copy", 1)]
)
def test_samples_are_made_of_different_images(method, needed):
    blur = MedianBlur2D(3, padding="valid")
    samples, sources = make_samples(images(6), 70, method, seed=1, blur=blur)
    assert samples.shape == (70, 16, 16, 3) and samples.dtype == np.uint8
    assert all(name == method for name, _ in sources)
    used = np.array([indices for _, indices in sources])
    assert used.shape == (70, needed)
    assert all(len(set(row)) == needed for row in used)
    assert set(used.ravel()) == set(range(6))


def test_copies_are_copies():
    pool = images(3)
    samples, sources = make_samples(pool, 5, "copy")
    for sample, (_, (used,)) in zip(samples, sources, strict=True):
        np.testing.assert_array_equal(sample, pool[used])


def test_fewer_images_than_a_sample_needs():
    samples, sources = make_samples(images(2), 4, "mosaic")
    assert all(set(used) == {0, 1} for _, used in sources)
    lone, _ = make_samples(images(1), 2, "fusion")
    np.testing.assert_allclose(lone, np.repeat(images(1), 2, axis=0), atol=1)


def test_two_methods_in_turn():
    _, sources = make_samples(images(5), 5, "mosaic+fusion")
    assert [name for name, _ in sources] == ["mosaic", "fusion"] * 2 + ["mosaic"]


def test_the_seed_decides():
    first, _ = make_samples(images(6), 4, "fusion", seed=3)
    again, _ = make_samples(images(6), 4, "fusion", seed=3)
    other, _ = make_samples(images(6), 4, "fusion", seed=4)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_oversample_fills_up_and_keeps_the_originals():
    x, y = images(9), np.array([0] * 6 + [2] * 3)
    more, labels = oversample(x, y, "copy")
    np.testing.assert_array_equal(more[:9], x)
    np.testing.assert_array_equal(labels[:9], y)
    assert np.bincount(labels).tolist() == [6, 0, 6]
    rare = {image.tobytes() for image in x[y == 2]}
    assert {image.tobytes() for image in more[9:]} <= rare
    _, labels = oversample(x, y, "fusion", per_class=8)
    assert np.bincount(labels).tolist() == [8, 0, 8]


def test_bad_arguments():
    with pytest.raises(ValueError, match="method=smote"):
        make_samples(images(2), 1, "smote")
    with pytest.raises(ValueError, match="at least one image"):
        make_samples(images(0), 1, "copy")
