"""Connected components of a mask with their moments, strip by strip.

A label image costs four bytes a pixel and its sums several times that, so masks
are labelled in strips of a few megapixels and the pieces joined: the result is
the same and memory stays bounded.
"""

from dataclasses import dataclass

import cv2
import numpy as np

STRIP_PIXELS = 2**22
# Columns of `Components.sums`.
AREA, X, Y, XX, YY, XY, GREY = range(7)


@dataclass
class Components:
    """8-connected components, ordered by the top, then the left of their boxes.

    Attributes:
        sums: array `(components, 7)`, float64: number of pixels, sums of x, y,
            x^2, y^2, x*y and grey over them.
        boxes: array `(components, 4)`, int64: left, top, right, bottom, the last
            two exclusive.
        perimeters: array `(components,)`, float64.
    """

    sums: np.ndarray
    boxes: np.ndarray
    perimeters: np.ndarray


def trace_boundaries(mask: np.ndarray) -> list[np.ndarray]:
    """Follow the boundaries of all components, outer ones and those of holes.

    Args:
        mask: array `(H, W)`, bool.

    Returns:
        List of int arrays `(points, 2)` of (x, y): the boundary pixels in order,
        all of them pixels of the mask; a hole's boundary runs on the pixels
        around it.

    Example:
        >>> import numpy as np
        >>> mask = np.zeros((5, 5), bool)
        >>> mask[1:4, 1:4] = True
        >>> len(trace_boundaries(mask)), len(trace_boundaries(mask)[0])
        (1, 8)
    """
    found = cv2.findContours(
        mask.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
    )[0]
    return [contour.reshape(-1, 2) for contour in found]


def remove_specks(mask, least_area, least_hole):
    """Drop components and fill holes whose outlines enclose less, in place.

    Args:
        mask: array `(H, W)`, uint8, 1 inside.
        least_area: pixels of the smallest component that stays.
        least_hole: pixels of the smallest hole that stays.

    Returns:
        The mask.

    Example:
        >>> import numpy as np
        >>> mask = np.zeros((9, 9), np.uint8)
        >>> mask[1:6, 1:6], mask[3, 3], mask[8, 8] = 1, 0, 1
        >>> int(remove_specks(mask, 2, 2).sum())
        25
    """
    outlines, tree = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if tree is None:
        return mask
    parents = tree[0, :, 3].tolist()
    dropped = set()
    for index, parent in enumerate(parents):
        if parent < 0 and _pixels(outlines[index], 1) < least_area:
            cv2.drawContours(mask, outlines, index, 0, cv2.FILLED)
            dropped.add(index)
    for index, parent in enumerate(parents):
        if parent >= 0 and parent not in dropped:
            if _pixels(outlines[index], -1) < least_hole:
                cv2.drawContours(mask, outlines, index, 1, cv2.FILLED)
    return mask


def _pixels(outline, side):
    """Pixels that an outline encloses, itself (side 1) in or (side -1) out.

    An outline runs through pixel centres, so that Pick's theorem counts them.
    """
    return cv2.contourArea(outline) + side * len(outline) / 2 + 1


def find_components(mask, grey=None, strip_pixels=STRIP_PIXELS):
    """Find the components of a mask.

    Args:
        mask: array `(H, W)`, bool, contiguous.
        grey: array `(H, W)`, uint8, or `None`.
        strip_pixels: how many pixels are labelled at once, about.

    Returns:
        `Components`.
    """
    height, width = mask.shape
    rows = min(height, max(1, strip_pixels // width))
    starts, lengths = _chains(mask)
    pieces = []
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        piece = _label(mask[top:bottom], None if grey is None else grey[top:bottom])
        labels, sums, boxes = piece
        sums, boxes = _shifted(sums, boxes, top)
        here = slice(None)
        if rows < height:
            here = (starts[:, 1] >= top) & (starts[:, 1] < bottom)
        owner = labels[starts[here, 1] - top, starts[here, 0]] - 1
        perimeters = np.bincount(owner, lengths[here], len(sums))
        pieces.append((sums, boxes, perimeters, labels[0].copy(), labels[-1].copy()))
    return _join(pieces)


def _chains(mask):
    """First points and lengths of all boundaries."""
    chains = trace_boundaries(mask)
    starts = np.array([chain[0] for chain in chains], np.int64).reshape(-1, 2)
    lengths = np.array([cv2.arcLength(chain, True) for chain in chains], np.float64)
    return starts, lengths


def _label(mask, grey):
    # Everything is summed run by run: there are far fewer runs than pixels, and
    # OpenCV's own statistics cost several times the labelling.
    count, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
    y, first, end = _runs(mask)
    label = labels.ravel()[y * mask.shape[1] + first] - 1
    area = end - first
    sum_x = area * (first + end - 1) // 2
    columns = [
        (AREA, area),
        (X, sum_x),
        (Y, y * area),
        (XX, _square_sums(end) - _square_sums(first)),
        (YY, y * y * area),
        (XY, y * sum_x),
    ]
    if grey is not None:
        # At most a strip of pixels of 255, which int32 holds.
        sums, across = cv2.integral(grey).ravel(), mask.shape[1] + 1
        left, right = y * across + first, y * across + end
        above, below = sums[right] - sums[left], sums[right + across]
        columns.append((GREY, below - sums[left + across] - above))
    sums = np.zeros((count - 1, 7))
    for column, weights in columns:
        sums[:, column] = np.bincount(label, weights, count - 1)
    boxes = np.empty((count - 1, 4), np.int64)
    boxes[:, :2], boxes[:, 2:] = np.iinfo(np.int64).max, -1
    np.minimum.at(boxes[:, 0], label, first)
    np.minimum.at(boxes[:, 1], label, y)
    np.maximum.at(boxes[:, 2], label, end)
    np.maximum.at(boxes[:, 3], label, y + 1)
    return labels, sums, boxes


def _runs(mask):
    """Rows, first and (exclusive) last columns of all runs of true pixels."""
    height, width = mask.shape
    padded = np.zeros((height, width + 2), bool)
    padded[:, 1:-1] = mask
    # A row of width + 2 pixels has width + 1 steps between them.
    edges = np.flatnonzero(padded[:, 1:] != padded[:, :-1])
    y, x = np.divmod(edges, width + 1)
    return y[::2], x[::2], x[1::2]


def _square_sums(end):
    """Sums of x^2 over 0 <= x < end."""
    return (end - 1) * end * (2 * end - 1) // 6


def _shifted(sums, boxes, top):
    """Move a strip's sums and boxes down by `top` rows."""
    if top:
        sums[:, YY] += 2 * top * sums[:, Y] + top * top * sums[:, AREA]
        sums[:, XY] += top * sums[:, X]
        sums[:, Y] += top * sums[:, AREA]
        boxes[:, [1, 3]] += top
    return sums, boxes


def _join(pieces):
    """Add up the pieces that touch across the cuts between strips."""
    sums, boxes, perimeters = pieces[0][:3]
    if len(pieces) > 1:
        sums = np.concatenate([p[0] for p in pieces])
        boxes = np.concatenate([p[1] for p in pieces])
        perimeters = np.concatenate([p[2] for p in pieces])
        root = np.arange(len(sums))
        offset = 0
        for above, below in zip(pieces, pieces[1:], strict=False):
            next_offset = offset + len(above[0])
            for a, b in _neighbours(above[4], below[3]):
                _unite(root, offset + a - 1, next_offset + b - 1)
            offset = next_offset
        group = np.array([_find(root, i) for i in range(len(root))], np.int64)
        _, group = np.unique(group, return_inverse=True)
        count = group.max() + 1 if len(group) else 0
        joined = np.zeros((count, 7))
        np.add.at(joined, group, sums)
        box = np.empty((count, 4), np.int64)
        box[:, :2], box[:, 2:] = np.iinfo(np.int64).max, -1
        np.minimum.at(box[:, :2], group, boxes[:, :2])
        np.maximum.at(box[:, 2:], group, boxes[:, 2:])
        sums, boxes = joined, box
        perimeters = np.bincount(group, perimeters, count)
    order = np.lexsort((boxes[:, 0], boxes[:, 1]))
    return Components(sums[order], boxes[order], perimeters[order])


def _neighbours(upper, lower):
    """Pairs of labels that touch, sideways or diagonally, across a cut."""
    pairs = set()
    for shift in (-1, 0, 1):
        a = upper[max(0, -shift) : len(upper) - max(0, shift)]
        b = lower[max(0, shift) : len(lower) - max(0, -shift)]
        both = (a > 0) & (b > 0)
        pairs.update(zip(a[both].tolist(), b[both].tolist(), strict=True))
    return pairs


def _find(root, item):
    while root[item] != item:
        root[item] = root[root[item]]
        item = root[item]
    return item


def _unite(root, first, second):
    first, second = _find(root, first), _find(root, second)
    root[max(first, second)] = min(first, second)
