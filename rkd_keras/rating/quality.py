"""Can a picture be judged at all? Black, white, flat, noise, blurred ones cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from rkd_keras.measure import Grade, QualityLimits

# In the order in which they are looked for.
FAULTS = ("wrong size", "black", "white", "saturated", "flat", "noise", "blurred")
# Seen by the station only, which has the picture before.
FROZEN = "frozen"
# Of a larger picture so many pixels are looked at, in squares all over it.
MAX_PIXELS = 2**20
TILE, TILES = 256, 4
_LAGS = (1, 3, 12)


def picture_fault(image: np.ndarray, limits: QualityLimits | None) -> str | None:
    """Tell why a picture cannot be judged.

    Args:
        image: array `(H, W, 3)`, uint8, RGB.
        limits: `QualityLimits`; `None` finds no fault.

    Returns:
        One of `FAULTS`, or `None` where it can be judged.

    Example:
        >>> from rkd_keras.measure import QualityLimits
        >>> picture_fault(np.zeros((64, 64, 3), np.uint8), QualityLimits())
        'black'
    """
    if limits is None:
        return None
    height, width = image.shape[:2]
    if (
        min(height, width) < limits.min_side
        or limits.width not in (None, width)
        or limits.height not in (None, height)
    ):
        return "wrong size"
    found = picture_features(image)
    holds = {
        "black": found["bright"] <= limits.black,
        "white": found["dark"] >= limits.white,
        "saturated": found["saturated"] >= limits.saturated,
        "flat": found["deviation"] < limits.flat,
        "noise": found["correlation"] < limits.noise,
        "blurred": found["laplacian"] < limits.blur or found["detail"] < limits.detail,
    }
    return next((fault for fault, it_is in holds.items() if it_is), None)


def picture_features(image: np.ndarray) -> dict[str, float]:
    """Measure what tells a picture of a surface from one that shows nothing.

    With D(n) the mean squared difference of pixels n apart and V the variance,
    `correlation` is 1 - D(1) / 2V and `detail` is (D(3) - D(1)) / D(12), each of the
    better direction. White noise adds the same to every D, so that a blurred picture
    has no detail whatever its noise.

    Args:
        image: array `(H, W, 3)`, uint8, RGB, at least 16 x 16.

    Returns:
        Dict of floats: `dark` and `bright`, the grey levels below which 1 % and 99 %
        of the pixels lie; `saturated`, percent of pixels of 254 or 255; `deviation`
        of the grey levels; `correlation`; `laplacian`, its standard deviation;
        `detail`. The last three are 0 for a picture of one grey level.

    Example:
        >>> picture_features(np.full((64, 64, 3), 128, np.uint8))["deviation"]
        0.0
    """
    import cv2

    grey = _tiles(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
    counts = np.bincount(grey.ravel(), minlength=256)
    shares = counts.cumsum() / grey.size
    levels = grey.astype(np.float32)
    variance = float(levels.var())
    found = {
        "dark": float(np.searchsorted(shares, 0.01)),
        "bright": float(np.searchsorted(shares, 0.99)),
        "saturated": 100 * float(counts[254:].sum() / grey.size),
        "deviation": variance**0.5,
        "correlation": 0.0,
        "laplacian": 0.0,
        "detail": 0.0,
    }
    if variance == 0:
        return found
    near, middle, far = (_squared_differences(levels, lag) for lag in _LAGS)
    middle, far = middle - near, np.maximum(far, 1e-6)
    found["correlation"] = float(1 - near.min() / (2 * variance))
    found["detail"] = float((middle / far).max())
    found["laplacian"] = float(_laplacian(levels).std())
    return found


def invalid_grade(fault: str) -> Grade:
    """Return the grade of a picture that cannot be judged.

    Args:
        fault: one of `FAULTS`, or `"frozen"`.

    Returns:
        A `Grade` of severity 0 whose `decisive` is the fault.

    Example:
        >>> invalid_grade("black").decision
        'invalid'
    """
    from rkd_keras.measure import INVALID, Grade

    return Grade(0, INVALID, (), fault)


def _tiles(grey):
    """Return the picture, or squares all over a large one: array `(N, H, W)`."""
    if grey.size <= MAX_PIXELS:
        return grey[None]
    height, width = (min(side, TILE) for side in grey.shape)
    tops, lefts = (
        np.linspace(0, side - tile, TILES).astype(int)
        for side, tile in zip(grey.shape, (height, width), strict=True)
    )
    return np.stack([grey[y : y + height, x : x + width] for y in tops for x in lefts])


def _squared_differences(levels, lag):
    """Return the mean squared difference along rows and along columns."""
    across = levels[:, :, lag:] - levels[:, :, :-lag]
    down = levels[:, lag:] - levels[:, :-lag]
    return np.array([np.square(across).mean(), np.square(down).mean()], np.float64)


def _laplacian(levels):
    inner = levels[:, 1:-1, 1:-1]
    sides = levels[:, 1:-1, :-2] + levels[:, 1:-1, 2:]
    return sides + levels[:, :-2, 1:-1] + levels[:, 2:, 1:-1] - 4 * inner
