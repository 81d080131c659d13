import math

import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.measure import (
    bilateral_filter,
    enhance,
    otsu_mask,
    otsu_threshold,
    stretch_contrast,
    stretch_curve,
)


def texture(seed=0, shape=(40, 50), low=60, high=160):
    return np.random.default_rng(seed).integers(low, high, shape).astype(np.uint8)


def test_bilateral_filter_is_its_formula():
    image = texture(shape=(24, 24))
    found = bilateral_filter(image, 5, 30.0, 2.0)
    for y, x in ((10, 11), (12, 7), (15, 16)):
        total = weights = 0.0
        for dy in range(-2, 3):
            for dx in range(-2, 3):
                if math.hypot(dy, dx) > 2:
                    continue
                value = float(image[y + dy, x + dx])
                step = value - float(image[y, x])
                weight = math.exp(-(dy * dy + dx * dx) / (2 * 2.0**2))
                weight *= math.exp(-(step**2) / (2 * 30.0**2))
                total, weights = total + weight * value, weights + weight
        assert abs(int(found[y, x]) - total / weights) <= 1


def test_bilateral_filter_keeps_a_step():
    image = np.full((30, 30), 40, np.uint8)
    image[:, 15:] = 220
    noisy = image + texture(shape=image.shape, low=0, high=8)
    found = bilateral_filter(noisy, 9, 30.0, 10.0).astype(int)
    assert np.abs(np.diff(found[:, [14, 15]], axis=1)).min() > 165
    assert found[:, :14].std() < noisy[:, :14].std() / 2


def test_the_curve_maps_percentiles_to_black_and_white():
    image = texture(shape=(200, 200))
    curve = stretch_curve(image, 5, 90).astype(int)
    low, high = np.percentile(image, [5, 90])
    assert curve[int(low)] <= 3
    assert curve[int(high)] >= 252
    assert curve[0] == 0
    assert curve[255] == 255
    assert (np.diff(curve) >= 0).all()
    middle = int((low + high) / 2)
    assert curve[middle] == pytest.approx(127, abs=4)


def test_stretching_uses_the_whole_range_and_keeps_the_order():
    image = texture(low=100, high=120)
    found = stretch_contrast(image, 0, 100)
    assert (found.min(), found.max()) == (0, 255)
    order = np.argsort(image.ravel(), kind="stable")
    assert (np.diff(found.ravel()[order].astype(int)) >= 0).all()


def test_the_steps_together_are_the_steps_one_by_one():
    image = texture()
    filtered = bilateral_filter(image)
    assert (enhance(image) == stretch_contrast(filtered)).all()


def test_a_flat_image_stays_as_it_is():
    flat = np.full((9, 9), 77, np.uint8)
    assert (stretch_contrast(flat) == flat).all()
    assert (enhance(flat) == flat).all()
    assert otsu_threshold(flat) is None
    assert not otsu_mask(flat).any()
    assert enhance(flat[:1, :1]).shape == (1, 1)


def test_a_rare_value_does_not_undo_the_stretch():
    image = np.full((100, 100), 100, np.uint8)
    image[0, 0] = 255
    assert set(np.unique(stretch_contrast(image))) == {0, 255}


def test_otsu_maximises_the_variance_between_classes():
    for seed in range(5):
        rng = np.random.default_rng(seed)
        image = np.where(
            rng.random((60, 60)) < 0.3, rng.normal(70, 15, (60, 60)), 150
        ).astype(np.uint8)
        best, variance = None, -1.0
        for level in range(256):
            dark = image <= level
            if dark.all() or not dark.any():
                continue
            share = dark.mean()
            between = share * (1 - share)
            between *= (image[dark].mean() - image[~dark].mean()) ** 2
            if between > variance + 1e-9:
                best, variance = level, between
        assert otsu_threshold(image) == best


def test_the_smaller_side_is_the_defect():
    image = np.full((20, 20), 200, np.uint8)
    image[:5] = 10
    assert (otsu_mask(image) == (image == 10)).all()
    assert (otsu_mask(255 - image) == (image == 10)).all()


@pytest.mark.parametrize("limits", [(50, 50), (-1, 50), (10, 101), (60, 40)])
def test_wrong_percentiles_are_named(limits):
    with pytest.raises(InputError, match="percentiles"):
        stretch_curve(texture(), *limits)
