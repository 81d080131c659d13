"""Statistics of many squares of one image at the cost of one."""

import cv2
import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.measure.grey import as_grey
from rkd_keras.predict.surface_statistics import COUNT, MINIMUM_SIDE, SCALES


def square_statistics(image: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Describe squares of an image by brightness, contrast and gradients.

    The numbers are those of `rkd_keras.predict.surface_statistics`, which compares
    whole images: of the grey values the mean over 32 and the log of the standard
    deviation, and at four scales, along rows and along columns, the log of the mean
    absolute difference of neighbours and how spiky the differences are. Sums over
    rectangles are read off integral images, so that thousands of overlapping squares
    take no longer than a few. At coarser scales a square has the pixels nearest to it.

    Args:
        image: array `(H, W)` or `(H, W, 3)`, uint8, RGB; both sides at least 16.
        squares: array `(N, 4)`, int: x, y, width, height in pixels, within the image;
            sides of at least 16.

    Returns:
        Array `(N, 18)`, float64.

    Raises:
        InputError: for an image that is none, or a square that is too small or lies
            outside.

    Example:
        >>> import numpy as np
        >>> image = np.full((64, 128), 64, np.uint8)
        >>> square_statistics(image, np.array([[0, 0, 64, 64], [32, 0, 64, 64]])).shape
        (2, 18)

    Reference:
        - Viola and Jones, "Rapid Object Detection using a Boosted Cascade of Simple
          Features", CVPR 2001 (integral images).
    """
    grey = as_grey(image)
    squares = np.asarray(squares)
    _check(squares, grey.shape)
    low = squares[:, :2]
    high = low + squares[:, 2:]
    # Sums of whole numbers below 2^53 are exact.
    total, squared = cv2.integral2(grey, sdepth=cv2.CV_64F, sqdepth=cv2.CV_64F)
    pixels = squares[:, 2] * squares[:, 3]
    mean = _sums(total, low, high) / pixels
    variance = _sums(squared, low, high) / pixels - mean**2
    found = [mean / 32, np.log(np.sqrt(np.maximum(variance, 0)) + 0.5)]
    for scale in range(SCALES):
        if scale:
            height, width = (side // 2 for side in grey.shape)
            grey = cv2.resize(
                np.float32(grey)[: 2 * height, : 2 * width],
                (width, height),
                interpolation=cv2.INTER_AREA,
            )
        last = np.minimum((high / 2**scale + 0.5).astype(int), grey.shape[::-1])
        # Two pixels have a difference; an odd last row or column is left out.
        first = np.minimum((low / 2**scale + 0.5).astype(int), last - 2)
        down = cv2.absdiff(grey[1:], grey[:-1])
        across = cv2.absdiff(grey[:, 1:], grey[:, :-1])
        for axis, step in ((1, down), (0, across)):
            end = last.copy()
            end[:, axis] -= 1
            count = np.prod(end - first, axis=1)
            found += _gradients(step, first, end, count)
    return np.stack(found, axis=1).reshape(-1, COUNT)


def _gradients(step, first, end, count):
    """Return the log of the mean difference, and how spiky it is, of each square."""
    absolute, squared = cv2.integral2(step, sdepth=cv2.CV_64F, sqdepth=cv2.CV_64F)
    mean = _sums(absolute, first, end) / count + 0.1
    square = np.maximum(_sums(squared, first, end) / count, 0)
    return [np.log(mean), np.log((np.sqrt(square) + 0.1) / mean)]


def _sums(integral, low, high):
    """Sum an image over rectangles by its integral image."""
    (x0, y0), (x1, y1) = low.T, high.T
    return integral[y1, x1] - integral[y0, x1] - integral[y1, x0] + integral[y0, x0]


def _check(squares, shape):
    height, width = shape
    good = squares.ndim == 2 and squares.shape[1] == 4 and squares.dtype.kind in "iu"
    if good and len(squares):
        low, sides = squares[:, :2], squares[:, 2:]
        inside = (low + sides <= (width, height)).all() and low.min() >= 0
        good = inside and sides.min() >= MINIMUM_SIDE
    if not good:
        raise InputError(
            "squares must be (N, 4) whole numbers x, y, width, height of at least "
            f"{MINIMUM_SIDE} pixels a side, within the image of {width} x {height}. "
            f"Received: shape={squares.shape}, dtype={squares.dtype}"
        )
