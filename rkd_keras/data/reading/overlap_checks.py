"""Compare the pixels that two images may share, at full resolution."""

from dataclasses import replace

import cv2
import numpy as np

# In pixels: takes away what compression and resizing change, and leaves the surface.
BLUR = 1.5
# Side of the window whose mean is taken away, for light that falls unevenly.
BACKGROUND = 25
# Grey values; where less stands out there is nothing to compare.
LEAST_CONTRAST = 0.3
# Pixels; a narrower strip says too little.
NARROWEST = 12
# Correlation from which on a placement is worth being mended pixel by pixel.
PROMISING = 0.4
# Grey values that are left where one frame was cut and compressed twice.
EXACT = 0.4
FARTHEST_WALK = 4
# How far off a guessed placement may be, as a share of the shared side.
FARTHEST = 0.15


def compare(first, second, placement, least):
    """Compare two images where the one is said to lie on the other.

    The placement is mended to the pixel, and to a fraction of one where the images
    are of two scales; there the finer one is brought to the coarser one's pixels.

    Args:
        first: array `(H, W)`, uint8.
        second: the same, of its own size.
        placement: `Placement` of the second image on the first.
        least: smallest shared area, as a fraction of the smaller image's.

    Returns:
        `None` where less is shared; else the mended placement, the mean difference
        of the grey values (after a slight blur, their means made equal), and the
        correlation of what stands out of the background, -1 to 1.

    Example:
        >>> from rkd_keras.data.reading.placements import Placement
        >>> frame = np.random.default_rng(0).integers(0, 255, (90, 90), "uint8")
        >>> first, second = frame[:64, :64], frame[16:80, 8:72]
        >>> found, difference, _ = compare(first, second, Placement(left=9, top=15), 0)
        >>> found.left, found.top, difference
        (8.0, 16.0, 0.0)
    """
    scaled = abs(np.log(placement.scale)) > 0.01
    coarser = min(1.0, 1 / placement.scale) if scaled else 1.0
    base = _reduced(first, coarser)
    laid = _reduced(
        placement.turned(second), coarser * placement.scale if scaled else 1
    )
    guess = np.array([placement.left, placement.top]) * coarser
    shifts = [guess, _aligned(base, laid, guess)]
    if not scaled:
        shifts = [np.round(shift) for shift in shifts]
    found = [(*m, *s) for s in shifts if (m := _measured(base, laid, s))]
    if not found:
        return None
    difference, likeness, *shift = min(found)
    if not scaled and likeness > PROMISING and difference > EXACT:
        difference, likeness, shift = _polished(base, laid, difference, likeness, shift)
    left, top = (float(each / coarser) for each in shift)
    mended = replace(placement, left=left, top=top)
    if mended.shared(second.shape, first.shape) < least:
        return None
    return mended, difference, likeness


def _reduced(image, factor):
    if abs(factor - 1) < 0.01:
        return np.ascontiguousarray(image)
    size = [max(1, round(side * factor)) for side in image.shape[::-1]]
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _aligned(base, laid, shift):
    """Return the shift at which phase correlation sees the two windows agree."""
    windows = _windows(base, laid, np.round(shift))
    if windows is None:
        return shift
    a, b = (window.astype(np.float32) for window in windows)
    size = a.shape[::-1]
    moved, _ = cv2.phaseCorrelate(b, a, cv2.createHanningWindow(size, cv2.CV_32F))
    if (np.abs(moved) > FARTHEST * np.array(size)).any():
        return shift
    return np.round(shift) + moved


def _polished(base, laid, difference, likeness, shift):
    """Walk pixel by pixel to the smallest difference."""
    best = difference, likeness, tuple(shift)
    for _ in range(FARTHEST_WALK):
        left, top = best[2]
        around = ((left + 1, top), (left - 1, top), (left, top + 1), (left, top - 1))
        found = [(*m, s) for s in around if (m := _measured(base, laid, np.array(s)))]
        nearer = min(found, default=best)
        if nearer >= best:
            break
        best = nearer
    return best


def _windows(base, laid, shift):
    """Cut out of both images what they share under a shift by whole pixels."""
    left, top = (int(each) for each in shift)
    right = min(left + laid.shape[1], base.shape[1])
    bottom = min(top + laid.shape[0], base.shape[0])
    x, y = max(left, 0), max(top, 0)
    if right - x < NARROWEST or bottom - y < NARROWEST:
        return None
    return base[y:bottom, x:right], laid[
        y - top : bottom - top, x - left : right - left
    ]


def _measured(base, laid, shift):
    """Return difference and correlation, or `None` where too little is shared."""
    whole = np.floor(shift)
    across, down = shift - whole
    if across or down:
        # What is left of the shift is taken from between the pixels.
        matrix = np.array([[1, 0, across], [0, 1, down]])
        size = laid.shape[::-1]
        laid = cv2.warpAffine(laid, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    windows = _windows(base, laid, whole)
    if windows is None:
        return None
    a, b = (cv2.GaussianBlur(w.astype(np.float32), (0, 0), BLUR) for w in windows)
    difference = a - b
    difference = float(np.abs(difference - difference.mean()).mean())
    a, b = _surface(a), _surface(b)
    contrasts = float(a.std()), float(b.std())
    if min(contrasts) < LEAST_CONTRAST:
        return difference, 0.0
    likeness = float((a * b).mean())
    return difference, likeness / (contrasts[0] * contrasts[1])


def _surface(image):
    """Take away the background, and what is the same along whole rows or columns.

    A straight scratch lies on any other one; it is the grain beside it that tells.
    """
    rest = image - cv2.blur(image, (BACKGROUND, BACKGROUND))
    rest -= rest.mean(axis=0)
    return rest - rest.mean(axis=1, keepdims=True)
