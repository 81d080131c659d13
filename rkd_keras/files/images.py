"""Read and resize images: the one rule that training and the line share.

A leaf module (numpy and OpenCV only): every room may import it, it imports
only leaves. A student that is trained on images resized by one rule and
fed by another on the line loses accuracy silently, so there is one rule.

Images in a pack (see `rkd_keras.files.packs`) are listed and read as if they were
files, so that whatever takes files takes packs.
"""

from pathlib import Path

import cv2
import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.files import results
from rkd_keras.files.decoding import (
    decode_image,
    decode_mask,
    describe_pixels,
    to_rgb_uint8,
)
from rkd_keras.files.listing import (
    IMAGE_SUFFIXES,
    list_images,
    warn_of_losses,
    why_not_read,
)
from rkd_keras.files.names import printable
from rkd_keras.files.packs import find_packed
from rkd_keras.files.replacing import replacing

__all__ = [
    "IMAGE_SUFFIXES",
    "decode_image",
    "describe_image",
    "encode_image",
    "list_images",
    "read_bytes",
    "read_image",
    "read_mask",
    "resize_image",
    "to_rgb_uint8",
    "warn_of_losses",
    "why_not_read",
    "write_image",
]


def read_image(path):
    """Read one image file as `(H, W, 3)` uint8 RGB.

    Args:
        path: the file, which may lie in a pack.

    Returns:
        Array `(H, W, 3)`, uint8, RGB.

    Raises:
        InputError: when the file is missing, unreadable or no image.
    """
    return decode_image(read_bytes(path), name=str(path))


def read_mask(path):
    """Read one mask file: true where it shows a defect.

    Args:
        path: the file, which may lie in a pack.

    Returns:
        Array `(H, W)`, bool; see `rkd_keras.files.decoding.decode_mask`.

    Raises:
        InputError: when the file is missing, unreadable or no image.
    """
    return decode_mask(read_bytes(path), name=str(path))


def describe_image(path):
    """Tell what reading an image file does to its pixels.

    Args:
        path: the file, which may lie in a pack.

    Returns:
        List of sentences without subject, see
        `rkd_keras.files.decoding.describe_pixels`.

    Raises:
        InputError: when the file is missing, unreadable or no image.
    """
    return describe_pixels(read_bytes(path), name=str(path))


def read_bytes(path):
    """Read the bytes of an image file.

    Args:
        path: the file, which may lie in a pack.

    Returns:
        Bytes.

    Raises:
        InputError: when the file is missing or unreadable, or its record in the
            pack is damaged.
    """
    path = Path(path)
    try:
        return path.read_bytes()
    except ValueError as error:  # a name that no file can have
        raise InputError(f"{printable(path)} cannot be read: {error}") from error
    except OSError as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        packed = find_packed(path) if missing else None
        if packed is None:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error
        pack, image = packed
        return pack.read(image)


def encode_image(image, suffix=".png", quality=95):
    """Encode an image.

    Args:
        image: array `(H, W)`, `(H, W, 1)` or `(H, W, 3)`, uint8, RGB.
        suffix: decides the format, such as `".png"`. Defaults to `".png"`.
        quality: of a JPEG, 1 to 100. Defaults to `95`.

    Returns:
        Bytes.

    Raises:
        InputError: for a format that OpenCV does not write, or an image that is none.

    Example:
        >>> import numpy as np
        >>> decode_image(encode_image(np.full((2, 3), 7, "uint8"))).shape
        (2, 3, 3)
    """
    image = np.asarray(image)
    if image.ndim == 3 and image.shape[-1] == 3:
        image = np.ascontiguousarray(image[..., ::-1])
    options = []
    if suffix.lower() in (".jpg", ".jpeg"):
        options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    try:
        encoded, data = cv2.imencode(suffix, image, options)
    except cv2.error as error:
        raise InputError(
            f"an image of shape {image.shape} and dtype {image.dtype} cannot be "
            f"written as {suffix or 'a file without suffix'}"
        ) from error
    if not encoded:
        raise InputError(f"an image of shape {image.shape} cannot be encoded")
    return data.tobytes()


def write_image(path, image, is_result=False, quality=95):
    """Write an image: whole, or not at all.

    Args:
        path: file to write; its suffix decides the format, its folder must exist.
        image: array `(H, W)`, `(H, W, 1)` or `(H, W, 3)`, uint8, RGB.
        is_result: whether it shows results, so that it is never read as an input
            (see `rkd_keras.files.results`); a PNG. Defaults to `False`.
        quality: of a JPEG, 1 to 100. Defaults to `95`.

    Raises:
        InputError: when it cannot be encoded or written; the message names the file.

    Example:
        >>> import pathlib, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "grey.png"
        >>> write_image(file, np.full((2, 3), 7, "uint8"))
        >>> read_image(file)[0, 0].tolist()
        [7, 7, 7]
    """
    path = Path(path)
    try:
        data = encode_image(image, path.suffix, quality)
    except InputError as error:
        raise InputError(f"{path} cannot be written: {error}") from error
    with replacing(path) as temporary:
        temporary.write_bytes(results.marked(data) if is_result else data)


def resize_image(image, size):
    """Resize an image to `size` by the package's rule.

    The aspect ratio is not kept (NEU crops are square). Along an axis that shrinks,
    areas are averaged, so that fine texture does not alias; along one that grows,
    pixels are interpolated.

    Args:
        image: array `(H, W, 3)`, uint8.
        size: `(height, width)` in pixels.

    Returns:
        Array `(height, width, 3)`, uint8.

    Example:
        >>> import numpy as np
        >>> resize_image(np.zeros((200, 200, 3), "uint8"), (64, 64)).shape
        (64, 64, 3)
    """
    height, width = size
    smaller = min(height, image.shape[0]), min(width, image.shape[1])
    if image.shape[:2] != smaller:
        image = cv2.resize(image, smaller[::-1], interpolation=cv2.INTER_AREA)
    if smaller != (height, width):
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    return image
