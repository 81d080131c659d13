"""Many small images on one sheet, in captioned rows."""

import cv2
import numpy as np

from rkd_keras.files.names import printable


def contact_sheet(rows, scale=2, gap=2):
    """Lay out rows of images with captions.

    Args:
        rows: list of pairs: caption, and images `(n, H, W, 3)` or `(n, H, W, 1)`
            of uint8 or float 0 to 255, one size for all.
        scale: factor by which pixels are enlarged. Defaults to `2`.
        gap: pixels between images. Defaults to `2`.

    Returns:
        Array `(height, width, 3)`, uint8, RGB.

    Raises:
        ValueError: when there is no image.

    Example:
        >>> import numpy as np
        >>> images = np.zeros((3, 16, 16, 3), "uint8")
        >>> contact_sheet([("original", images)], scale=1, gap=0).shape
        (32, 48, 3)
    """
    rows = [(caption, np.asarray(images)) for caption, images in rows]
    rows = [(caption, images) for caption, images in rows if len(images)]
    if not rows:
        raise ValueError("`rows` must hold at least one image. Received: none")
    columns = max(len(images) for _, images in rows)
    height, width = (scale * side for side in rows[0][1].shape[1:3])
    caption_height = 16
    sheet_width = columns * width + (columns - 1) * gap
    strips = []
    for caption, images in rows:
        strip = np.full((caption_height + height + gap, sheet_width, 3), 255, "uint8")
        cv2.putText(
            strip,
            # OpenCV ends the process at a name that is no UTF-8.
            printable(caption),
            (2, 12),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.4,
            (0, 0, 0),
            1,
            cv2.LINE_AA,
        )
        for i, image in enumerate(images):
            image = np.clip(np.round(image), 0, 255).astype("uint8")
            image = np.repeat(np.repeat(image, scale, axis=0), scale, axis=1)
            left = i * (width + gap)
            # A single channel is broadcast to three.
            strip[caption_height : caption_height + height, left : left + width] = image
        strips.append(strip)
    return np.concatenate(strips)
