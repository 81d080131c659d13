"""Procedural rolled-steel surfaces: noise fields, background, illumination.

Lengths are in reference pixels (a strip seen at 200 pixels per image side, as
in NEU) and multiplied by `scale`, so that one recipe serves every image size.
Rows run along the rolling direction, columns across the strip.
"""

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class SurfaceFinish:
    """How one kind of surface looks; amplitudes are fractions of its grey level.

    Attributes:
        grey: range of the mean grey level, 0-255.
        grain: range of the grain's amplitude (standard deviation).
        grain_along: grain length along the rolling direction, reference pixels.
        grain_across: grain length across it, reference pixels.
        streak: range of the amplitude of the streaks along the rolling direction.
        mottle: range of the amplitude of the soft, cloudy variation.
        gradient: range of the illumination's fall over the image.

    Example:
        >>> FINISHES["matte"].grey[0] > FINISHES["smooth"].grey[0]
        True
    """

    grey: tuple[float, float]
    grain: tuple[float, float]
    grain_along: float
    grain_across: float
    streak: tuple[float, float]
    mottle: tuple[float, float]
    gradient: tuple[float, float]


FINISHES = {
    "grainy": SurfaceFinish(
        (95, 175), (0.11, 0.19), 1.0, 0.8, (0.0, 0.05), (0.04, 0.1), (0.05, 0.5)
    ),
    "smooth": SurfaceFinish(
        (65, 150), (0.012, 0.03), 2.0, 0.8, (0.0, 0.06), (0.01, 0.04), (0.05, 0.6)
    ),
    "rolled": SurfaceFinish(
        (75, 150), (0.05, 0.09), 0.7, 2.6, (0.0, 0.03), (0.03, 0.08), (0.05, 0.4)
    ),
    "matte": SurfaceFinish(
        (110, 215), (0.015, 0.05), 0.9, 0.9, (0.0, 0.02), (0.02, 0.06), (0.1, 0.7)
    ),
}


def noise_field(shape, rng, along, across):
    """White noise smoothed to a given grain, with mean 0 and deviation 1.

    Args:
        shape: `(height, width)` in pixels.
        rng: `numpy.random.Generator`.
        along: standard deviation of the smoothing down the rows, pixels.
        across: standard deviation of the smoothing along a row, pixels.

    Returns:
        Array `(height, width)`, float32.

    Example:
        >>> import numpy as np
        >>> field = noise_field((64, 64), np.random.default_rng(0), 3.0, 3.0)
        >>> field.shape, abs(float(field.std()) - 1) < 1e-3
        ((64, 64), True)
    """
    height, width = shape
    # Coarse fields are made small and enlarged: a wide blur would be slow.
    step_y, step_x = max(1, int(along // 2)), max(1, int(across // 2))
    small = (-(-height // step_y) + 4, -(-width // step_x) + 4)
    field = rng.standard_normal(small, dtype=np.float32)
    field = cv2.GaussianBlur(
        field,
        (0, 0),
        sigmaX=max(across / step_x, 0.3),
        sigmaY=max(along / step_y, 0.3),
        borderType=cv2.BORDER_REFLECT,
    )
    if (step_y, step_x) != (1, 1):
        full = (small[1] * step_x, small[0] * step_y)
        field = cv2.resize(field, full, interpolation=cv2.INTER_CUBIC)
    field = field[2 * step_y :, 2 * step_x :][:height, :width]
    return (field - field.mean()) / (field.std() + 1e-6)


def fractal_field(shape, rng, length, octaves=4, aspect=1.0):
    """Cloudy noise: `octaves` fields, each half as coarse and half as strong.

    Args:
        shape: `(height, width)` in pixels.
        rng: `numpy.random.Generator`.
        length: grain of the coarsest octave, pixels.
        octaves: how many fields are added. Defaults to 4.
        aspect: grain along the rolling direction over grain across. Defaults to
            1.

    Returns:
        Array `(height, width)`, float32, mean 0 and deviation 1.

    Example:
        >>> import numpy as np
        >>> fractal_field((20, 30), np.random.default_rng(0), 8.0).shape
        (20, 30)
    """
    field = np.zeros(shape, np.float32)
    for octave in range(octaves):
        grain = length / 2**octave
        field += noise_field(shape, rng, grain * aspect, grain) / 2**octave
    return (field - field.mean()) / (field.std() + 1e-6)


def draw_surface(shape, finish, rng, scale=1.0):
    """Draw a sound surface, evenly lit.

    Args:
        shape: `(height, width)` in pixels.
        finish: a key of `FINISHES`.
        rng: `numpy.random.Generator`.
        scale: pixels per reference pixel. Defaults to 1.

    Returns:
        Array `(height, width)`, float32, grey levels around the finish's mean.

    Example:
        >>> import numpy as np
        >>> draw_surface((40, 60), "rolled", np.random.default_rng(0)).shape
        (40, 60)
    """
    look = FINISHES[finish]
    along, across = look.grain_along * scale, look.grain_across * scale
    grain = 0.8 * noise_field(shape, rng, along, across)
    grain += 0.35 * noise_field(shape, rng, 2.5 * along, 2.5 * across)
    grain += 0.2 * noise_field(shape, rng, 5 * along, 5 * across)
    if rng.random() < 0.5:
        grain = 0.8 * grain + rng.uniform(0.2, 0.7) * _brushed(shape, rng, scale)
    streaks = noise_field(shape, rng, 120 * scale, 0.7 * scale)
    streaks = streaks * np.clip(noise_field(shape, rng, 150 * scale, 12 * scale), 0, 2)
    bands = noise_field(shape, rng, 200 * scale, rng.uniform(5, 30) * scale)
    mottle = fractal_field(shape, rng, rng.uniform(12, 40) * scale)
    logarithm = (
        rng.uniform(*look.grain) * grain
        + rng.uniform(*look.streak) * (0.6 * streaks + bands)
        + rng.uniform(*look.mottle) * mottle
    )
    return rng.uniform(*look.grey) * np.exp(logarithm)


def _brushed(shape, rng, scale):
    """Grain of a surface that was ground or brushed at some slant."""
    height, width = shape
    margin = int(0.25 * max(shape)) + 2
    field = noise_field(
        (height + 2 * margin, width + 2 * margin), rng, 0.6 * scale, 4 * scale
    )
    center = (field.shape[1] / 2, field.shape[0] / 2)
    turn = cv2.getRotationMatrix2D(center, rng.uniform(-20, 20), 1.0)
    field = cv2.warpAffine(
        field, turn, field.shape[::-1], borderMode=cv2.BORDER_REFLECT
    )
    field = field[margin : margin + height, margin : margin + width]
    return field / (field.std() + 1e-6)


def draw_illumination(shape, fall, rng):
    """Draw the lamp's unevenness: mostly across the strip, slightly curved.

    Args:
        shape: `(height, width)` in pixels.
        fall: brightness lost from the bright to the dark side, 0 to 1.
        rng: `numpy.random.Generator`.

    Returns:
        Array `(height, width)`, float32, factors from about `1 - fall` to 1.

    Example:
        >>> import numpy as np
        >>> light = draw_illumination((40, 60), 0.5, np.random.default_rng(0))
        >>> 0.4 < float(light.min()) < float(light.max()) <= 1.0
        True
    """
    height, width = shape
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    angle = rng.choice([0, np.pi / 2, np.pi, -np.pi / 2], p=[0.4, 0.1, 0.4, 0.1])
    angle += rng.normal(0, 0.3)
    ramp = (x - 0.5) * np.cos(angle) + (y - 0.5) * np.sin(angle)
    ramp += rng.uniform(0, 0.6) * ((x - 0.5) ** 2 + (y - 0.5) ** 2)
    ramp = (ramp - ramp.min()) / (np.ptp(ramp) + 1e-6)
    return 1 - fall * ramp ** rng.uniform(0.7, 2.5)


def take_photograph(radiance, rng, scale=1.0):
    """Turn radiance into the camera's grey image: focus, sensor noise, clipping.

    Args:
        radiance: array `(height, width)`, float; 255 is the white level.
        rng: `numpy.random.Generator`.
        scale: pixels per reference pixel. Defaults to 1.

    Returns:
        Array `(height, width)`, uint8.

    Example:
        >>> import numpy as np
        >>> image = take_photograph(np.full((8, 8), 300.0), np.random.default_rng(0))
        >>> image.dtype.name, int(np.median(image))
        ('uint8', 255)
    """
    blur = max(rng.uniform(0.3, 0.8) * scale, 0.2)
    image = cv2.GaussianBlur(radiance.astype(np.float32), (0, 0), blur)
    image += rng.uniform(0.5, 3.5) * rng.standard_normal(image.shape, dtype=np.float32)
    return np.clip(np.round(image), 0, 255).astype(np.uint8)
