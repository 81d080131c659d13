"""The steps of a rating as pictures: the paper's Figures 11, 18 and Table 1."""

import cv2
import numpy as np

from rkd_keras.measure import (
    bilateral_filter,
    enhance,
    measure,
    otsu_mask,
    segment,
    trace_boundaries,
)

LARGEST = 1600
_RED, _GREEN = (255, 60, 40), (60, 220, 120)
_COLOURS = (
    (230, 100, 60),
    (80, 160, 235),
    (110, 200, 110),
    (235, 190, 60),
    (180, 120, 220),
    (90, 205, 205),
)


def step_views(image, min_contrast):
    """Show each step of an image's preprocessing and measurement.

    Args:
        image: array `(H, W, 3)`, uint8.
        min_contrast: see `segment`.

    Returns:
        Dict of title to uint8 image; large images are shown smaller.
    """
    if max(image.shape[:2]) > LARGEST:
        factor = LARGEST / max(image.shape[:2])
        image = cv2.resize(image, None, fx=factor, fy=factor)
    mask = segment(image, min_contrast=min_contrast)
    measured = measure(image, mask)
    return {
        "original": image,
        "bilateral filter": bilateral_filter(image),
        "image enhancement": enhance(image),
        "threshold segmentation (Otsu)": _black_white(otsu_mask(enhance(image))),
        "segmentation in use": _black_white(mask),
        "boundaries": _boundaries(image, mask),
        "connected regions": _regions(mask),
        "defect regions and centroids": _regions_of_interest(image, measured),
    }


def _black_white(mask):
    return mask.astype(np.uint8) * 255


def _boundaries(image, mask):
    shown = image.copy()
    for chain in trace_boundaries(mask):
        cv2.polylines(shown, [chain.astype(np.int32)], True, _RED)
    return shown


def _regions(mask):
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    palette = np.array(_COLOURS, np.uint8)
    shown = palette[labels % len(palette)]
    shown[labels == 0] = 20
    return shown


def _regions_of_interest(image, measured):
    shown = image.copy()
    for defect in measured.defects:
        left, top, width, height = defect.bbox
        corner = (left + width - 1, top + height - 1)
        cv2.rectangle(shown, (left, top), corner, _RED)
        x, y = (round(value) for value in defect.centroid)
        cv2.drawMarker(shown, (x, y), _GREEN, cv2.MARKER_CROSS, 7)
    return shown
