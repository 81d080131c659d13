"""The default segmentation: the outline that explains the image's edges best.

Steps, on one tile of at most about a megapixel:

1. Logarithm of grey, shrunk to half size (a defect is blurred over more than two
   pixels anyway).
2. Two backgrounds are removed, a robust plane (right for large patches) and a
   robust local mean (right for small marks under uneven light).
3. Either residual is thresholded with hysteresis, relative to its own peak, for
   dark and for bright defects: four candidates.
4. Of a component with outline length L, the mean contrast across the outline is
   (by the divergence theorem) minus the sum of the Laplacian inside, divided by
   L. Components with far less contrast than the best are dropped.
5. The candidate with the largest flux through its outline / sqrt(L) wins: the
   normalised correlation between its outline and the image's gradient. Flux that
   a polarity cannot support with peaks of its own counts less.
6. At full size each pixel near the outline goes to the nearer of the local means
   inside and outside (local binary fitting).
7. What has no contrast, no more than the noise, or an outline no steeper than the
   light fades elsewhere, is no defect.

References:
    - Marr and Hildreth, "Theory of Edge Detection", Proc. R. Soc. B 207, 1980.
    - Desolneux, Moisan and Morel, "Edge Detection by Helmholtz Principle", Journal
      of Mathematical Imaging and Vision 14, 2001 (outlines judged by contrast).
    - Li, Kao, Gore and Ding, "Implicit Active Contours Driven by Local Binary
      Fitting Energy", CVPR 2007.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from rkd_keras.measure.background import (
    MAD,
    blurred,
    local_background,
    median,
    plane_background,
)
from rkd_keras.measure.components import remove_specks

# Half of the shorter side at which the constants below were chosen (NEU's 200).
WORK_SIDE = 100
LARGEST_ENLARGEMENT = 2.0
# Keeps the logarithm of dark pixels from being all noise.
DARK_LEVEL = 15.0

# Lengths are pixels of the working size.
LOCAL_SIGMA = 7.5
PLANE_SMOOTHING = 1.0
POLARITY_SMOOTHING = 0.5
COMPONENT_SCALE = 0.75  # of the local residual too
CANDIDATE_SCALE = 1.5
REFINE_SIGMA = 4.0
REFINE_REACH = 2
REFINE_SMOOTHING = 0.625

PEAK_QUANTILE = 0.999
LOW_THRESHOLD = 0.35
HIGH_THRESHOLD = 0.6
LEAST_AREA = 12
LEAST_AREA_OF_LARGEST = 0.1
LEAST_CONTRAST_OF_BEST = 0.5
# A polarity whose peaks are so much lower cannot win.
LEAST_PEAK_RATIO = 0.7
LARGEST_HOLE = 0.005
LEAST_SIGNIFICANCE = 1.75
# Light that fades is as steep on an outline as elsewhere; a defect is steeper.
EDGE_SCALE = 2.0
LEAST_STEEPNESS = 1.5

_SQUARE = np.ones((3, 3), np.uint8)
_CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
_LOGARITHM = np.log(np.arange(256, dtype=np.float32) + np.float32(DARK_LEVEL))
POLARITIES = {"auto": (1, -1), "bright": (1,), "dark": (-1,)}


@dataclass
class _Candidate:
    """A mask at working size and what it was made from."""

    mask: np.ndarray
    residual: np.ndarray
    sign: int
    score: float


def segment_by_contrast(
    grey,
    prior=None,
    polarity="auto",
    min_contrast=0.03,
    backgrounds=("plane", "local"),
    refine=True,
):
    """Segment one tile.

    Args:
        grey: array `(H, W)`, uint8.
        prior: array `(H, W)` of weights in [0, 1] or `None`.
        polarity: `"auto"`, `"dark"` or `"bright"`.
        min_contrast: least mean contrast of the defects, relative to the grey
            values around them.
        backgrounds: those to try, for studies of the method.
        refine: whether to do step 6, for studies of the method.

    Returns:
        Array `(H, W)`, bool.
    """
    height, width = grey.shape
    empty = np.zeros(grey.shape, bool)
    log_grey = cv2.LUT(grey, _LOGARITHM)
    work = _resized(log_grey, _work_size(height, width))
    if prior is not None:
        prior = _resized(prior.astype(np.float32), work.shape)
    local = local_background(work, LOCAL_SIGMA)
    best = _best_candidate(work, local, prior, POLARITIES[polarity], backgrounds)
    if best is None or not _is_significant(best, work, local, min_contrast):
        return empty
    remove_specks(best.mask, 0, LARGEST_HOLE * best.mask.size)
    if not refine:
        return cv2.resize(best.mask.astype(np.float32), (width, height)) > 0.5
    least = LEAST_AREA * grey.size / work.size
    return remove_specks(_refine(log_grey, work, best), least, least).view(bool)


def _work_size(height, width):
    factor = WORK_SIDE / min(height, width, 2 * WORK_SIDE)
    factor = min(factor, LARGEST_ENLARGEMENT)
    return max(1, round(height * factor)), max(1, round(width * factor))


def _resized(array, shape):
    method = cv2.INTER_AREA if shape[0] <= array.shape[0] else cv2.INTER_LINEAR
    return cv2.resize(array, shape[::-1], interpolation=method)


def _best_candidate(work, local, prior, signs, backgrounds):
    residuals, smooth = [], blurred(work, COMPONENT_SCALE)
    if "plane" in backgrounds:
        residuals.append(blurred(work, PLANE_SMOOTHING) - plane_background(work))
    if "local" in backgrounds:
        residuals.append(smooth - local)
    component_laplacian = cv2.Laplacian(smooth, cv2.CV_32F, ksize=1)
    coarse = blurred(work, CANDIDATE_SCALE)
    candidate_laplacian = cv2.Laplacian(coarse, cv2.CV_32F, ksize=1)
    peaks = _peaks(blurred(work, POLARITY_SMOOTHING) - local)
    best = None
    for sign in signs:
        support = 1.0
        if len(signs) > 1:
            support = min(peaks[sign] / max(peaks[-sign], 1e-9), 1.0)
        if support < LEAST_PEAK_RATIO:
            continue
        laplacians = component_laplacian, candidate_laplacian
        if sign < 0:
            laplacians = -component_laplacian, -candidate_laplacian
        for residual in residuals:
            signed = residual if sign > 0 else -residual
            found = _candidate(signed, *laplacians, prior)
            if found is None:
                continue
            mask, score = found
            if best is None or support * score > best.score:
                best = _Candidate(mask, signed, sign, support * score)
    return best


def _candidate(residual, component_laplacian, candidate_laplacian, prior):
    """Threshold a residual and keep the components of high contrast.

    Returns:
        A mask (uint8) and its score, or `None`.
    """
    peak = _quantile(residual, PEAK_QUANTILE)
    if peak <= 0:
        return None
    above = residual > LOW_THRESHOLD * peak
    low = above.view(np.uint8)
    # Faster than OpenCV's labelling with statistics, and than boolean indices.
    count, labels = cv2.connectedComponents(low, connectivity=8)
    inside = np.flatnonzero(above)
    label = labels.ravel()[inside].astype(np.intp)
    values = residual.ravel()[inside]
    area = np.bincount(label, minlength=count)
    kept = np.zeros(count, bool)
    kept[label[values > HIGH_THRESHOLD * peak]] = True
    kept &= area >= LEAST_AREA
    if not kept.any():
        return None
    kept &= area >= LEAST_AREA_OF_LARGEST * area[kept].max()

    length = np.bincount(label, _outline(low).ravel()[inside], count)
    length = _at_least_1(length)
    flux = -np.bincount(label, component_laplacian.ravel()[inside], count)
    contrast = flux / length
    if prior is not None:
        contrast *= np.bincount(label, prior.ravel()[inside], count) / _at_least_1(area)
    reference = np.argmax(np.where(kept, contrast * np.sqrt(length), -np.inf))
    if contrast[reference] <= 0:
        return None
    kept &= contrast >= LEAST_CONTRAST_OF_BEST * contrast[reference]

    mask = np.zeros_like(low)
    mask.ravel()[inside[kept[label]]] = 1
    flux = -_sum_inside(candidate_laplacian, mask)
    weight = 1.0 if prior is None else cv2.mean(prior, mask)[0]
    return mask, weight * flux / np.sqrt(length[kept].sum())


def _is_significant(candidate, work, local, min_contrast):
    outside = np.flatnonzero(cv2.dilate(candidate.mask, _SQUARE, iterations=2) == 0)
    if not outside.size:
        outside = np.flatnonzero(candidate.mask == 0)
    if not outside.size:
        return False
    level = median(candidate.residual.ravel()[outside])
    contrast = cv2.mean(candidate.residual, candidate.mask)[0] - level
    noise = (work - local).ravel()[outside]
    noise -= median(noise)
    noise = MAD * median(np.abs(noise))
    if contrast < max(min_contrast, LEAST_SIGNIFICANCE * noise):
        return False
    return _steepness(candidate, work) >= LEAST_STEEPNESS


def _steepness(candidate, work):
    """Gradient across the outline by the median gradient away from it."""
    smooth = blurred(work, EDGE_SCALE)
    outline = _outline(candidate.mask)
    laplacian = cv2.Laplacian(smooth, cv2.CV_32F, ksize=1)
    flux = -candidate.sign * _sum_inside(laplacian, candidate.mask)
    across = flux / max(cv2.countNonZero(outline), 1)
    away = np.flatnonzero(cv2.dilate(outline, _SQUARE, iterations=4) == 0)
    slopes = cv2.magnitude(
        cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8),
        cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8),
    )
    elsewhere = median(slopes.ravel()[away]) if away.size else 0.0
    return across / max(elsewhere, 1e-9)


def _refine(log_grey, work, candidate):
    height, width = log_grey.shape
    mask = candidate.mask
    size = (max(1, work.shape[0] // 2), max(1, work.shape[1] // 2))
    values = _resized(work, size)
    inside = _resized(mask.astype(np.float32), size)
    outside = 1 - _resized(cv2.dilate(mask, _SQUARE).astype(np.float32), size)
    middle = (_local_mean(values, inside) + _local_mean(values, outside)) / 2
    threshold = cv2.resize(middle, (width, height), interpolation=cv2.INTER_LINEAR)
    zone = cv2.dilate(mask, _SQUARE, iterations=REFINE_REACH)
    zone = cv2.resize(zone, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    smoothing = REFINE_SMOOTHING * height / work.shape[0]
    smooth = blurred(log_grey, smoothing) if smoothing > 0.3 else log_grey
    beyond = smooth > threshold if candidate.sign > 0 else smooth < threshold
    return beyond.view(np.uint8) & zone


def _local_mean(values, weights):
    """Mean around each pixel, of the overall mean where no weight is near."""
    total = float(weights.sum())
    if total <= 0:
        return values
    overall = float((weights * values).sum()) / total
    faint = 1e-2
    mean = blurred(weights * values, REFINE_SIGMA / 2) + faint * overall
    return mean / (blurred(weights, REFINE_SIGMA / 2) + faint)


def _outline(mask):
    """Pixels of a mask (uint8) with a neighbour outside; the border cuts none off."""
    eroded = cv2.erode(mask, _CROSS, borderType=cv2.BORDER_CONSTANT, borderValue=1)
    return mask - eroded


def _at_least_1(counts):
    return np.maximum(counts, 1)


def _sum_inside(array, mask):
    """Sum under a mask; a boolean index costs four times as much."""
    return cv2.mean(array, mask)[0] * cv2.countNonZero(mask)


def _quantile(array, quantile):
    index = min(int(array.size * quantile), array.size - 1)
    values = array.flatten()
    values.partition(index)
    return float(values[index])


def _peaks(residual):
    """How far the brightest and the darkest pixels stand out."""
    return {
        1: max(_quantile(residual, PEAK_QUANTILE), 0.0),
        -1: max(_quantile(-residual, PEAK_QUANTILE), 0.0),
    }
