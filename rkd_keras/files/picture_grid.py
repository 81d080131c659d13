"""Pictures side by side, with a caption under each."""

import cv2
import numpy as np

from rkd_keras.files.names import printable

INK = (40, 40, 40)


def picture_grid(rows, gap=10, caption=30, font=0.42):
    """Set pictures in a grid on white.

    Args:
        rows: list of rows, each a list of pairs: a caption and a picture, an array
            `(h, w, 3)`, uint8, RGB, or `None` for an empty place. All pictures have
            one size.
        gap: between and around the pictures, pixels. Defaults to `10`.
        caption: room for the captions, pixels. Defaults to `30`.
        font: size of the captions, OpenCV's scale. Defaults to `0.42`.

    Returns:
        Array `(height, width, 3)`, uint8, RGB.

    Raises:
        InputError: when there is no picture.

    Example:
        >>> picture = np.zeros((40, 50, 3), "uint8")
        >>> picture_grid([[("a", picture), ("b", picture)]]).shape
        (90, 130, 3)
    """
    from rkd_keras.errors import InputError

    pictures = [picture for row in rows for _, picture in row if picture is not None]
    if not pictures:
        raise InputError("a grid needs at least one picture. Received: none")
    height, width = pictures[0].shape[:2]
    cell_height, cell_width = height + caption + gap, width + gap
    columns = max(map(len, rows))
    shape = (len(rows) * cell_height + gap, columns * cell_width + gap, 3)
    grid = np.full(shape, 255, np.uint8)
    for i, row in enumerate(rows):
        for j, (text, picture) in enumerate(row):
            top, left = gap + i * cell_height, gap + j * cell_width
            if picture is not None:
                grid[top : top + height, left : left + width] = picture
            at = (left + 1, top + height + round(0.65 * caption))
            face = cv2.FONT_HERSHEY_SIMPLEX
            # OpenCV ends the process at a name that is no UTF-8.
            text = printable(text)
            cv2.putText(grid, text, at, face, font, INK, 1, cv2.LINE_AA)
    return grid
