import cv2
import keras
import numpy as np
import pytest
from keras import ops

from rkd_keras.layers import MedianBlur2D
from rkd_keras.layers.median_blur2d import _median_network


def noise(shape, dtype="uint8", seed=0):
    values = np.random.default_rng(seed).integers(0, 256, shape)
    return values.astype(dtype)


@pytest.mark.parametrize("size", [3, 5, 7])
@pytest.mark.parametrize("shape", [(64, 64, 3), (17, 31, 3), (9, 9, 1)])
def test_equals_opencv(size, shape):
    images = noise((2, *shape), seed=size)
    blurred = ops.convert_to_numpy(MedianBlur2D(size)(images))
    assert blurred.dtype == np.uint8
    for image, result in zip(images, blurred, strict=True):
        expected = cv2.medianBlur(image, size).reshape(shape)
        np.testing.assert_array_equal(result, expected)


def test_equals_opencv_on_floats():
    image = np.random.default_rng(1).normal(size=(20, 24, 3)).astype("float32")
    np.testing.assert_array_equal(
        MedianBlur2D(5)(image[None])[0], cv2.medianBlur(image, 5)
    )


def test_windows_larger_than_the_image():
    image = noise((1, 2, 3, 1))
    padded = np.pad(image[0, ..., 0], 3, mode="edge")
    expected = [
        [np.median(padded[r : r + 7, c : c + 7]) for c in range(3)] for r in range(2)
    ]
    np.testing.assert_array_equal(MedianBlur2D(7)(image)[0, ..., 0], expected)


@pytest.mark.parametrize("size", [3, 5])
def test_valid_padding_is_the_inside_of_same(size):
    image = noise((2, 9, 11, 3))
    edge = size // 2
    layer = MedianBlur2D(size, padding="valid")
    inside = MedianBlur2D(size)(image)[:, edge:-edge, edge:-edge]
    np.testing.assert_array_equal(layer(image), inside)
    assert layer.compute_output_shape((None, 9, None, 3)) == (None, 10 - size, None, 3)


@pytest.mark.parametrize("count", [1, 9, 25, 49])
def test_network_finds_the_median(count):
    rng = np.random.default_rng(count)
    for _ in range(50):
        values = list(rng.integers(0, 20, count))
        expected = sorted(values)[count // 2]
        for low, high, needs_low, needs_high in _median_network(count):
            a, b = values[low], values[high]
            values[low] = min(a, b) if needs_low else None
            values[high] = max(a, b) if needs_high else None
        assert values[count // 2] == expected


def test_a_window_of_one_changes_nothing():
    image = noise((1, 5, 6, 3))
    np.testing.assert_array_equal(MedianBlur2D(1)(image), image)


def test_any_size_in_a_saved_model(tmp_path):
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, MedianBlur2D(5)(inputs))
    assert model.output_shape == (None, None, None, 3)
    model.save(tmp_path / "model.keras")
    copy = keras.models.load_model(tmp_path / "model.keras")
    image = noise((2, 12, 15, 3), "float32")
    np.testing.assert_array_equal(copy(image), model(image))
    expected = cv2.medianBlur(image[1], 5)
    np.testing.assert_array_equal(copy.predict(image, verbose=0)[1], expected)


def test_half_precision_keeps_the_grey_levels():
    image = noise((1, 8, 8, 1), "float32")
    blurred = MedianBlur2D(3, dtype="mixed_bfloat16")(image)
    np.testing.assert_array_equal(
        ops.cast(blurred, "float32")[0, ..., 0], cv2.medianBlur(image[0], 3)
    )


@pytest.mark.parametrize("size", [0, 2, -3, 3.0])
def test_bad_kernel_size(size):
    with pytest.raises(ValueError, match=f"kernel_size={size}"):
        MedianBlur2D(size)


def test_bad_padding():
    with pytest.raises(ValueError, match="padding=full"):
        MedianBlur2D(3, padding="full")
