import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.explain import explanation_grid, heat_overlay, resize_heat


def test_cold_leaves_the_image_and_heat_is_red():
    image = np.full((100, 100), 90, np.uint8)
    heat = np.zeros((100, 100))
    heat[40:60, 40:60] = 1
    found = heat_overlay(image, heat, least_side=100)
    assert (found[:30] == 90).all()
    red, green, blue = found[50, 50].astype(int)
    assert red > green + 20 and red > blue + 20


def test_strength_none_and_full():
    image = np.random.default_rng(0).integers(0, 256, (50, 50, 3)).astype(np.uint8)
    heat = np.ones((5, 5))
    assert (heat_overlay(image, heat, strength=0, least_side=50) == image).all()
    covered = heat_overlay(image, heat, strength=1, least_side=50)
    assert len(np.unique(covered.reshape(-1, 3), axis=0)) == 1


def test_small_images_are_enlarged_with_their_boxes():
    image = np.zeros((20, 30), np.uint8)
    found = heat_overlay(image, np.zeros((4, 4)), boxes=[[5, 5, 15, 12]], least_side=40)
    assert found.shape == (40, 60, 3)
    white = (found == 255).all(-1)
    y, x = np.nonzero(white)
    assert (x.min(), x.max(), y.min(), y.max()) == pytest.approx(
        (10, 29, 10, 23), abs=1
    )


def test_heat_is_resized_to_the_image():
    heat = np.zeros((4, 4))
    heat[1, 2] = 1
    found = resize_heat(heat, (40, 80))
    assert found.shape == (40, 80)
    assert np.unravel_index(found.argmax(), found.shape) == pytest.approx(
        (14.5, 49.5), abs=1
    )


def test_the_grid_holds_its_pictures():
    red = np.zeros((30, 30, 3), np.uint8)
    red[..., 0] = 200
    grid = explanation_grid([[("a", red), ("b", red)], [("c", red)]], side=30)
    assert (grid == (200, 0, 0)).all(-1).sum() == 3 * 900


def test_what_is_no_heat_map_is_refused():
    with pytest.raises(InputError, match="`heat`"):
        heat_overlay(np.zeros((9, 9), np.uint8), np.zeros((2, 2, 3)))
