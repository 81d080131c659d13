"""Squares that are unlike the normal surface: which are a defect of their own."""

import numpy as np

from rkd_keras.rating.windows import group_boxes

# Of a group of odd squares so many must be odd without a mark for the surface itself
# to be the defect; else it is the mark that makes them odd.
LEAST_UNMARKED = 0.5
# Fewer odd squares beside a mark are its fringe.
LEAST_LEFT = 3


def square_grid(height, width, side):
    """Cover an image with equal squares that overlap by half.

    Args:
        height: of the image, pixels.
        width: of the image, pixels.
        side: of the squares, pixels; the image's shorter side where that is less.

    Returns:
        Array `(N, 4)`, int: x, y, width and height of each square, row by row.

    Example:
        >>> square_grid(64, 160, 64)[:, 0].tolist()
        [0, 32, 64, 96]
    """
    side = min(side, height, width)
    xs, ys = _starts(width, side), _starts(height, side)
    return np.array([(x, y, side, side) for y in ys for x in xs], dtype=int)


def odd_regions(squares, is_marked, names):
    """Group odd squares to defects.

    Squares that touch and lie in windows of one name are a group. Where at least half
    of a group is odd without holding a mark, the surface is the defect, and the marks
    in it belong to it. Where it is not, the marks are, and what is left of the group
    beside them is a defect if it has at least three squares.

    Args:
        squares: array `(N, 4)`: x, y, width, height of the odd ones.
        is_marked: array `(N,)`, bool: whether a mark lies in it.
        names: sequence `(N,)`: what the window around it is called.

    Returns:
        List of pairs: the indices of the squares of a defect, and whether it takes
        over the marks in them.

    Example:
        >>> squares = square_grid(64, 224, 64)[[0, 1, 5]]
        >>> odd_regions(squares, np.array([False, False, True]), ["rust"] * 3)
        [([0, 1], True)]
    """
    found = []
    for group in _groups(squares, range(len(squares)), names):
        unmarked = [i for i in group if not is_marked[i]]
        if len(unmarked) >= LEAST_UNMARKED * len(group):
            found.append((group, True))
            continue
        left = _groups(squares, unmarked, names)
        found += [(part, False) for part in left if len(part) >= LEAST_LEFT]
    return found


def paint(squares, shape):
    """Return the pixels that squares cover, array `(H, W)`, bool."""
    mask = np.zeros(shape, bool)
    for x, y, width, height in np.asarray(squares).tolist():
        mask[y : y + height, x : x + width] = True
    return mask


def holds_mark(mask, squares):
    """Tell which squares hold a pixel of a mask, array `(N,)`, bool."""
    import cv2

    sums = cv2.integral(mask.view(np.uint8))
    x0, y0 = squares[:, 0], squares[:, 1]
    x1, y1 = x0 + squares[:, 2], y0 + squares[:, 3]
    return sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0] > 0


def _groups(squares, chosen, names):
    found = []
    for name in sorted({names[i] for i in chosen}):
        same = [int(i) for i in chosen if names[i] == name]
        for group in group_boxes(squares[same], 0):
            found.append([same[i] for i in group])
    return found


def _starts(length, side):
    count = 1 + -(-2 * (length - side) // side)
    return np.linspace(0, length - side, count).round().astype(int).tolist()
