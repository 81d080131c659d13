"""Boxes around defects, as slices and as VOC has them, and painted.

In the package a box is `(left, top, right, bottom)` in pixels from 0, `right` and
`bottom` excluded, as Python slices. On disk (VOC files and packs) it is `(xmin, ymin,
xmax, ymax)` counted from 1, the maxima included.
"""

import numpy as np

from rkd_keras.errors import InputError


def from_voc(boxes):
    """Turn VOC's boxes into half-open ones.

    Args:
        boxes: array `(boxes, 4)` of `(xmin, ymin, xmax, ymax)`, pixels from 1, the
            maxima included.

    Returns:
        Array `(boxes, 4)`, int64, of `(left, top, right, bottom)`, pixels from 0,
        `right` and `bottom` excluded.

    Example:
        >>> from_voc([[1, 1, 200, 200]]).tolist()
        [[0, 0, 200, 200]]
    """
    return np.asarray(boxes, np.int64).reshape(-1, 4) - (1, 1, 0, 0)


def to_voc(boxes):
    """Turn half-open boxes into VOC's: what `from_voc` undoes.

    Args:
        boxes: array `(boxes, 4)` of `(left, top, right, bottom)`.

    Returns:
        Array `(boxes, 4)`, int64, of `(xmin, ymin, xmax, ymax)`.

    Example:
        >>> to_voc([[0, 0, 200, 200]]).tolist()
        [[1, 1, 200, 200]]
    """
    return np.asarray(boxes, np.int64).reshape(-1, 4) + (1, 1, 0, 0)


def is_proper(boxes):
    """Tell which boxes hold at least one pixel.

    Args:
        boxes: array `(boxes, 4)` of `(left, top, right, bottom)`.

    Returns:
        Array `(boxes,)`, bool.

    Example:
        >>> is_proper([[0, 0, 2, 2], [5, 0, 1, 4]]).tolist()
        [True, False]
    """
    boxes = np.asarray(boxes).reshape(-1, 4)
    return (boxes[:, :2] < boxes[:, 2:]).all(axis=1)


def mask_of_boxes(shape, boxes):
    """Mark the pixels inside of boxes.

    Args:
        shape: `(height, width)` of the image.
        boxes: array `(boxes, 4)` of `(left, top, right, bottom)` in pixels from 0,
            `right` and `bottom` excluded. What lies outside of the image marks
            nothing.

    Returns:
        Array `(height, width)`, bool.

    Raises:
        InputError: for boxes of another shape, or whose right or bottom lies
            before their left or top.

    Example:
        >>> int(mask_of_boxes((4, 4), [[0, 0, 2, 2], [1, 1, 3, 3]]).sum())
        7
    """
    boxes = np.asarray(boxes, dtype=np.int64)
    if boxes.size == 0:
        boxes = boxes.reshape(0, 4)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise InputError(f"`boxes` must be (boxes, 4). Received: shape={boxes.shape}")
    mask = np.zeros(shape, bool)
    for left, top, right, bottom in boxes.tolist():
        if right < left or bottom < top:
            raise InputError(
                "a box is (left, top, right, bottom) with left <= right and "
                f"top <= bottom. Received: box={(left, top, right, bottom)}"
            )
        mask[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = True
    return mask
