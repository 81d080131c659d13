"""Decoded images in a file without a name: nearly as fast as memory, and not in it."""

import math
import shutil
import tempfile
import threading
import weakref

import numpy as np

from rkd_keras.errors import InputError

# What must be left on the disk, as a share of what is written.
SPARE = 0.1


class DecodedImages:
    """Images of one shape in a temporary file, each written once.

    The file has no name and ends with the process, also with one that is killed. What
    is read often the system keeps in memory that nobody else needs.

    Args:
        count: number of images.
        size: `(height, width)` in pixels.
        folder: where the file lies. Defaults to `None`: where temporary files do.

    Raises:
        InputError: when the folder cannot be written.

    Example:
        >>> decoded = DecodedImages(2, (1, 2))
        >>> decoded.write(1, np.array([[[1, 2, 3], [4, 5, 6]]], "uint8"))
        >>> decoded.read(1).tolist()
        [[[1, 2, 3], [4, 5, 6]]]
    """

    def __init__(self, count, size, folder=None):
        self.count = count
        self.shape = (*size, 3)
        self._bytes = math.prod(self.shape)
        self._lock = threading.Lock()
        try:
            self._file = tempfile.TemporaryFile(buffering=0, dir=folder)
        except OSError as error:
            raise InputError(f"{folder} cannot be written: {error.strerror}") from error
        weakref.finalize(self, self._file.close)

    def write(self, index, image):
        """Keep an image.

        Args:
            index: its number, from 0.
            image: array `(height, width, 3)`, uint8.

        Raises:
            InputError: when the disk is full.
        """
        left = memoryview(np.ascontiguousarray(image)).cast("B")
        try:
            with self._lock:
                self._file.seek(index * self._bytes)
                while left:
                    left = left[self._file.write(left) :]
        except OSError as error:
            raise InputError(
                f"decoded images cannot be kept: {error.strerror}; make room, or give "
                "another folder"
            ) from error

    def read(self, index):
        """Return an image.

        Args:
            index: its number.

        Returns:
            Array `(height, width, 3)`, uint8.
        """
        image = np.empty(self.shape, "uint8")
        left = memoryview(image).cast("B")
        with self._lock:
            self._file.seek(index * self._bytes)
            while left:
                done = self._file.readinto(left)
                if not done:
                    raise EOFError(f"image {index} was not written")
                left = left[done:]
        return image


def has_room(count, size, folder):
    """Tell whether a folder's disk has room for decoded images.

    Args:
        count: number of images.
        size: `(height, width)` in pixels.
        folder: the folder.

    Returns:
        Whether it has.

    Example:
        >>> has_room(1, (8, 8), tempfile.gettempdir())
        True
    """
    needed = count * math.prod(size) * 3
    return shutil.disk_usage(folder).free > (1 + SPARE) * needed
