"""What a drawn image and a drawn strip share: defect, distraction, ground truth."""

from dataclasses import dataclass

import cv2
import numpy as np

from rkd_keras.data.synthetic.defects import DRAW_DEFECT, VISIBLE
from rkd_keras.data.synthetic.surface import fractal_field, noise_field
from rkd_keras.errors import InputError

CLASS_NAMES = tuple(DRAW_DEFECT)

# Marks of one class that are nearer than this share one box, reference pixels.
_REACH = {
    "crazing": 28,
    "inclusion": 7,
    "patches": 5,
    "pitted_surface": 24,
    "rolled-in_scale": 13,
    "scratches": 7,
}


@dataclass(frozen=True)
class Drawing:
    """A drawn image with its ground truth.

    Attributes:
        image: array `(height, width)`, uint8, grey.
        mask: array `(height, width)`, bool, true on defect pixels.
        objects: tuple of `(class_name, (xmin, ymin, xmax, ymax))`; pixels from
            0, the maxima exclusive.

    Example:
        >>> from rkd_keras.data.synthetic import draw_image
        >>> drawing = draw_image("scratches", 64, rng=0)
        >>> drawing.objects[0][0]
        'scratches'
    """

    image: np.ndarray
    mask: np.ndarray
    objects: tuple


def check_class(class_name):
    """Raise `InputError` unless the class is one that can be drawn."""
    if class_name not in DRAW_DEFECT:
        raise InputError(
            f"class_name must be one of {', '.join(CLASS_NAMES)}. "
            f"Received: class_name={class_name}"
        )


def draw_contrast(class_name, shape, rng, scale, fade=1.0):
    """Draw a defect until at least a few of its pixels can be seen."""
    least = max(4, int(60 * scale**2))
    for _ in range(20):
        contrast = DRAW_DEFECT[class_name](shape, rng, scale) * fade
        if np.count_nonzero(np.abs(contrast) > VISIBLE) >= least:
            return contrast.astype(np.float32)
    middle_y, middle_x = shape[0] // 2, shape[1] // 2
    contrast[middle_y - 2 : middle_y + 2, middle_x - 2 : middle_x + 2] = -0.3
    return contrast.astype(np.float32)


def draw_distraction(shape, rng, scale):
    """Harmless marks that any image may bear: hairlines, specks, a stain."""
    contrast = np.zeros(shape, np.float32)
    if rng.random() < 0.35:
        lines = noise_field(shape, rng, 60 * scale, 0.5 * scale)
        contrast += rng.uniform(-0.12, 0.12) * np.clip(lines - 1.8, 0, 1.5)
    if rng.random() < 0.3:
        specks = noise_field(shape, rng, 0.9 * scale, 1.1 * scale)
        contrast -= rng.uniform(0.1, 0.4) * np.clip(specks - 3.2, 0, 1)
    if rng.random() < 0.35:
        stain = fractal_field(shape, rng, 40 * scale, 3)
        contrast += rng.uniform(-0.15, 0.15) * np.clip(stain - 0.8, 0, 1)
    return contrast


def find_boxes(mask, class_name, scale):
    """Box the marks of a mask, near ones together; maxima exclusive."""
    reach = max(1, int(round(_REACH[class_name] * scale)))
    kernel = np.ones((reach, reach), np.uint8)
    joined = cv2.dilate(mask.astype(np.uint8), kernel)
    count, labels = cv2.connectedComponents(joined)
    y, x = np.nonzero(mask)
    owner = labels[y, x]
    groups = []
    for label in range(1, count):
        across, along = x[owner == label], y[owner == label]
        if len(along):
            low, high = (across.min(), along.min()), (across.max(), along.max())
            box = (int(low[0]), int(low[1]), int(high[0]) + 1, int(high[1]) + 1)
            groups.append((len(along), box))
    groups.sort(reverse=True)
    # A few stray pixels are no defect of their own.
    least = max(3, 0.06 * groups[0][0])
    kept = [box for size, box in groups if size >= least] or [groups[0][1]]
    return sorted(kept)
