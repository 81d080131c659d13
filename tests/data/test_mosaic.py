import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf

from rkd_keras.data.samples.mosaic import mosaic, mosaic_batch
from rkd_keras.layers import MedianBlur2D


def blur(size=3):
    return MedianBlur2D(size, padding="valid")


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype("uint8")


def by_opencv(quad, size, seam):
    """Join, median filter the whole, keep it near the seams, shrink."""
    top, bottom = np.hstack(quad[:2]), np.hstack(quad[2:])
    joined = np.vstack([top, bottom]).astype("float32")
    blurred = cv2.medianBlur(joined, size)
    height, width = np.array(joined.shape[:2]) // 2
    result = joined.copy()
    for rows, columns in (
        (slice(None), slice(width - seam, width + seam)),
        (slice(height - seam, height + seam), slice(None)),
    ):
        result[rows, columns] = blurred[rows, columns]
    return cv2.resize(result, (width, height), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize(("size", "seam"), [(3, 2), (5, 2), (5, 4)])
@pytest.mark.parametrize("shape", [(64, 64), (24, 36)])
def test_equals_opencv(size, seam, shape):
    quads = noise(2, 4, *shape, 3)
    result = mosaic(quads, blur(size), seam, match_brightness=False).numpy()
    for quad, image in zip(quads, result, strict=True):
        np.testing.assert_allclose(image, by_opencv(quad, size, seam), atol=1e-3)


def test_only_the_seams_are_blurred():
    quads = noise(1, 4, 32, 32, 1)
    plain = mosaic(quads, None, match_brightness=False).numpy()[0, ..., 0]
    blurred = mosaic(quads, blur(), match_brightness=False).numpy()[0, ..., 0]
    differs = plain != blurred
    cross = np.zeros((32, 32), bool)
    cross[15:17] = cross[:, 15:17] = True
    assert not differs[~cross].any()
    assert differs[cross].mean() > 0.9


def test_precision_of_the_networks_is_not_that_of_the_pixels():
    quads = noise(2, 4, 8, 8, 1)
    expected = np.array(mosaic(quads, blur()))
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        np.testing.assert_array_equal(mosaic(quads, blur()), expected)
        coarse = MedianBlur2D(3, padding="valid", dtype="mixed_bfloat16")
        np.testing.assert_allclose(mosaic(quads, coarse), expected, atol=1)
    finally:
        keras.config.set_dtype_policy("float32")


def test_each_image_lands_in_its_quarter():
    quads = np.arange(4, dtype="uint8").reshape(1, 4, 1, 1, 1) * np.full(
        (16, 16, 3), 60, "uint8"
    )
    image = mosaic(quads, None, match_brightness=False).numpy()[0]
    assert [image[r, c, 0] for r, c in ((2, 2), (2, 13), (13, 2), (13, 13))] == [
        0,
        60,
        120,
        180,
    ]


def test_brightness_is_matched_and_contrast_kept():
    rng = np.random.default_rng(1)
    levels = np.array([60.0, 90.0, 120.0, 150.0]).reshape(1, 4, 1, 1, 1)
    quads = np.round(levels + rng.normal(0, 8, (1, 4, 32, 32, 1)))
    image = mosaic(quads, None).numpy()[0, ..., 0]
    quarters = [image[r : r + 16, c : c + 16] for r in (0, 16) for c in (0, 16)]
    np.testing.assert_allclose([q.mean() for q in quarters], 105, atol=0.5)
    plain = mosaic(quads, None, match_brightness=False).numpy()[0, ..., 0]
    assert quarters[0].std() == pytest.approx(plain[:16, :16].std(), rel=1e-4)


def test_pixels_stay_in_range():
    quads = np.zeros((1, 4, 16, 16, 1), "uint8")
    quads[0, :2] = 255
    quads[0, 0, :8] = 0
    image = mosaic(quads, blur()).numpy()
    assert image.min() >= 0 and image.max() <= 255


def test_batch_joins_images_of_one_class():
    # A class's images have its own grey level, so a mixture would show.
    labels = np.array([0, 1, 0, 1, 0, 1, 0, 1])
    images = np.repeat(labels, 16 * 16 * 3).reshape(8, 16, 16, 3) * 100.0
    result = mosaic_batch(images, labels, (0, 1), blur(), match_brightness=False)
    np.testing.assert_array_equal(result, images)


def test_batch_is_a_function_of_the_seed():
    images, labels = noise(8, 16, 16, 3), np.zeros(8, int)
    first = mosaic_batch(images, labels, (1, 2), blur())
    np.testing.assert_array_equal(first, mosaic_batch(images, labels, (1, 2), blur()))
    other = mosaic_batch(images, labels, (1, 3), blur())
    assert (first.numpy() != other.numpy()).any()


def test_batch_uses_four_different_images():
    levels = np.array([10, 20, 30, 40], "uint8").reshape(4, 1, 1, 1)
    images = levels * np.ones((1, 16, 16, 1), "uint8")
    result = mosaic_batch(images, np.zeros(4), (0, 0), None, match_brightness=False)
    for image in result.numpy()[..., 0]:
        corners = {image[0, 0], image[0, -1], image[-1, 0], image[-1, -1]}
        assert corners == {10, 20, 30, 40}


def test_probability():
    images, labels = noise(200, 16, 16, 1), np.zeros(200, int)
    result = mosaic_batch(images, labels, (0, 0), None, probability=0.3).numpy()
    same = (result == images).all(axis=(1, 2, 3))
    assert 0.6 < same.mean() < 0.8
    untouched = mosaic_batch(images, labels, (0, 0), None, probability=0.0)
    np.testing.assert_array_equal(untouched, images)


def test_runs_in_a_dataset():
    images, labels = noise(10, 16, 16, 3), np.arange(10) % 2
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).batch(4).enumerate()
    layer = blur()
    dataset = dataset.map(
        lambda i, pair: mosaic_batch(
            *pair, tf.stack([tf.constant(0, tf.int64), i]), layer
        )
    )
    shapes = [tuple(x.shape) for x in dataset]
    assert shapes == [(4, 16, 16, 3), (4, 16, 16, 3), (2, 16, 16, 3)]


@pytest.mark.parametrize(
    ("shape", "size", "seam", "message"),
    [
        ((1, 3, 16, 16, 3), 3, 2, r"\(N, 4, H, W, C\)"),
        ((1, 4, 15, 16, 3), 3, 2, "even height"),
        ((1, 4, 4, 4, 3), 3, 2, "at least 6"),
        ((1, 4, 16, 16, 3), 3, 1, "seam=1"),
    ],
)
def test_bad_input(shape, size, seam, message):
    with pytest.raises(ValueError, match=message):
        mosaic(np.zeros(shape, "uint8"), blur(size), seam)


def test_a_filter_with_padding_is_refused():
    with pytest.raises(ValueError, match="valid padding"):
        mosaic(np.zeros((1, 4, 16, 16, 1), "uint8"), MedianBlur2D(3))
