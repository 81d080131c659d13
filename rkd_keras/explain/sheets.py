"""Draw feature maps, a row per stage (Figure 11); needs no Keras."""

import cv2
import numpy as np

from rkd_keras.files.images import to_rgb_uint8
from rkd_keras.files.picture_grid import picture_grid


def sheet_of_maps(maps, image, channels=8, side=128):
    """Draw feature maps that were computed elsewhere, see `feature_sheet`.

    Args:
        maps: dict from caption to array `(h, w, channels)`, float.
        image: array `(H, W, 3)`, uint8, what they were computed of.
        channels: maps per row beside the mean. Defaults to `8`.
        side: of a map in pixels. Defaults to `128`.

    Returns:
        Array `(h, w, 3)`, uint8, RGB.
    """
    picture = cv2.resize(
        to_rgb_uint8(image), (side, side), interpolation=cv2.INTER_AREA
    )
    rows = []
    for name, values in maps.items():
        height, width, depth = values.shape
        order = np.argsort(-values.var(axis=(0, 1)), kind="stable")[:channels]
        rows.append(
            [
                ("", None) if rows else ("input", picture),
                (f"{name} {height}x{width}x{depth}", _painted(values.mean(-1), side)),
                *((f"map {i}", _painted(values[..., i], side)) for i in order.tolist()),
            ]
        )
    return picture_grid(rows, gap=6, caption=20, font=0.38)


def _painted(tile, side):
    low, high = float(tile.min()), float(tile.max())
    scaled = (tile - low) / (high - low) if high > low else np.zeros_like(tile)
    scaled = (scaled * 255).round().astype(np.uint8)
    scaled = cv2.resize(scaled, (side, side), interpolation=cv2.INTER_NEAREST)
    return cv2.applyColorMap(scaled, cv2.COLORMAP_VIRIDIS)[..., ::-1]
