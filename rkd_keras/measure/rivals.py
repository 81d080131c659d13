"""Other ways to segment a defect, which the default method was chosen against.

All get what the default method gets: the logarithm of grey, its robust local or
planar background, its rule for the polarity and the removal of small objects.
They are here so that the benchmark can be repeated; `segment` does not offer
them.
"""

from functools import partial

import cv2
import numpy as np

from rkd_keras.measure.background import local_background, plane_background
from rkd_keras.measure.contrast_segmentation import segment_by_contrast
from rkd_keras.measure.enhance import enhance, otsu_mask

LEAST_AREA = 40
_LOGARITHM = np.log(np.arange(256, dtype=np.float32) + 15)


def _residual(grey, background):
    """Deviation from the background, positive on defects of the likely polarity."""
    values = cv2.GaussianBlur(cv2.LUT(grey, _LOGARITHM), (0, 0), 1.5)
    local = values - local_background(values, 15.0)
    dark, bright = np.percentile(local, (0.1, 99.9))
    sign = 1 if bright > -dark else -1
    if background == "plane":
        return sign * (values - plane_background(values))
    return sign * local


def _as_bytes(values):
    """Stretch positive values to 0 to 255."""
    top = max(float(np.percentile(values, 99.9)), 1e-6)
    return (np.clip(values / top, 0, 1) * 255).astype(np.uint8)


def _without_small(mask):
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=8
    )
    area = stats[:, cv2.CC_STAT_AREA]
    kept = area >= LEAST_AREA
    kept[0] = False
    if kept.any():
        kept &= area >= 0.1 * area[kept].max()
    return kept[labels]


def histogram_threshold(grey, background="local", rule="otsu"):
    """Flatten, then a histogram threshold: `otsu`, `triangle` or `yen`."""
    values = _as_bytes(_residual(grey, background))
    if rule == "yen":
        from skimage.filters import threshold_yen

        return _without_small(values > threshold_yen(values))
    flag = {"otsu": cv2.THRESH_OTSU, "triangle": cv2.THRESH_TRIANGLE}[rule]
    return _without_small(cv2.threshold(values, 0, 1, flag)[1] > 0)


def morphological_hats(grey):
    """Largest top-hat or black-hat over several sizes, then Otsu."""
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.5)
    hats = {}
    for operation in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
        sizes = [
            cv2.morphologyEx(
                smooth, operation, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (s, s))
            )
            for s in (15, 31, 61)
        ]
        hats[operation] = np.max(sizes, axis=0)
    best = max(hats.values(), key=lambda hat: np.percentile(hat, 99.9))
    return _without_small(cv2.threshold(best, 0, 1, cv2.THRESH_OTSU)[1] > 0)


def frequency_tuned_saliency(grey):
    """Distance from the mean grey value (Achanta et al., CVPR 2009), then Otsu."""
    values = cv2.GaussianBlur(cv2.LUT(grey, _LOGARITHM), (0, 0), 1.5)
    distance = _as_bytes(np.abs(values - values.mean()))
    return _without_small(cv2.threshold(distance, 0, 1, cv2.THRESH_OTSU)[1] > 0)


def local_entropy(grey):
    """Entropy of the grey values within 5 pixels, then Otsu."""
    from skimage.filters.rank import entropy
    from skimage.morphology import disk

    values = entropy(grey, disk(5)).astype(np.float32)
    values = _as_bytes(values - values.min())
    return _without_small(cv2.threshold(values, 0, 1, cv2.THRESH_OTSU)[1] > 0)


def local_variance(grey):
    """Standard deviation of grey within a 9-pixel window, then Otsu."""
    values = cv2.LUT(grey, _LOGARITHM)
    mean = cv2.blur(values, (9, 9))
    deviation = np.sqrt(np.maximum(cv2.blur(values * values, (9, 9)) - mean**2, 0))
    deviation = _as_bytes(deviation)
    return _without_small(cv2.threshold(deviation, 0, 1, cv2.THRESH_OTSU)[1] > 0)


def chan_vese(grey, background="plane"):
    """Two regions of constant residual with a short border."""
    from skimage.segmentation import morphological_chan_vese

    values = _residual(grey, background)
    start = cv2.threshold(_as_bytes(values), 0, 1, cv2.THRESH_OTSU)[1]
    found = morphological_chan_vese(values, 20, init_level_set=start, smoothing=1) > 0
    if found.any() and not found.all() and values[found].mean() < values[~found].mean():
        found = ~found
    return _without_small(found)


def random_walker(grey, background="local"):
    """Walks from sure defect and sure background over the residual."""
    from skimage.segmentation import random_walker as walk

    values = _residual(grey, background)
    peak = np.percentile(values, 99.9)
    seeds = np.zeros(grey.shape, np.int32)
    seeds[values < 0.15 * peak] = 2
    seeds[values > 0.6 * peak] = 1
    if len(np.unique(seeds)) < 3:
        return seeds == 1
    return _without_small(walk(values / peak, seeds, beta=90, mode="cg_j") == 1)


def grab_cut(grey):
    """Grey-value mixtures and a graph cut, begun from the default method's mask."""
    start = segment_by_contrast(grey)
    if not start.any():
        return start
    labels = np.full(grey.shape, cv2.GC_BGD, np.uint8)
    near = cv2.dilate(start.astype(np.uint8), np.ones((15, 15), np.uint8)) > 0
    labels[near] = cv2.GC_PR_BGD
    labels[start] = cv2.GC_PR_FGD
    image = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(image, labels, None, *models, 3, cv2.GC_INIT_WITH_MASK)
    return _without_small((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD))


RIVALS = {
    "default": segment_by_contrast,
    "paper": lambda grey: otsu_mask(enhance(grey)),
    "default plane only": partial(segment_by_contrast, backgrounds=("plane",)),
    "default local only": partial(segment_by_contrast, backgrounds=("local",)),
    "default not refined": partial(segment_by_contrast, refine=False),
    "otsu plane": partial(histogram_threshold, background="plane"),
    "otsu local": histogram_threshold,
    "triangle local": partial(histogram_threshold, rule="triangle"),
    "yen local": partial(histogram_threshold, rule="yen"),
    "yen plane": partial(histogram_threshold, background="plane", rule="yen"),
    "top and black hats": morphological_hats,
    "frequency-tuned saliency": frequency_tuned_saliency,
    "local entropy": local_entropy,
    "local variance": local_variance,
    "chan-vese plane": chan_vese,
    "chan-vese local": partial(chan_vese, background="local"),
    "random walker local": random_walker,
    "grabcut after default": grab_cut,
}
