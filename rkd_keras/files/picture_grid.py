"""Pictures side by side, each with room for a caption: the one layout of all sheets."""

from dataclasses import dataclass

import cv2
import numpy as np

from rkd_keras.files.names import printable

INK = (40, 40, 40)


@dataclass(frozen=True)
class GridLayout:
    """Where the pictures of a grid stand, and where their captions.

    Attributes:
        height: of each picture, pixels.
        width: of each picture, pixels.
        gap: between and around the pictures, pixels.
        caption: room for a picture's caption, pixels.
        above: whether captions stand above their pictures, not below.

    Example:
        >>> layout = GridLayout(40, 50, gap=10, caption=30)
        >>> layout.size(1, 2), layout.picture(0, 1), layout.text(0, 1)
        ((90, 130), (10, 70), (50, 70))
    """

    height: int
    width: int
    gap: int = 10
    caption: int = 30
    above: bool = False

    def size(self, rows, columns):
        """Return `(height, width)` of a grid of so many rows and columns."""
        return self._corner(rows, columns)

    def picture(self, row, column):
        """Return `(top, left)` of a picture."""
        top, left = self._corner(row, column)
        return top + self.caption * self.above, left

    def text(self, row, column):
        """Return `(top, left)` of the room for a picture's caption."""
        top, left = self._corner(row, column)
        return top + self.height * (not self.above), left

    def _corner(self, row, column):
        top = self.gap + row * (self.height + self.caption + self.gap)
        return top, self.gap + column * (self.width + self.gap)


def picture_grid(rows, gap=10, caption=30, font=0.42, above=False):
    """Set pictures in a grid on white.

    Args:
        rows: list of rows, each a list of pairs: a caption and a picture, an array
            `(h, w, 3)` or `(h, w, 1)`, uint8, RGB, or `None` for an empty place. All
            pictures have one size.
        gap: between and around the pictures, pixels. Defaults to `10`.
        caption: room for the captions, pixels. Defaults to `30`.
        font: size of the captions, OpenCV's scale. Defaults to `0.42`.
        above: whether captions stand above their pictures. Defaults to `False`.

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
    layout = GridLayout(height, width, gap, caption, above)
    grid = np.full((*layout.size(len(rows), max(map(len, rows))), 3), 255, np.uint8)
    for i, row in enumerate(rows):
        for j, (text, picture) in enumerate(row):
            if picture is not None:
                top, left = layout.picture(i, j)
                # A single channel is broadcast to three.
                grid[top : top + height, left : left + width] = picture
            top, left = layout.text(i, j)
            at = (left + 1, top + round(0.65 * caption))
            face = cv2.FONT_HERSHEY_SIMPLEX
            # OpenCV ends the process at a name that is no UTF-8.
            text = printable(text)
            cv2.putText(grid, text, at, face, font, INK, 1, cv2.LINE_AA)
    return grid
