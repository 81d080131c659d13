import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.measure.square_statistics import square_statistics
from rkd_keras.predict.surface_statistics import surface_statistics


def test_a_square_has_the_statistics_of_its_crop():
    image = np.random.default_rng(0).integers(0, 256, (128, 200, 3), dtype=np.uint8)
    squares = np.array([(0, 0, 64, 64), (8, 24, 64, 64), (136, 64, 64, 64)])
    crops = np.stack([image[y : y + h, x : x + w] for x, y, w, h in squares])
    found = square_statistics(image, squares)
    np.testing.assert_allclose(found, surface_statistics(crops), atol=1e-9)


def test_a_whole_image_of_any_size_has_its_own_statistics():
    image = np.random.default_rng(0).integers(0, 256, (77, 93, 3), dtype=np.uint8)
    found = square_statistics(image, np.array([(0, 0, 93, 77)]))
    np.testing.assert_allclose(found, surface_statistics(image[None]), atol=1e-9)


def test_squares_that_overlap_and_lie_anywhere_are_finite():
    image = np.full((50, 61), 200, np.uint8)
    squares = np.array([(x, y, 16, 16) for x in range(46) for y in range(35)])
    found = square_statistics(image, squares)
    assert found.shape == (1610, 18) and np.isfinite(found).all()
    assert square_statistics(image, squares[:0]).shape == (0, 18)


@pytest.mark.parametrize(
    "squares",
    [[(0, 0, 15, 16)], [(-1, 0, 16, 16)], [(40, 0, 16, 16)], [(0, 0, 16)], [0.5] * 4],
)
def test_squares_outside_or_too_small_are_refused(squares):
    with pytest.raises(InputError, match="squares must be"):
        square_statistics(np.zeros((50, 50), np.uint8), np.array(squares))
