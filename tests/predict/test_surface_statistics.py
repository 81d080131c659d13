import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.predict.surface_statistics import surface_statistics


def brute_force(image):
    """The definition, with loops; channels are equal, so any of them is grey."""
    grey = image[..., 0].astype(float)
    found = [grey.mean() / 32, np.log(grey.std() + 0.5)]
    for _ in range(4):
        height, width = grey.shape
        for axis in (0, 1):
            steps = []
            for y in range(height - (axis == 0)):
                for x in range(width - (axis == 1)):
                    steps.append(grey[y + (axis == 0), x + (axis == 1)] - grey[y, x])
            mean = np.mean(np.abs(steps)) + 0.1
            found.append(np.log(mean))
            found.append(np.log((np.sqrt(np.mean(np.square(steps))) + 0.1) / mean))
        grey = np.array(
            [
                [
                    grey[2 * y : 2 * y + 2, 2 * x : 2 * x + 2].mean()
                    for x in range(width // 2)
                ]
                for y in range(height // 2)
            ]
        )
    return np.array(found)


@pytest.mark.parametrize("size", [(32, 32), (17, 45), (16, 16)])
def test_equals_the_definition(size):
    grey = np.random.default_rng(0).integers(0, 256, (2, *size, 1), np.uint8)
    images = np.repeat(grey, 3, axis=-1)
    expected = np.stack([brute_force(image) for image in images])
    np.testing.assert_allclose(
        surface_statistics(images), expected, rtol=1e-4, atol=1e-4
    )


def test_colour_counts_as_its_grey_level():
    images = np.zeros((1, 16, 16, 3), np.uint8)
    images[..., 1] = 100
    assert surface_statistics(images)[0, 0] == pytest.approx(59 / 32)


def test_rows_and_columns_change_places_with_the_image():
    images = np.random.default_rng(1).integers(0, 256, (3, 32, 32, 3), np.uint8)
    images[:, :, ::2] //= 3
    found = surface_statistics(images)
    turned = surface_statistics(np.ascontiguousarray(images.transpose(0, 2, 1, 3)))
    swapped = found[:, 2:].reshape(3, 4, 2, 2)[:, :, ::-1].reshape(3, 16)
    np.testing.assert_allclose(turned[:, :2], found[:, :2], rtol=1e-5)
    np.testing.assert_allclose(turned[:, 2:], swapped, rtol=1e-4, atol=1e-5)


def test_no_images_give_no_rows():
    assert surface_statistics(np.zeros((0, 32, 32, 3), np.uint8)).shape == (0, 18)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((1, 15, 32, 3), np.uint8),
        np.zeros((1, 32, 32, 1), np.uint8),
        np.zeros((32, 32, 3), np.uint8),
        np.zeros((1, 32, 32, 3), np.float32),
    ],
)
def test_other_arrays_are_refused(images):
    with pytest.raises(InputError, match="Received"):
        surface_statistics(images)
