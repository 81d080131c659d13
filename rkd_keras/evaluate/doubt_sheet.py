"""A contact sheet of images whose labels are doubted."""

import numpy as np

from rkd_keras.errors import InputError

COLUMNS = 6
# Pixels: side of a picture, and room for the suggested class below it.
TILE, LINE = 192, 20


def doubt_sheet(images, rows):
    """Show images under the class that was given, above the one that is suggested.

    Args:
        images: array `(n, height, width, 3)`, uint8, RGB.
        rows: list of dicts with `given`, `suggested` and `probability_suggested` in
            [0, 1], one for each image.

    Returns:
        Array `(height, width, 3)`, uint8, RGB.

    Raises:
        InputError: when there is no image, or not one for each row.

    Example:
        >>> row = {"given": "dent", "suggested": "rust", "probability_suggested": 0.9}
        >>> doubt_sheet(np.zeros((1, 32, 32, 3), "uint8"), [row]).shape
        (256, 212, 3)
    """
    import cv2

    from rkd_keras.files.images import resize_image
    from rkd_keras.files.picture_grid import INK, picture_grid

    if len(images) != len(rows):
        raise InputError(
            f"images must be as many as the {len(rows)} rows, not {len(images)}"
        )
    pictures = []
    for number, (image, row) in enumerate(zip(images, rows, strict=True), start=1):
        picture = np.full((TILE + LINE, TILE, 3), 255, np.uint8)
        picture[:TILE] = resize_image(image, (TILE, TILE))
        if row["suggested"] == row["given"]:
            text = "shares pixels with another class"
        else:
            text = f"{row['suggested']}? {row['probability_suggested']:.0%}"
        face = cv2.FONT_HERSHEY_SIMPLEX
        at = (1, TILE + 14)
        cv2.putText(picture, _plain(text), at, face, 0.38, INK, 1, cv2.LINE_AA)
        pictures.append((f"{number}: {row['given']}", picture))
    grid = [pictures[i : i + COLUMNS] for i in range(0, len(pictures), COLUMNS)]
    return picture_grid(grid, caption=24, font=0.42, above=True)


def _plain(text):
    """OpenCV ends the process at a text that is no UTF-8."""
    from rkd_keras.files.names import printable

    return printable(text)
