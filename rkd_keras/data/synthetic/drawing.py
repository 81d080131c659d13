"""Draw one image of a defect class."""

import numpy as np

from rkd_keras.data.synthetic.defects import VISIBLE
from rkd_keras.data.synthetic.surface import (
    FINISHES,
    draw_illumination,
    draw_surface,
    take_photograph,
)
from rkd_keras.data.synthetic.truth import (
    Drawing,
    check_class,
    draw_contrast,
    draw_distraction,
    find_boxes,
)
from rkd_keras.errors import InputError

# The finish on which a class is mostly seen, as in NEU; the rest of the time any
# finish is drawn, so that the background alone does not give the class away.
_USUAL_FINISH = {
    "crazing": "grainy",
    "inclusion": "smooth",
    "patches": "grainy",
    "pitted_surface": "matte",
    "rolled-in_scale": "rolled",
    "scratches": "smooth",
}
_USUAL = 0.7
# How much stronger a plain defect is.
_PLAIN_CONTRAST = 1.3


def draw_image(class_name, size=200, rng=None, view=200, plain=False):
    """Draw one square image of a defect class.

    Args:
        class_name: one of `CLASS_NAMES`.
        size: side in pixels, at least 16. Defaults to 200, as in NEU.
        rng: `numpy.random.Generator`, or a seed. Defaults to a fresh one.
        view: side of what the image shows, in pixels of NEU: the smaller, the
            closer. Defaults to 200: all that an image of NEU shows.
        plain: whether the class is easily told: on its usual finish, of its usual
            tone, with more contrast and nothing beside it. Defaults to False.

    Returns:
        A `Drawing`.

    Raises:
        InputError: for an unknown class, a size or a view below 16.

    Example:
        >>> drawing = draw_image("patches", size=64, rng=7)
        >>> drawing.image.shape, drawing.image.dtype.name
        ((64, 64), 'uint8')
    """
    check_class(class_name)
    if size < 16:
        raise InputError(f"size must be at least 16 pixels. Received: size={size}")
    if view < 16:
        raise InputError(f"view must be at least 16 pixels. Received: view={view}")
    rng = np.random.default_rng(rng)
    shape, scale = (size, size), size / view
    finish = _USUAL_FINISH[class_name]
    if rng.random() > _USUAL and not plain:
        finish = str(rng.choice(list(FINISHES)))
    radiance = draw_surface(shape, finish, rng, scale)
    contrast = draw_contrast(class_name, shape, rng, scale)
    if finish == "grainy":
        contrast *= 1.3  # else the grain hides it
    if plain:
        contrast = _PLAIN_CONTRAST * _usual_tone(class_name, contrast)
    else:
        radiance = radiance * np.exp(draw_distraction(shape, rng, scale))
    radiance = radiance * np.exp(contrast)
    fall = rng.uniform(*FINISHES[finish].gradient)
    radiance *= draw_illumination(shape, fall, rng)
    radiance = _expose(radiance, rng.lognormal(0.05, 0.25), contrast)
    mask = np.abs(contrast) > VISIBLE
    return Drawing(
        take_photograph(radiance, rng, scale),
        mask,
        tuple((class_name, box) for box in find_boxes(mask, class_name, scale)),
    )


def _usual_tone(class_name, contrast):
    """Make bright scratches and dark defects of all other classes."""
    bright = class_name == "scratches"
    return contrast if (contrast.sum() > 0) == bright else -contrast


def _expose(radiance, exposure, contrast):
    """Brighten, but never so far that the defect drowns in burnt-out steel."""
    highest = 225 if contrast.sum() <= 0 else 150
    return radiance * min(exposure, highest / np.median(radiance))
