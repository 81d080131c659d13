import math

import cv2
import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.measure import measure, trace_boundaries

DIAGONAL = math.sqrt(2)


def test_a_rectangle_is_known_exactly():
    mask = np.zeros((50, 80), bool)
    mask[10:20, 30:70] = True
    result = measure(None, mask)
    defect = result.defects[0]
    assert defect.area == 400
    assert defect.perimeter == 2 * (39 + 9)
    assert defect.k == defect.perimeter / 400
    assert defect.area_ratio == 10.0
    assert defect.centroid == (49.5, 14.5)
    assert defect.bbox == (30, 10, 40, 10)
    assert (defect.width, defect.height) == (40, 10)
    assert defect.orientation == 0
    # Of a rectangle's side a, the ellipse's axis is 4 a / sqrt(12).
    assert defect.major_axis == pytest.approx(40 * 4 / math.sqrt(12))
    assert defect.minor_axis == pytest.approx(10 * 4 / math.sqrt(12))
    assert not defect.touches_border
    assert defect.mean_grey is None
    assert measure(None, mask.T).defects[0].orientation == 90


def test_a_disc_comes_close_to_the_circle(disc):
    for radius in (20, 40, 80):
        defect = measure(None, disc(100, 100, radius)).defects[0]
        assert defect.area == pytest.approx(math.pi * radius**2, rel=0.01)
        # A chain of steps of 1 and sqrt(2) is up to 8 % longer than an arc.
        ratio = defect.perimeter / (2 * math.pi * radius)
        assert 1.0 < ratio < 1.08
        assert defect.major_axis == pytest.approx(2 * radius, rel=0.01)
        assert defect.orientation is None


@pytest.mark.parametrize("angle", [-75, -45, -20, 15, 30, 60, 85])
def test_orientation_turns_counter_clockwise(angle):
    mask = np.zeros((200, 200), np.uint8)
    dx, dy = math.cos(math.radians(angle)), -math.sin(math.radians(angle))
    ends = [(round(100 + s * 80 * dx), round(100 + s * 80 * dy)) for s in (-1, 1)]
    cv2.line(mask, *ends, 1, 5)
    defect = measure(None, mask).defects[0]
    assert defect.orientation == pytest.approx(angle, abs=1)
    assert measure(None, mask).orientation == pytest.approx(angle, abs=1)


def test_a_hole_adds_its_boundary():
    mask = np.zeros((30, 30), bool)
    mask[5:25, 5:25] = True
    solid = measure(None, mask)
    mask[10:16, 10:16] = False
    holed = measure(None, mask)
    assert holed.count == 1
    assert holed.area == solid.area - 36
    # The hole's boundary runs on the pixels around it, cutting the corners.
    assert holed.perimeter - solid.perimeter == pytest.approx(4 * 5 + 4 * DIAGONAL)
    assert len(trace_boundaries(mask)) == 2


def test_a_defect_in_a_hole_is_another_defect():
    mask = np.zeros((30, 30), bool)
    mask[2:28, 2:28] = True
    mask[8:22, 8:22] = False
    mask[12:18, 12:18] = True
    result = measure(None, mask)
    assert [d.area for d in result.defects] == [26**2 - 14**2, 36]
    assert result.defects[1].perimeter == 20


def test_a_single_pixel_has_no_perimeter_and_no_direction():
    mask = np.zeros((5, 5), bool)
    mask[2, 3] = True
    defect = measure(None, mask).defects[0]
    assert (defect.area, defect.perimeter, defect.k) == (1, 0, 0)
    assert defect.centroid == (3, 2)
    assert defect.orientation is None
    assert defect.major_axis == pytest.approx(4 / math.sqrt(12))


def test_diagonal_neighbours_are_one_defect():
    result = measure(None, np.eye(4, dtype=bool))
    assert result.count == 1
    assert result.perimeter == pytest.approx(6 * DIAGONAL)
    assert result.defects[0].orientation == pytest.approx(-45)


def test_an_empty_mask_is_defined():
    result = measure(np.zeros((7, 9), np.uint8), np.zeros((7, 9), bool))
    assert (result.count, result.area, result.perimeter) == (0, 0, 0)
    assert result.k is result.centroid is result.bbox is result.orientation is None
    assert result.defects == ()
    assert result.k_at(64) is None
    assert result.to_dict()["centroid_x"] is None
    assert result.longest == 0


def test_a_full_mask_touches_the_border():
    result = measure(None, np.ones((8, 6), bool))
    assert result.area_ratio == 100
    assert result.touching_border == 1
    assert result.perimeter == 2 * (7 + 5)


def test_flat_and_one_pixel_images_have_no_defect():
    for shape in ((1, 1), (200, 200)):
        result = measure(np.full(shape, 77, np.uint8))
        assert result.count == 0
        assert result.image_shape == shape


def test_millimetres_scale_every_length_and_area(blobs):
    mask = blobs(seed=5)
    pixels, scaled = measure(None, mask), measure(None, mask, mm_per_pixel=0.25)
    assert (pixels.unit, scaled.unit) == ("px", "mm")
    powers = {
        "area": 2,
        "perimeter": 1,
        "k": -1,
        "area_ratio": 0,
        "m10": 3,
        "m01": 3,
        "width": 1,
        "height": 1,
        "major_axis": 1,
        "minor_axis": 1,
        "centroid_x": 1,
        "centroid_y": 1,
        "orientation": 0,
        "left": 0,
        "box_width": 0,
        "index": 0,
    }
    for a, b in zip(pixels.defects, scaled.defects, strict=True):
        a, b = a.to_dict(), b.to_dict()
        for name, power in powers.items():
            if a[name] is not None:
                assert b[name] == pytest.approx(a[name] * 0.25**power), name
    assert scaled.longest == pytest.approx(pixels.longest / 4)
    assert scaled.k == pytest.approx(4 * pixels.k)
    assert scaled.k_at(64) == pytest.approx(pixels.k_at(64))
    assert scaled.centroid == pytest.approx(tuple(v / 4 for v in pixels.centroid))


def test_totals_are_those_of_the_defects(blobs):
    mask = blobs(seed=6)
    result = measure(None, mask)
    for name in ("area", "perimeter", "m10", "m01", "area_ratio"):
        total = sum(getattr(d, name) for d in result.defects)
        assert getattr(result, name) == pytest.approx(total)
    assert result.k == pytest.approx(result.perimeter / result.area)
    assert result.area == mask.sum()
    y, x = np.nonzero(mask)
    assert result.centroid == pytest.approx((x.mean(), y.mean()))
    assert result.bbox == (
        x.min(),
        y.min(),
        x.max() - x.min() + 1,
        y.max() - y.min() + 1,
    )


def test_turning_a_mask_keeps_what_has_no_direction(blobs):
    mask = blobs(seed=7)
    upright, turned = measure(None, mask), measure(None, np.rot90(mask))
    assert turned.area == upright.area
    assert turned.perimeter == pytest.approx(upright.perimeter)
    assert turned.count == upright.count
    axes = [sorted(d.major_axis for d in r.defects) for r in (upright, turned)]
    assert axes[0] == pytest.approx(axes[1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None,), "needs an image"),
        ((np.zeros((4, 4), np.uint8), np.zeros((4, 5), bool)), r"size \(4, 4\)"),
        ((None, np.zeros((4, 4))), "dtype=float64"),
        ((None, np.zeros((0, 4), bool)), "at least one pixel"),
        ((None, np.zeros((4, 4), bool), 0.0), "mm_per_pixel=0.0"),
        ((None, np.zeros((4, 4), bool), math.nan), "mm_per_pixel=nan"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        measure(*arguments)


def test_integer_masks_are_masks():
    mask = np.zeros((6, 6), np.uint8)
    mask[1:3, 1:3] = 255
    assert measure(None, mask).area == 4
