"""Do marks stand out of the surface around them? What else does, and what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rkd_keras.measure import segment
from rkd_keras.measure.square_statistics import square_statistics
from rkd_keras.rating.odd_squares import holds_mark, square_grid

if TYPE_CHECKING:
    from rkd_keras.measure import Measurement

# Pixels. Chosen, as what follows, on images that the student was trained on, see
# benchmarks/station/windows.py.
SIDE = 32
NEIGHBOURS = 3
LEAST_UNMARKED = 8
# So many times as far from unmarked squares as these from each other: a mark of the
# other polarity is one; and up to which all marks together are but a part of a texture.
STANDS_OUT = 1.3
EVEN = 1.6


def strangeness(image: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, ...] | None:
    """Tell how far the squares of a window lie from those without a mark.

    Distances are to the third nearest unmarked square, by their statistics in
    standard deviations of the unmarked ones, over the median distance of these.

    Args:
        image: array `(H, W, 3)`, uint8, RGB: the window.
        mask: array `(H, W)`, bool: pixels of marks.

    Returns:
        Squares `(N, 4)`, whether each is marked, and how strange it is; `None` where
        fewer than 8 squares have no mark.

    Example:
        >>> flat = np.full((128, 128), 150, np.uint8)
        >>> mask = np.zeros((128, 128), bool)
        >>> mask[:20, :20], flat[:20, :20] = True, 90
        >>> squares, is_marked, strange = strangeness(flat, mask)
        >>> bool(strange[is_marked].min() > 9)
        True
    """
    if min(image.shape[:2]) < SIDE // 2:
        return None
    squares = square_grid(*image.shape[:2], SIDE)
    is_marked = holds_mark(np.ascontiguousarray(mask), squares)
    if (~is_marked).sum() < LEAST_UNMARKED:
        return None
    statistics = square_statistics(image, squares)
    # Where the unmarked hardly differ, a little difference means nothing.
    statistics = statistics / (statistics[~is_marked].std(axis=0) + 0.05)
    unmarked = statistics[~is_marked]
    apart = _distances(statistics, unmarked)
    own = _distances(unmarked, unmarked)
    np.fill_diagonal(own, np.inf)
    usual = np.median(_nearest(own))
    return squares, is_marked, _nearest(apart) / max(usual, 1e-6)


def is_even(image: np.ndarray, mask: np.ndarray) -> bool:
    """Tell whether the marks of a window are but a part of a texture all over it.

    Args:
        image: array `(H, W, 3)`, uint8, RGB: the window.
        mask: array `(H, W)`, bool: pixels of its marks.

    Returns:
        Whether squares with a mark are like those without, or none is without.

    Example:
        >>> flat = np.full((128, 128), 150, np.uint8)
        >>> is_even(flat, np.eye(128, dtype=bool)), is_even(flat, flat > 0)
        (True, True)
    """
    found = strangeness(image, mask)
    if found is None:
        squares = square_grid(*image.shape[:2], SIDE)
        return bool(holds_mark(np.ascontiguousarray(mask), squares).all())
    _, is_marked, strange = found
    return not is_marked.any() or bool(np.median(strange[is_marked]) <= EVEN)


def marks_of_both(
    image: np.ndarray,
    mask: np.ndarray,
    marks: list[Measurement],
    windows: np.ndarray,
    min_contrast: float,
    join,
) -> list[tuple[Measurement, np.ndarray]]:
    """Find marks that segmentation left out for others, and that stand out.

    Segmentation decides between dark marks and bright ones, for all of an image: a
    bright corner may win over a dark scratch. Here both are looked for, at half the
    contrast.

    Args:
        image: array `(H, W, 3)`, uint8, RGB.
        mask: array `(H, W)`, bool: what was found.
        marks: its marks, joined.
        windows: array `(N, 4)` of the frame's windows.
        min_contrast: that `mask` was found at.
        join: function of a mask that returns its marks, joined.

    Returns:
        List of pairs of a further mark and its pixels `(H, W)`.
    """
    from rkd_keras.rating.windows import nearest_window

    sides = [
        segment(image, polarity=polarity, min_contrast=min_contrast / 2)
        for polarity in ("dark", "bright")
    ]
    everything = mask | sides[0] | sides[1]
    seen, found = {}, []
    for side in sides:
        for mark in join(side):
            box = mark.bbox
            if any(_overlap(box, known.bbox) > 0.5 for known in marks):
                continue
            centre = (box[0] + box[2] / 2, box[1] + box[3] / 2)
            place = nearest_window(windows, *centre)
            x, y, w, h = windows[place].tolist()
            if place not in seen:
                part = slice(y, y + h), slice(x, x + w)
                seen[place] = strangeness(image[part], everything[part])
            pixels = _within(side, box)
            if seen[place] is None:
                continue
            squares, _, strange = seen[place]
            inside = np.ascontiguousarray(pixels[y : y + h, x : x + w])
            own = holds_mark(inside, squares)
            if own.any() and np.median(strange[own]) > STANDS_OUT:
                found.append((mark, pixels))
    return found


def _within(mask, box):
    x, y, width, height = box
    part = np.zeros_like(mask)
    part[y : y + height, x : x + width] = mask[y : y + height, x : x + width]
    return part


def _overlap(box, other):
    """Share of a box that lies in another."""
    width = min(box[0] + box[2], other[0] + other[2]) - max(box[0], other[0])
    height = min(box[1] + box[3], other[1] + other[3]) - max(box[1], other[1])
    return max(width, 0) * max(height, 0) / (box[2] * box[3])


def _distances(rows, others):
    squares = np.square(rows).sum(axis=1)[:, None] + np.square(others).sum(axis=1)
    return np.sqrt(np.maximum(squares - 2 * rows @ others.T, 0))


def _nearest(distances):
    return np.partition(distances, NEIGHBOURS - 1, axis=1)[:, NEIGHBOURS - 1]
