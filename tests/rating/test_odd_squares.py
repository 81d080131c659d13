import numpy as np
import pytest

from rkd_keras.rating.odd_squares import holds_mark, odd_regions, paint, square_grid


@pytest.mark.parametrize("shape", [(128, 400), (64, 64), (40, 200), (65, 63), (300, 9)])
def test_a_grid_covers_the_image(shape):
    squares = square_grid(*shape, 64)
    assert paint(squares, shape).all()
    assert len({tuple(square) for square in squares.tolist()}) == len(squares)
    side = min(64, *shape)
    assert (squares[:, 2:] == side).all()
    steps = np.diff(np.unique(squares[:, 0]))
    assert (steps <= (side + 1) // 2).all()


def test_marks_are_told_by_square():
    mask = np.zeros((128, 128), bool)
    mask[70, 10] = True
    squares = square_grid(128, 128, 64)
    expected = [mask[y : y + h, x : x + w].any() for x, y, w, h in squares.tolist()]
    assert holds_mark(mask, squares).tolist() == expected and any(expected)


def test_what_touches_and_has_one_name_is_one_defect():
    squares = square_grid(64, 400, 64)[[0, 1, 2, 6, 7]]
    none = np.zeros(5, bool)
    assert odd_regions(squares, none, ["a"] * 5) == [([0, 1, 2], True), ([3, 4], True)]
    names = ["a", "a", "b", "b", "b"]
    found = odd_regions(squares, none, names)
    assert found == [([0, 1], True), ([2], True), ([3, 4], True)]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ([1, 0, 0, 0, 0, 0], [([0, 1, 2, 3, 4, 5], True)]),  # the surface
        ([1, 1, 1, 1, 1, 1], []),  # the mark
        ([1, 1, 1, 1, 0, 0], []),  # the mark and its fringe
        ([1, 1, 1, 1, 1, 0], []),
    ],
)
def test_a_mark_explains_the_squares_around_it(marked, expected):
    squares = square_grid(64, 224, 64)
    assert odd_regions(squares, np.array(marked, bool), ["a"] * 6) == expected


def test_what_is_left_of_a_long_group_beside_a_mark_is_a_defect():
    squares = square_grid(64, 32 * 8 + 32, 64)
    marked = np.array([1, 1, 1, 1, 1, 0, 0, 0], bool)
    assert odd_regions(squares, marked, ["a"] * 8) == [([5, 6, 7], False)]
