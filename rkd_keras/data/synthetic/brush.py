"""Drawing on a canvas finer than the image: OpenCV's lines are whole pixels."""

import cv2
import numpy as np

FINE = 2  # canvas pixels per image pixel
SUBPIXEL_BITS = 4  # fractional bits of OpenCV's drawing coordinates


def new_canvas(shape):
    """Make an empty canvas for an image of `shape`."""
    return np.zeros((shape[0] * FINE, shape[1] * FINE), np.float32)


def finish_canvas(canvas, shape, blur):
    """Blur a canvas (image pixels) and bring it down to the image's shape."""
    canvas = cv2.GaussianBlur(canvas, (0, 0), max(blur * FINE, 0.3))
    canvas = cv2.resize(canvas, shape[::-1], interpolation=cv2.INTER_AREA)
    return np.clip(1.4 * canvas, 0, 1.2)


def to_points(path):
    """Turn image coordinates (x, y) into OpenCV's fixed-point ones."""
    return np.round(np.asarray(path) * FINE * 2**SUBPIXEL_BITS).astype(np.int32)


def draw_ribbon(canvas, path, thick):
    """Draw a quadratic curve through three points, thinning at both ends."""
    start, middle, end = path
    t = np.linspace(0, 1, 25)[:, None]
    control = 2 * middle - 0.5 * (start + end)
    curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end
    tangent = np.gradient(curve, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-6
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    half = 0.5 * thick * np.minimum(1, 12 * np.minimum(t, 1 - t) + 0.2)
    ribbon = np.concatenate([curve + half * normal, (curve - half * normal)[::-1]])
    cv2.fillPoly(canvas, [to_points(ribbon)], 1.0, cv2.LINE_8, shift=SUBPIXEL_BITS)


def draw_ellipse(canvas, center, axes, angle, weight):
    """Fill an ellipse; centre and axes in image pixels, the angle in radians."""
    cv2.ellipse(
        canvas,
        tuple(int(v) for v in to_points(center)),
        tuple(max(1, int(v)) for v in to_points(axes)),
        float(np.degrees(angle)),
        0,
        360,
        float(weight),
        -1,
        cv2.LINE_8,
        shift=SUBPIXEL_BITS,
    )


def draw_crack(canvas, start, heading, length, rng, scale, depth=0):
    """Draw a wandering line of `length` image pixels, which may fork once."""
    steps = max(3, int(length / (1.8 * scale)))
    turns = heading + 0.8 * rng.standard_normal(steps)
    turns += np.cumsum(0.1 * rng.standard_normal(steps))
    moves = 1.8 * scale * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    path = start + np.cumsum(moves, axis=0)
    weight = rng.uniform(0.35, 1.0)
    thick = max(1, int(round(FINE * scale * rng.uniform(0.4, 1.1))))
    cv2.polylines(
        canvas, [to_points(path)], False, weight, thick, cv2.LINE_8, shift=SUBPIXEL_BITS
    )
    if depth == 0 and steps > 5 and rng.random() < 0.5:
        fork = path[rng.integers(1, steps - 1)]
        turn = heading + rng.choice([-1, 1]) * rng.uniform(0.6, 1.5)
        draw_crack(canvas, fork, turn, 0.5 * length, rng, scale, depth=1)
