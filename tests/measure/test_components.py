"""Components and their perimeters against the textbook's slow ways."""

import math

import cv2
import numpy as np
import pytest

from rkd_keras.measure import measure
from rkd_keras.measure.components import find_components

DIAGONAL = math.sqrt(2)


def flood(mask):
    """Components by the textbook: a stack and eight neighbours."""
    left = {(int(y), int(x)) for y, x in np.argwhere(mask)}
    components = []
    while left:
        stack, found = [left.pop()], []
        while stack:
            y, x = stack.pop()
            found.append((y, x))
            for dy in (-1, 0, 1):
                for dx in (-1, 0, 1):
                    if (y + dy, x + dx) in left:
                        left.remove((y + dy, x + dx))
                        stack.append((y + dy, x + dx))
        components.append(sorted(found))
    return components


def moore_perimeter(pixels):
    """Length of the outer boundary by Moore's tracing with Jacob's stop."""
    inside = set(pixels)
    around = [(0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1)]
    start = min(inside)
    state, length, first = (start, 0), 0.0, None
    while True:
        (y, x), back = state
        for turn in range(1, 9):
            dy, dx = around[(back + turn) % 8]
            if (y + dy, x + dx) in inside:
                break
        else:
            return 0.0
        before = around[(back + turn - 1) % 8]
        here = (y + dy, x + dx)
        outside = (y + before[0] - here[0], x + before[1] - here[1])
        step = (here, around.index(outside))
        if first is None:
            first = step
        elif step == first:
            return length
        length += DIAGONAL if dy and dx else 1.0
        state = step


def test_components_and_moments_agree_with_brute_force(blobs):
    mask = blobs()
    grey = np.random.default_rng(1).integers(0, 256, mask.shape).astype(np.uint8)
    result = measure(grey, mask)
    expected = flood(mask)
    assert result.count == len(expected) > 10
    by_box = {d.bbox: d for d in result.defects}
    assert len(by_box) == len(expected)
    for pixels in expected:
        y, x = np.array(pixels).T
        box = (
            x.min(),
            y.min(),
            x.max() - x.min() + 1,
            y.max() - y.min() + 1,
        )
        defect = by_box[tuple(map(int, box))]
        assert defect.m00 == defect.area == len(pixels)
        assert defect.m10 == x.sum()
        assert defect.m01 == y.sum()
        assert defect.centroid == pytest.approx((x.mean(), y.mean()))
        assert defect.mean_grey == pytest.approx(grey[y, x].mean())
        edge = y.min() == 0 or x.min() == 0
        edge |= y.max() == mask.shape[0] - 1 or x.max() == mask.shape[1] - 1
        assert defect.touches_border == edge
        moments = np.cov(np.stack([x, y]), bias=True) + np.eye(2) / 12
        values, vectors = np.linalg.eigh(moments)
        assert defect.major_axis == pytest.approx(4 * math.sqrt(values[1]))
        assert defect.minor_axis == pytest.approx(4 * math.sqrt(values[0]))
        if values[1] > 1.01 * values[0]:
            vx, vy = vectors[:, 1]
            angle = math.degrees(math.atan2(-vy, vx))
            turned = (angle - defect.orientation) % 180
            assert min(turned, 180 - turned) < 1e-6


def test_perimeters_agree_with_moore_tracing(blobs):
    mask = blobs(seed=3)
    filled = np.zeros(mask.shape, np.uint8)
    outer = cv2.findContours(
        mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )[0]
    cv2.drawContours(filled, outer, -1, 1, -1)
    result = measure(None, filled)
    expected = sorted(moore_perimeter(pixels) for pixels in flood(filled > 0))
    found = sorted(defect.perimeter for defect in result.defects)
    assert found == pytest.approx(expected)
    assert result.perimeter == pytest.approx(sum(expected))


@pytest.mark.parametrize("rows", [1, 2, 7, 33])
def test_strips_give_what_one_piece_gives(rows, blobs):
    mask = blobs((97, 61), seed=8, level=0.2)
    grey = np.random.default_rng(1).integers(0, 256, mask.shape).astype(np.uint8)
    whole = find_components(mask, grey)
    cut = find_components(mask, grey, strip_pixels=rows * 61)
    assert (cut.boxes == whole.boxes).all()
    np.testing.assert_allclose(cut.sums, whole.sums)
    np.testing.assert_allclose(cut.perimeters, whole.perimeters)


def test_strips_join_across_a_u_and_a_diagonal():
    mask = np.zeros((9, 9), bool)
    mask[:8, 0] = mask[:8, 8] = mask[8, :] = True
    mask[2, 3] = mask[3, 4] = mask[4, 5] = True
    cut = find_components(mask, strip_pixels=9)
    assert cut.sums[:, 0].tolist() == [25, 3]
