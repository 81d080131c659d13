"""How large an image is, and how deep its pixels: what decides if two are alike."""

import cv2
import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.files.images import read_bytes
from rkd_keras.files.portable_maps import decode_portable_map, is_portable_map


def image_kind(path):
    """Tell an image's size and depth.

    Args:
        path: the file, which may lie in a pack.

    Returns:
        Triple of integers: height and width in pixels, upright, and bits a channel.

    Raises:
        InputError: when the file is missing, unreadable or no image.

    Example:
        >>> import pathlib, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "grey.pgm"
        >>> _ = file.write_bytes(b"P2 3 1 4095 0 9 4095")
        >>> image_kind(file)
        (1, 3, 12)
    """
    data = read_bytes(path)
    if is_portable_map(data):
        pixels, white = decode_portable_map(data, str(path))
        return *pixels.shape[:2], int(white).bit_length()
    buffer = np.frombuffer(data, np.uint8)
    flags = cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR
    try:
        pixels = cv2.imdecode(buffer, flags) if buffer.size else None
    except cv2.error:
        pixels = None
    if pixels is None:
        raise InputError(f"{path} cannot be decoded as an image; replace the file")
    return *pixels.shape[:2], 8 * pixels.dtype.itemsize
