"""The squares of a frame that are classified, and which marks belong together."""

import math

import numpy as np

MAX_SIDE = 256


def window_grid(height, width, max_side=MAX_SIDE):
    """Cover an image with equal squares.

    The classes were learnt on square crops that show a mark with its
    surroundings; so a strip is classified in squares as high as itself, and a
    large image in squares of `max_side`.

    Args:
        height: of the image, pixels.
        width: of the image, pixels.
        max_side: longest side of a square, pixels. Defaults to `256`.

    Returns:
        Array `(N, 4)`, int: x, y, width and height of each square, row by row.

    Example:
        >>> window_grid(128, 400)[:, 0].tolist()
        [0, 91, 181, 272]
    """
    side = min(height, width, max_side)
    xs, ys = _starts(width, side), _starts(height, side)
    return np.array([(x, y, side, side) for y in ys for x in xs], dtype=int)


def nearest_window(windows, x, y):
    """Return the index of the square whose centre is nearest to a point."""
    centres = windows[:, :2] + windows[:, 2:] / 2
    return int(np.argmin(np.abs(centres - (x, y)).max(axis=1)))


def group_boxes(boxes, reach):
    """Tell which boxes lie close together.

    Args:
        boxes: array `(N, 4)`: x, y, width, height in pixels.
        reach: boxes with a gap of at most this belong together, pixels.

    Returns:
        List of lists of indices, each index once; groups in order of their first.

    Example:
        >>> group_boxes(np.array([[0, 0, 4, 4], [6, 0, 4, 4], [40, 0, 4, 4]]), 3)
        [[0, 1], [2]]
    """
    boxes = np.asarray(boxes)
    low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    waiting = np.ones(len(boxes), bool)
    groups = []
    for first in range(len(boxes)):
        if not waiting[first]:
            continue
        waiting[first] = False
        group, edge = [first], [first]
        while edge:
            i = edge.pop()
            gaps = np.maximum(low - high[i], low[i] - high)
            found = np.flatnonzero((gaps.max(axis=1) <= reach) & waiting).tolist()
            waiting[found] = False
            group += found
            edge += found
        groups.append(sorted(group))
    return groups


def _starts(length, side):
    count = math.ceil(length / side)
    return np.linspace(0, length - side, count).round().astype(int).tolist()
