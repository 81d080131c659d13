"""Many small images on one sheet, in captioned rows."""

import numpy as np

from rkd_keras.files.picture_grid import picture_grid


def contact_sheet(rows, scale=2, gap=2):
    """Lay out rows of images, each row under its caption.

    Args:
        rows: list of pairs: caption, and images `(n, H, W, 3)` or `(n, H, W, 1)`
            of uint8 or float 0 to 255, one size for all. Rows without images are
            left out.
        scale: factor by which pixels are enlarged. Defaults to `2`.
        gap: pixels between and around the images. Defaults to `2`.

    Returns:
        Array `(height, width, 3)`, uint8, RGB.

    Raises:
        InputError: when there is no image.

    Example:
        >>> import numpy as np
        >>> images = np.zeros((3, 16, 16, 3), "uint8")
        >>> contact_sheet([("original", images)], scale=1, gap=0).shape
        (32, 48, 3)
    """
    pictures = [
        [
            ("" if i else caption, _enlarged(image, scale))
            for i, image in enumerate(images)
        ]
        for caption, images in rows
        if len(images)
    ]
    return picture_grid(pictures, gap=gap, caption=16, font=0.4, above=True)


def _enlarged(image, scale):
    image = np.clip(np.round(image), 0, 255).astype("uint8")
    return np.repeat(np.repeat(image, scale, axis=0), scale, axis=1)
