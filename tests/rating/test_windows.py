import numpy as np
import pytest

from rkd_keras.rating.windows import group_boxes, nearest_window, window_grid


@pytest.mark.parametrize(
    "height, width", [(128, 400), (200, 200), (64, 2000), (1000, 300), (1, 5)]
)
def test_windows_cover_the_image(height, width):
    windows = window_grid(height, width)
    covered = np.zeros((height, width), bool)
    for x, y, w, h in windows.tolist():
        assert w == h and x >= 0 and y >= 0 and x + w <= width and y + h <= height
        covered[y : y + h, x : x + w] = True
    assert covered.all()


def test_the_nearest_window_is_the_one_around_the_point():
    windows = window_grid(128, 400)
    assert [nearest_window(windows, x, 64) for x in (5, 160, 399)] == [0, 1, 3]


def test_groups_are_what_brute_force_finds():
    rng = np.random.default_rng(3)
    boxes = np.column_stack(
        [rng.integers(0, 200, (30, 2)), rng.integers(2, 20, (30, 2))]
    )
    reach = 6
    near = np.zeros((30, 30), bool)
    for i, (x, y, w, h) in enumerate(boxes):
        for j, (u, v, p, q) in enumerate(boxes):
            gap_x = max(u - x - w, x - u - p)
            gap_y = max(v - y - h, y - v - q)
            near[i, j] = max(gap_x, gap_y) <= reach
    for _ in range(30):
        near = near @ near
    expected = {frozenset(np.nonzero(row)[0].tolist()) for row in near}
    assert {frozenset(group) for group in group_boxes(boxes, reach)} == expected
