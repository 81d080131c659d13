"""Measure the defects of one image (section 3.2.4, eqs. 22 to 24, Table 7)."""

import math

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.measure.components import AREA, GREY, XX, XY, YY, X, Y, find_components
from rkd_keras.measure.defect import Defect
from rkd_keras.measure.grey import as_grey, as_mask
from rkd_keras.measure.measurement import Measurement
from rkd_keras.measure.segment import segment


def measure(
    image: np.ndarray | None,
    mask: np.ndarray | None = None,
    mm_per_pixel: float | None = None,
) -> Measurement:
    """Measure every defect of an image, and all of them together.

    Args:
        image: array `(H, W)` or `(H, W, 3)`, uint8; may be `None` when a mask is
            given, grey values are unknown then.
        mask: array `(H, W)`, bool or integer, true on defects; made by `segment`
            when `None`. Pixels that touch sideways or diagonally are one defect.
            Defaults to `None`.
        mm_per_pixel: side of a pixel in millimetres; turns every length and area
            into millimetres. Lengths are pixels when `None`. Defaults to `None`.

    Returns:
        A `Measurement`.

    Raises:
        InputError: for an image or mask that is none, sizes that differ, or a
            scale that is not positive.

    Example:
        >>> import numpy as np
        >>> mask = np.zeros((64, 64), bool)
        >>> mask[10:20, 10:30] = True
        >>> result = measure(None, mask)
        >>> result.count, result.area, result.perimeter, result.k
        (1, 200.0, 56.0, 0.28)
        >>> result.centroid, result.defects[0].orientation
        ((19.5, 14.5), 0.0)
    """
    if mm_per_pixel is not None and not (
        math.isfinite(mm_per_pixel) and mm_per_pixel > 0
    ):
        raise InputError(
            "`mm_per_pixel` must be a positive number. "
            f"Received: mm_per_pixel={mm_per_pixel}"
        )
    if image is None and mask is None:
        raise InputError("`measure` needs an image, a mask or both")
    grey = None if image is None else as_grey(image)
    mask = segment(grey) if mask is None else mask
    mask = as_mask(mask, None if grey is None else grey.shape)

    components = find_components(mask, grey)
    scale = 1.0 if mm_per_pixel is None else float(mm_per_pixel)
    unit = "px" if mm_per_pixel is None else "mm"
    sums = components.sums
    total = sums.sum(axis=0)
    # The last of the ellipses is that of all defects together.
    with np.errstate(invalid="ignore"):
        shapes = _ellipses(np.vstack([sums, total]))
    height, width = mask.shape
    rows = zip(
        sums.tolist(),
        components.boxes.tolist(),
        components.perimeters.tolist(),
        *(column[:-1].tolist() for column in shapes),
        strict=True,
    )
    defects = tuple(
        _defect(index, row, grey is not None, width, height, scale, unit)
        for index, row in enumerate(rows, start=1)
    )
    area, perimeter = float(total[AREA]), float(components.perimeters.sum())
    boxes = components.boxes
    centroid = bbox = k = orientation = None
    if defects:
        centroid = (scale * total[X] / area, scale * total[Y] / area)
        left, top = boxes[:, :2].min(axis=0).tolist()
        right, bottom = boxes[:, 2:].max(axis=0).tolist()
        bbox = (left, top, right - left, bottom - top)
        k = perimeter / area / scale
        orientation = shapes[2][-1].item()
        orientation = None if math.isnan(orientation) else orientation
        centroid = tuple(map(float, centroid))
    return Measurement(
        image_shape=(height, width),
        count=len(defects),
        area=area * scale**2,
        perimeter=perimeter * scale,
        area_ratio=100 * area / mask.size,
        k=k,
        m10=float(total[X]) * scale**3,
        m01=float(total[Y]) * scale**3,
        centroid=centroid,
        bbox=bbox,
        orientation=orientation,
        longest=max((max(d.width, d.height) for d in defects), default=0.0),
        touching_border=sum(d.touches_border for d in defects),
        defects=defects,
        mm_per_pixel=None if mm_per_pixel is None else scale,
        unit=unit,
    )


def _defect(index, row, has_grey, width, height, scale, unit):
    sums, (left, top, right, bottom), perimeter, major, minor, direction = row
    area = sums[AREA]
    return Defect(
        index=index,
        area=area * scale**2,
        perimeter=perimeter * scale,
        area_ratio=100 * area / (width * height),
        k=perimeter / area / scale,
        m10=sums[X] * scale**3,
        m01=sums[Y] * scale**3,
        centroid=(sums[X] / area * scale, sums[Y] / area * scale),
        bbox=(left, top, right - left, bottom - top),
        width=(right - left) * scale,
        height=(bottom - top) * scale,
        major_axis=major * scale,
        minor_axis=minor * scale,
        orientation=None if math.isnan(direction) else direction,
        mean_grey=sums[GREY] / area if has_grey else None,
        touches_border=left == 0 or top == 0 or right == width or bottom == height,
        unit=unit,
    )


def _second_moments(sums):
    """Variances and covariance of the pixels' areas, not of their centres."""
    area = sums[:, AREA]
    mean_x, mean_y = sums[:, X] / area, sums[:, Y] / area
    # A pixel is a square of variance 1/12 and not a point.
    var_x = sums[:, XX] / area - mean_x**2 + 1 / 12
    var_y = sums[:, YY] / area - mean_y**2 + 1 / 12
    return var_x, var_y, sums[:, XY] / area - mean_x * mean_y


def _ellipses(sums):
    """Axes and directions of the ellipses with the same second moments."""
    var_x, var_y, covariance = _second_moments(sums)
    middle = (var_x + var_y) / 2
    spread = np.hypot((var_x - var_y) / 2, covariance)
    major = 4 * np.sqrt(middle + spread)
    minor = 4 * np.sqrt(np.maximum(middle - spread, 0))
    return major, minor, _orientations(var_x, var_y, covariance)


def _orientations(var_x, var_y, covariance):
    """Directions in degrees, NaN where none is longest."""
    # y points down, so that the sign turns counter-clockwise into positive.
    angle = np.degrees(np.arctan2(-2 * covariance, var_x - var_y)) / 2
    angle = np.where(angle <= -90, 90.0, angle) + 0.0
    spread = np.hypot((var_x - var_y) / 2, covariance)
    return np.where(spread > 1e-5 * (var_x + var_y), angle, np.nan)
