"""Procedural strip for a simulated line camera."""

import numpy as np

from rkd_keras.data.synthetic.defects import VISIBLE
from rkd_keras.data.synthetic.surface import (
    FINISHES,
    draw_illumination,
    draw_surface,
    take_photograph,
)
from rkd_keras.data.synthetic.truth import (
    CLASS_NAMES,
    Drawing,
    check_class,
    draw_contrast,
    draw_distraction,
    find_boxes,
)
from rkd_keras.errors import InputError


def draw_strip(length, width, defects, rng=None, scale=1.0):
    """Draw a strip as a line camera sees it, with defects here and there.

    Rows run along the rolling direction: the camera's frames are
    `image[:128]`, `image[128:256]` and so on. A defect occupies a spot of about
    60 to 200 reference pixels; spots do not overlap where there is room.

    Args:
        length: rows, pixels, at least 16.
        width: columns, pixels, at least 16.
        defects: how many defects, of classes at random, or a sequence of class
            names.
        rng: `numpy.random.Generator`, or a seed. Defaults to a fresh one.
        scale: pixels per reference pixel. Defaults to 1.

    Returns:
        A `Drawing` of `(length, width)`; its objects are sorted from the
        strip's head to its tail.

    Raises:
        InputError: for an unknown class, a negative count or a size below 16.

    Example:
        >>> strip = draw_strip(256, 400, ["scratches", "patches"], rng=3)
        >>> strip.image.shape
        (256, 400)
        >>> sorted({name for name, box in strip.objects})
        ['patches', 'scratches']
    """
    if min(length, width) < 16:
        raise InputError(
            "length and width must be at least 16 pixels. "
            f"Received: length={length}, width={width}"
        )
    rng = np.random.default_rng(rng)
    if isinstance(defects, int | np.integer):
        if defects < 0:
            raise InputError(f"defects must not be negative. Received: {defects=}")
        defects = rng.choice(CLASS_NAMES, defects)
    shape = (length, width)
    finish = str(rng.choice(list(FINISHES)))
    radiance = draw_surface(shape, finish, rng, scale)
    contrast = np.zeros(shape, np.float32)
    mask = np.zeros(shape, bool)
    objects, taken = [], []
    for class_name in map(str, defects):
        check_class(class_name)
        spot = _free_spot(shape, taken, rng, scale)
        taken.append(spot)
        x0, y0, x1, y1 = spot
        window = contrast[y0:y1, x0:x1]
        drawn = draw_contrast(
            class_name, window.shape, rng, scale, fade=_fade(window.shape)
        )
        window += drawn
        seen = np.abs(drawn) > VISIBLE
        mask[y0:y1, x0:x1] |= seen
        for left, top, right, bottom in find_boxes(seen, class_name, scale):
            box = (x0 + left, y0 + top, x0 + right, y0 + bottom)
            objects.append((class_name, box))
    radiance *= np.exp(contrast + draw_distraction(shape, rng, scale))
    fall = rng.uniform(0.0, 0.35)
    # The lamp is fixed above the line: it is uneven across the strip only.
    radiance *= draw_illumination((16, width), fall, rng).mean(axis=0)
    objects.sort(key=lambda item: (item[1][1], item[1]))
    return Drawing(take_photograph(radiance, rng, scale), mask, tuple(objects))


def _free_spot(shape, taken, rng, scale):
    best, least = None, np.inf
    for _ in range(30):
        height = int(np.clip(rng.uniform(60, 200) * scale, 16, shape[0]))
        width = int(np.clip(rng.uniform(60, 200) * scale, 16, shape[1]))
        y0 = int(rng.integers(0, shape[0] - height + 1))
        x0 = int(rng.integers(0, shape[1] - width + 1))
        spot = (x0, y0, x0 + width, y0 + height)
        overlap = sum(_overlap(spot, other) for other in taken)
        if overlap < least:
            best, least = spot, overlap
        if overlap == 0:
            break
    return best


def _overlap(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0) * max(height, 0)


def _fade(shape):
    """A window that leads the defect softly to nothing at the spot's border."""
    y = np.sin(np.pi * (np.arange(shape[0]) + 0.5) / shape[0])[:, None]
    x = np.sin(np.pi * (np.arange(shape[1]) + 0.5) / shape[1])[None]
    return np.minimum(1, 2.2 * y * x).astype(np.float32)
