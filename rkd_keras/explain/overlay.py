"""Lay heat maps over their images (Figure 19)."""

import cv2
import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.files.images import to_rgb_uint8
from rkd_keras.files.picture_grid import picture_grid

WHITE = (255, 255, 255)


def resize_heat(heat, shape):
    """Bring a heat map to an image's size.

    Args:
        heat: array `(h, w)`, float.
        shape: `(height, width)` of the image.

    Returns:
        Array `(height, width)`, float32.

    Raises:
        InputError: when `heat` has not two axes.

    Example:
        >>> import numpy as np
        >>> resize_heat(np.ones((8, 8)), (20, 30)).shape
        (20, 30)
    """
    heat = np.asarray(heat, dtype=np.float32)
    if heat.ndim != 2:
        raise InputError(f"`heat` must be (h, w). Received: shape={heat.shape}")
    size = (shape[1], shape[0])
    return cv2.resize(heat, size, interpolation=cv2.INTER_LINEAR)


def heat_overlay(image, heat, strength=0.55, boxes=None, least_side=400):
    """Colour an image by a heat map: red is hot, cold stays the image.

    Args:
        image: array `(H, W)` or `(H, W, 3)`, uint8.
        heat: array `(h, w)` in [0, 1] of any size.
        strength: opacity of the hottest pixel, in [0, 1]. Defaults to `0.55`.
        boxes: array `(boxes, 4)` of `(xmin, ymin, xmax, ymax)` in the image's
            pixels to draw in white, or `None`. Defaults to `None`.
        least_side: small images are enlarged by a whole factor until their
            shorter side has so many pixels. Defaults to `400`.

    Returns:
        Array `(H, W, 3)`, uint8, RGB.

    Raises:
        InputError: for an image that is none or a heat map that is none.

    Example:
        >>> import numpy as np
        >>> image = np.zeros((200, 200), "uint8")
        >>> heat_overlay(image, np.eye(8)).shape
        (400, 400, 3)
    """
    image = to_rgb_uint8(image)
    factor = max(1, -(-least_side // min(image.shape[:2])))
    size = (image.shape[1] * factor, image.shape[0] * factor)
    canvas = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST)
    heat = np.clip(resize_heat(heat, canvas.shape[:2]), 0, 1)
    colors = cv2.applyColorMap((heat * 255).astype(np.uint8), cv2.COLORMAP_TURBO)
    opacity = (strength * np.sqrt(heat))[..., None]
    mixed = canvas * (1 - opacity) + colors[..., ::-1] * opacity
    canvas = np.round(mixed).astype(np.uint8)
    for box in [] if boxes is None else np.asarray(boxes).tolist():
        left, top, right, bottom = (int(v) * factor for v in box)
        last = (min(right, canvas.shape[1]) - 1, min(bottom, canvas.shape[0]) - 1)
        cv2.rectangle(canvas, (left, top), last, WHITE, max(1, factor))
    return canvas


def explanation_grid(rows, side=200):
    """Set pictures in a grid: a row per image, captions under each picture.

    Args:
        rows: list of rows, each a list of `(caption, array (h, w, 3) uint8)`.
        side: of each picture in pixels. Defaults to `200`.

    Returns:
        Array, uint8, RGB, on white.

    Example:
        >>> import numpy as np
        >>> cell = ("a", np.zeros((10, 10, 3), "uint8"))
        >>> explanation_grid([[cell, cell]], side=40).shape
        (90, 110, 3)
    """
    size = (side, side)
    return picture_grid(
        [
            [(caption, _fitted(picture, size)) for caption, picture in row]
            for row in rows
        ]
    )


def _fitted(picture, size):
    shrinks = picture.shape[0] > size[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(picture, size, interpolation=method)
