"""Estimate the defect-free background of a surface, robustly.

Both estimates work on logarithms of grey values, because light and reflectance
multiply: a shadow that halves the light shifts the logarithm by a constant,
whatever the surface. Both are iterated with Tukey's biweight, so that defects
lose their vote.
"""

from functools import lru_cache

import cv2
import numpy as np

PLANE_GRID = 25
PLANE_STEPS = 6
# Nearly all weights vanish on a two-tone image; the ridge keeps it solvable.
_RIDGE = 1e-6 * np.eye(3)
LOCAL_STEPS = 3
# Residuals beyond so many robust standard deviations have no vote.
REACH = 3.0
# Grey values are whole numbers: less than this, in logarithms, is no noise.
LEAST_SIGMA = 0.006
MAD = 1.4826


def plane_background(log_image):
    """Fit a plane to an image: keeps defects of any size, follows no shading.

    Args:
        log_image: array `(H, W)`, float32, logarithm of grey.

    Returns:
        Array `(H, W)`, float32: the plane.

    Example:
        >>> import numpy as np
        >>> ramp = np.tile(np.linspace(0, 1, 50, dtype="float32"), (50, 1))
        >>> spotted = ramp.copy()
        >>> spotted[20:30, 20:30] += 3
        >>> bool(np.abs(plane_background(spotted) - ramp).max() < 0.02)
        True
    """
    height, width = log_image.shape
    grid = cv2.resize(log_image, (PLANE_GRID, PLANE_GRID), interpolation=cv2.INTER_AREA)
    values = grid.ravel().astype(np.float64)
    weights = np.ones_like(values)
    for _ in range(PLANE_STEPS):
        normal = (_PRODUCTS @ weights).reshape(3, 3) + _RIDGE
        # A fifth of the time of `np.linalg.solve` on three unknowns.
        solution = cv2.solve(normal, _BASIS @ (weights * values)[:, None])[1].ravel()
        weights = _biweight(values - solution @ _BASIS) + 1e-4
    offset, slope_x, slope_y = solution
    x = _centres(width).astype(np.float32) * np.float32(slope_x)
    y = _centres(height).astype(np.float32) * np.float32(slope_y)
    return y[:, None] + x[None, :] + np.float32(offset)


def local_background(log_image, sigma):
    """Blur an image without its defects: follows shading, loses large defects.

    Args:
        log_image: array `(H, W)`, float32, logarithm of grey.
        sigma: standard deviation of the blur in pixels; defects wider than about
            `2 * sigma` become background.

    Returns:
        Array `(H, W)`, float32.

    Example:
        >>> import numpy as np
        >>> image = np.zeros((60, 60), "float32")
        >>> image[28:32, 28:32] = 1
        >>> bool(local_background(image, 8.0).max() < 0.05)
        True
    """
    height, width = log_image.shape
    size = (max(1, width // 2), max(1, height // 2))
    small = cv2.resize(log_image, size, interpolation=cv2.INTER_AREA)
    background = blurred(small, sigma / 2)
    for _ in range(LOCAL_STEPS):
        weights = _biweight(small - background) + np.float32(1e-3)
        background = blurred(small * weights, sigma / 2)
        background /= blurred(weights, sigma / 2)
    return cv2.resize(background, (width, height), interpolation=cv2.INTER_LINEAR)


def blurred(array, sigma):
    """Gaussian blur of a float32 array; a quarter faster than OpenCV's own."""
    kernel = _gaussian(sigma)
    return cv2.sepFilter2D(array, -1, kernel, kernel)


@lru_cache(maxsize=64)
def _gaussian(sigma):
    # Three standard deviations either side; OpenCV by itself takes four.
    return cv2.getGaussianKernel(2 * round(3 * sigma) + 1, sigma, cv2.CV_32F)


def median(values):
    """Upper median of an array that may be reordered; far faster than numpy's."""
    values, middle = values.ravel(), values.size // 2
    values.partition(middle)
    return float(values[middle])


def _biweight(residual):
    sigma = MAD * median(np.abs(residual)) + LEAST_SIGMA
    scaled = residual * residual.dtype.type(1 / (REACH * sigma))
    weights = np.maximum(1 - scaled * scaled, 0)
    return weights * weights


def _centres(count):
    """Pixel centres of a line of pixels, from -1 to 1 at its ends."""
    return (2 * np.arange(count) + 1) / count - 1


_BASIS = np.stack(
    [
        np.ones(PLANE_GRID**2),
        np.tile(_centres(PLANE_GRID), PLANE_GRID),
        np.repeat(_centres(PLANE_GRID), PLANE_GRID),
    ]
)
_PRODUCTS = (_BASIS[:, None] * _BASIS[None]).reshape(9, -1)
