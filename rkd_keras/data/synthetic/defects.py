"""The six NEU defect classes, drawn as contrast over a sound surface.

Each function returns a contrast field `c` of the asked shape: the drawn surface
is `surface * exp(c)`, so that dark defects keep the surface's texture and bright
ones saturate as they do before a camera. Where `abs(c)` exceeds `VISIBLE` the
defect counts as seen; boxes and masks come from there. Lengths are in reference
pixels times `scale`; rows run along the rolling direction.
"""

import cv2
import numpy as np

from rkd_keras.data.synthetic.brush import (
    draw_crack,
    draw_ellipse,
    draw_ribbon,
    finish_canvas,
    new_canvas,
)
from rkd_keras.data.synthetic.surface import fractal_field, noise_field

VISIBLE = 0.06


def draw_crazing(shape, rng, scale=1.0):
    """Draw a net of fine, dark, broken cracks, mostly across the strip.

    Args:
        shape: `(height, width)` in pixels.
        rng: `numpy.random.Generator`.
        scale: pixels per reference pixel. Defaults to 1.

    Returns:
        Contrast field `(height, width)`, float32.

    Example:
        >>> import numpy as np
        >>> float(draw_crazing((90, 90), np.random.default_rng(0)).min()) < -0.1
        True
    """
    height, width = shape
    area = height * width / (200 * scale) ** 2
    lines = new_canvas(shape)
    heading = rng.choice([0.0, np.pi / 2], p=[0.8, 0.2]) + rng.normal(0, 0.15)
    for _ in range(max(4, int(rng.uniform(60, 170) * area))):
        start = rng.uniform((0, 0), (width, height))
        draw_crack(lines, start, heading, rng.gamma(1.6, 14) * scale, rng, scale)
    lines = finish_canvas(lines, shape, 0.5 * scale)
    fading = np.clip(0.7 + 0.5 * noise_field(shape, rng, 5 * scale, 5 * scale), 0, 1)
    dense = np.clip(0.7 + 0.5 * fractal_field(shape, rng, 45 * scale, 2), 0.1, 1)
    smudge = np.clip(noise_field(shape, rng, 2 * scale, 3 * scale) - 2.2, 0, 1)
    strength = rng.uniform(0.5, 1.2)
    return -strength * np.minimum(lines * fading * dense + 0.8 * smudge * dense, 1.3)


def draw_inclusion(shape, rng, scale=1.0):
    """Draw ragged slivers drawn out along the rolling direction, mostly dark.

    Args:
        shape: `(height, width)` in pixels.
        rng: `numpy.random.Generator`.
        scale: pixels per reference pixel. Defaults to 1.

    Returns:
        Contrast field `(height, width)`, float32.

    Example:
        >>> import numpy as np
        >>> float(abs(draw_inclusion((90, 90), np.random.default_rng(0))).max()) > 0.1
        True
    """
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    ragged = 0.6 * noise_field(shape, rng, 10 * scale, 1.6 * scale)
    ragged += 0.3 * noise_field(shape, rng, 3 * scale, 0.9 * scale)
    sway = 3 * scale * noise_field(shape, rng, 25 * scale, 40 * scale)
    body = np.full(shape, -9, np.float32)
    for _ in range(rng.integers(1, 4)):
        home = rng.uniform((0.1 * width, 0.05 * height), (0.9 * width, 0.95 * height))
        for _ in range(1 + rng.poisson(2.5)):
            middle = home + rng.normal(0, (14 * scale, 30 * scale))
            half_length = rng.gamma(2.2, 11) * scale + 4 * scale
            half_width = (1.2 + rng.gamma(1.6, 1.3)) * scale
            along = (y - middle[1]) / half_length
            across = (x - middle[0] - sway) / half_width
            sliver = 1.2 - across**2 - np.abs(along) ** 3 - 0.2 * along
            body = np.maximum(body, sliver)
    alpha = _step(body + 0.5 * ragged, 0.35, 0.8)
    alpha *= np.clip(0.85 + 0.2 * ragged, 0.3, 1.1)
    return _polarity(rng, 0.96) * rng.uniform(0.3, 0.75) * alpha


def draw_patches(shape, rng, scale=1.0):
    """Draw large blotches of another tone, soft or rimmed, with crumbs beside.

    Args:
        shape: `(height, width)` in pixels.
        rng: `numpy.random.Generator`.
        scale: pixels per reference pixel. Defaults to 1.

    Returns:
        Contrast field `(height, width)`, float32.

    Example:
        >>> import numpy as np
        >>> float(abs(draw_patches((90, 90), np.random.default_rng(0))).max()) > 0.1
        True
    """
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    outline = fractal_field(shape, rng, rng.uniform(12, 30) * scale, 5, aspect=1.3)
    frayed = fractal_field(shape, rng, 3 * scale, 2)
    body = np.full(shape, -9, np.float32)
    for _ in range(rng.integers(1, 5)):
        middle = rng.uniform((0.08, 0.08), (0.92, 0.92)) * (width, height)
        half_width = rng.uniform(8, 42) * scale
        half_length = half_width * rng.uniform(0.7, 3.0)
        radius = np.hypot((x - middle[0]) / half_width, (y - middle[1]) / half_length)
        body = np.maximum(body, 1.3 - radius)
    body += rng.uniform(0.2, 0.55) * outline + rng.uniform(0.02, 0.15) * frayed
    edge = rng.uniform(0.12, 0.8)
    alpha = _step(body, 0.3, 0.3 + edge)
    if rng.random() < 0.4:
        rim = alpha * (1 - _step(body, 0.35 + edge, 0.9))
        alpha = 0.6 * alpha + 0.5 * rim
    alpha *= np.clip(1 + 0.12 * fractal_field(shape, rng, 8 * scale), 0.4, 1.3)
    contrast = _polarity(rng, 0.93) * rng.uniform(0.45, 1.5) * alpha
    if rng.random() < 0.35:
        near = _step(fractal_field(shape, rng, 25 * scale, 2), 1.0, 1.8)
        crumbs = _step(noise_field(shape, rng, 1.3 * scale, 1.7 * scale), 0.7, 1.4)
        contrast -= rng.uniform(0.5, 1.4) * near * crumbs
    return contrast


def draw_pitted_surface(shape, rng, scale=1.0):
    """Draw many small pits, round or slightly drawn out, in drifting density.

    Args:
        shape: `(height, width)` in pixels.
        rng: `numpy.random.Generator`.
        scale: pixels per reference pixel. Defaults to 1.

    Returns:
        Contrast field `(height, width)`, float32.

    Example:
        >>> import numpy as np
        >>> field = draw_pitted_surface((90, 90), np.random.default_rng(0))
        >>> float(abs(field).max()) > 0.1
        True
    """
    density = fractal_field(shape, rng, rng.uniform(30, 80) * scale, 2)
    if rng.random() < 0.6:
        pits = _round_pits(shape, density, rng, scale)
    else:
        size = rng.uniform(0.9, 1.8) * scale
        threshold = rng.uniform(0.7, 1.6) - 0.35 * density
        bumps = noise_field(shape, rng, size * rng.uniform(1.0, 1.5), size)
        pits = _step(bumps - threshold, 0.0, 0.6)
    if rng.random() < 0.25:
        pits *= _half_plane(shape, rng, scale)
    # A pit is a hollow: the wall that faces the lamp is lit.
    lift = cv2.GaussianBlur(pits, (0, 0), 0.8 * scale)
    lit = lift - np.roll(lift, int(round(1.5 * scale)) or 1, axis=0)
    contrast = -rng.uniform(0.28, 0.65) * pits + rng.uniform(0, 0.25) * lit
    return _polarity(rng, 0.98) * -contrast


def draw_rolled_in_scale(shape, rng, scale=1.0):
    """Draw flocks of small flat flecks across the strip, each with a lit edge.

    Args:
        shape: `(height, width)` in pixels.
        rng: `numpy.random.Generator`.
        scale: pixels per reference pixel. Defaults to 1.

    Returns:
        Contrast field `(height, width)`, float32.

    Example:
        >>> import numpy as np
        >>> field = draw_rolled_in_scale((90, 90), np.random.default_rng(0))
        >>> float(abs(field).max()) > 0.1
        True
    """
    height, width = shape
    area = height * width / (200 * scale) ** 2
    dark, lit = new_canvas(shape), new_canvas(shape)
    slant = rng.normal(-0.15, 0.25)
    for _ in range(max(1, int(rng.uniform(7, 26) * area + 0.5))):
        flock = rng.uniform((0, 0), (width, height))
        drift = rng.normal(0, 0.6)
        for _ in range(1 + rng.poisson(rng.uniform(1, 8))):
            step = rng.normal(0, 12) * scale
            spot = flock + (step, step * drift + rng.normal(0, 4) * scale)
            length = rng.uniform(1.5, 4.5) * scale
            height_ = length * rng.uniform(0.25, 0.5)
            angle = slant + rng.normal(0, 0.2)
            weight = rng.uniform(0.3, 1)
            draw_ellipse(dark, spot, (length, height_), angle, weight)
            below = spot + (0.3 * length, 1.6 * height_ + 0.5 * scale)
            draw_ellipse(lit, below, (0.8 * length, 0.7 * height_), angle, weight)
    dark, lit = (finish_canvas(each, shape, 0.6 * scale) for each in (dark, lit))
    worn = np.clip(0.8 + 0.4 * noise_field(shape, rng, 1.2 * scale, 2 * scale), 0, 1.2)
    contrast = -dark * worn + rng.uniform(0.1, 0.6) * lit
    return rng.uniform(0.55, 1.1) * contrast


def draw_scratches(shape, rng, scale=1.0):
    """Draw long, thin, straight strokes along the strip, mostly bright.

    Args:
        shape: `(height, width)` in pixels.
        rng: `numpy.random.Generator`.
        scale: pixels per reference pixel. Defaults to 1.

    Returns:
        Contrast field `(height, width)`, float32.

    Example:
        >>> import numpy as np
        >>> float(abs(draw_scratches((90, 90), np.random.default_rng(0))).max()) > 0.1
        True
    """
    height, width = shape
    contrast = np.zeros(shape, np.float32)
    heading = rng.choice([np.pi / 2, 0.0], p=[0.85, 0.15])
    sign = _polarity(rng, 0.12)
    top = rng.uniform(0.5, 1.4)
    for _ in range(1 + rng.poisson(1.6)):
        lines = new_canvas(shape)
        if rng.random() < 0.12:
            angle = rng.uniform(0, np.pi)
        else:
            angle = heading + rng.normal(0, 0.03)
        length = rng.uniform(50, 260) * scale
        middle = rng.uniform((0, 0), (width, height))
        reach = 0.5 * length * np.array([np.cos(angle), np.sin(angle)])
        bend = rng.normal(0, 0.02) * length
        side = bend * np.array([-np.sin(angle), np.cos(angle)])
        path = np.stack([middle - reach, middle + side, middle + reach])
        thick = rng.choice([0.8, 1.6, 3.0, 7.0], p=[0.45, 0.3, 0.18, 0.07]) * scale
        draw_ribbon(lines, path, thick)
        stroke = finish_canvas(lines, shape, rng.uniform(0.4, 0.9) * scale)
        vertical = abs(np.sin(angle)) > 0.7
        along, across = (9, 0.7) if vertical else (0.7, 9)
        wear = noise_field(shape, rng, along * scale, across * scale)
        broken = noise_field(shape, rng, 2 * scale, 2 * scale)
        stroke *= np.clip(0.85 + rng.uniform(0.1, 0.6) * wear, 0, 1.3)
        stroke *= np.clip(0.9 + rng.uniform(0.0, 0.5) * broken, 0, 1.3)
        weight = rng.uniform(0.55, 1.0) * sign * top
        contrast += weight * stroke
    return contrast


DRAW_DEFECT = {
    "crazing": draw_crazing,
    "inclusion": draw_inclusion,
    "patches": draw_patches,
    "pitted_surface": draw_pitted_surface,
    "rolled-in_scale": draw_rolled_in_scale,
    "scratches": draw_scratches,
}


def _round_pits(shape, density, rng, scale):
    height, width = shape
    area = height * width / (200 * scale) ** 2
    pits = new_canvas(shape)
    spots = rng.uniform((0, 0), (width, height), (int(rng.uniform(120, 600) * area), 2))
    here = density[spots[:, 1].astype(int), spots[:, 0].astype(int)]
    chosen = spots[here > rng.uniform(-1.2, 0.4)]
    if not len(chosen):
        chosen = spots[[int(np.argmax(here))]]
    typical = rng.uniform(0.8, 1.9) * scale
    for spot in chosen:
        across = typical * rng.lognormal(0, 0.35)
        along = across * rng.uniform(0.8, 1.8)
        draw_ellipse(
            pits, spot, (across, along), rng.normal(0, 0.3), rng.uniform(0.3, 1)
        )
    return finish_canvas(pits, shape, rng.uniform(0.5, 1.0) * scale)


def _half_plane(shape, rng, scale):
    height, width = shape
    x = np.arange(width, dtype=np.float32)[None]
    border = rng.uniform(0.25, 0.75) * width
    waver = 4 * scale * noise_field((height, 8), rng, 20 * scale, 4.0)[:, :1]
    side = rng.choice([-1, 1])
    return _step(side * (x - border - waver), -scale, scale)


def _step(values, low, high):
    """Rise smoothly from 0 at `low` to 1 at `high`."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def _polarity(rng, dark):
    """Sign of the contrast: -1 with probability `dark`, else +1."""
    return -1.0 if rng.random() < dark else 1.0
