"""From a file's bytes to pixels: the one rule for depth, range, turn and polarity.

Every image arrives as `(H, W, 3)`, uint8, RGB, with 0 for black and 255 for white:

- grey is repeated on three channels, a palette gives its colours, alpha is dropped;
- 16 bits are divided by 257; a portable map is stretched from the value of white that
  its header declares; pixels of any other type are refused, for nothing tells their
  range;
- where a TIFF says that 0 is white, it is inverted;
- what the file says of its turn (EXIF, TIFF) is done: the image arrives upright;
- of several pictures (animation, pages) the first is taken.

`describe_pixels` tells which of these was done to a file.
"""

import struct

import cv2
import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.files.portable_maps import decode_portable_map, is_portable_map

# Depth as it is, colours as they are, and upright.
_FLAGS = cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR
# Largest value of a mask whose pixels are numbers of classes rather than brightness.
_MOST_LABELS = 15


def to_rgb_uint8(image, white=None, name="An image"):
    """Bring any decoded image to `(H, W, 3)` uint8 RGB.

    Grey images are repeated on three channels, an alpha channel is dropped,
    16-bit images are divided by 257 (65535 becomes 255).

    Args:
        image: array `(H, W)`, `(H, W, 1)`, `(H, W, 3)` or `(H, W, 4)` of uint8
            or uint16; colour in RGB(A) order.
        white: value of white in `image`. Defaults to `None`: the largest of its type.
        name: what to call it in an error message.

    Returns:
        Array `(H, W, 3)`, uint8.

    Raises:
        InputError: for another shape or dtype, or an image without pixels.

    Example:
        >>> import numpy as np
        >>> to_rgb_uint8(np.full((4, 5), 65535, "uint16"))[0, 0].tolist()
        [255, 255, 255]
        >>> to_rgb_uint8(np.full((4, 5), 4095, "uint16"), white=4095)[0, 0].tolist()
        [255, 255, 255]
    """
    image = np.asarray(image)
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or image.shape[-1] not in (1, 3, 4) or image.size == 0:
        raise InputError(
            f"{name} must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) with at "
            f"least one pixel. Received: shape={image.shape}"
        )
    if image.dtype not in (np.uint8, np.uint16):
        raise InputError(
            f"{name} must be uint8 or uint16, for nothing tells which value is white "
            f"in another; save it with 8 or 16 bits. Received: dtype={image.dtype}"
        )
    most = np.iinfo(image.dtype).max
    if most != 255 or (white or most) != most:
        scaled = np.round(image * (255 / (white or most)))
        image = np.minimum(scaled, 255).astype(np.uint8)
    if image.shape[-1] == 1:
        return np.repeat(image, 3, axis=-1)
    return np.ascontiguousarray(image[..., :3])


def decode_image(data, name="image"):
    """Decode an encoded image (PNG, JPEG, BMP, TIFF, ...) from bytes.

    Grey, colour, palette, alpha and 16-bit files all arrive alike, upright and with 0
    for black.

    Args:
        data: the file's bytes.
        name: what to call the image in an error message.

    Returns:
        Array `(H, W, 3)`, uint8, RGB.

    Raises:
        InputError: when the bytes are no image that can be decoded.
    """
    pixels, white = _decode(data, name)
    return to_rgb_uint8(pixels, white, name)


def decode_mask(data, name="mask"):
    """Decode a mask: true where an image shows a defect.

    A mask whose largest value is at most 15 numbers its classes, and one of at most 15
    levels or colours, none of them nearly black, shows them: all but 0 is true.
    Otherwise brightness counts, and what is brighter than half of the mask's brightest
    pixel is true. So masks of 0 and 1, of 0 and 255, of a level for each class, and of
    16 bits mean the same.

    Args:
        data: the file's bytes.
        name: what to call the mask in an error message.

    Returns:
        Array `(H, W)`, bool.

    Raises:
        InputError: when the bytes are no image that can be decoded, or its pixels no
            numbers.

    Example:
        >>> decode_mask(b"P2 3 1 255 0 1 1").tolist()
        [[False, True, True]]
    """
    pixels, _ = _decode(data, name)
    if pixels.ndim == 3:
        pixels = pixels[..., :3].max(axis=-1)
    if pixels.size == 0:
        raise InputError(f"{name} holds no pixels; replace the file")
    brightest = pixels.max()
    if not np.isfinite(brightest):
        raise InputError(
            f"{name} holds pixels that are no numbers; save it with 8 bits"
        )
    levels = np.unique(pixels[pixels > 0])
    # Of classes there are few, and none is nearly black as a JPEG's noise is.
    is_classes = len(levels) <= _MOST_LABELS and not (levels <= _MOST_LABELS).any()
    if brightest <= _MOST_LABELS or is_classes:
        return pixels > 0
    return pixels > brightest / 2


def _decode(data, name):
    """Return pixels `(H, W)` or `(H, W, C)` in RGB order, and the value of white."""
    if is_portable_map(data):
        pixels, white = decode_portable_map(data, name)
        if pixels.shape[-1] == 2:  # grey and alpha
            pixels = pixels[..., :1]
        return pixels, white
    pixels = _by_opencv(data, _FLAGS)
    if pixels is None:
        raise InputError(f"{name} cannot be decoded as an image; replace the file")
    if pixels.dtype == np.uint16:
        tags = tiff_tags(data)
        # OpenCV takes the first rows of the first plane for the picture.
        if tags.get(284) == 2 and tags.get(277, 1) > 1:
            raise InputError(
                f"{name} holds a plane for each colour, which is read with 8 bits "
                "alone; save it with the colours of a pixel together"
            )
        # OpenCV inverts TIFFs of 8 bits and fewer itself.
        if tags.get(262) == 0:
            pixels = np.iinfo(pixels.dtype).max - pixels
    if pixels.ndim == 3 and pixels.shape[-1] >= 3:
        order = cv2.COLOR_BGRA2RGB if pixels.shape[-1] == 4 else cv2.COLOR_BGR2RGB
        if pixels.dtype in (np.uint8, np.uint16):
            pixels = cv2.cvtColor(pixels, order)
    return pixels, None


def _by_opencv(data, flags):
    buffer = np.frombuffer(data, dtype=np.uint8)
    try:
        return cv2.imdecode(buffer, flags) if buffer.size else None
    except cv2.error:
        return None


def tiff_tags(data):
    """Read the numbers in the first directory of a TIFF.

    Args:
        data: the file's bytes, of whatever format.

    Returns:
        Dict from tag to its first value; empty for what is no TIFF. The key
        `"pictures"` holds the number of directories.

    Example:
        >>> tiff_tags(b"no TIFF")
        {}
    """
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None:
        return {}
    try:
        (version,) = struct.unpack_from(order + "H", data, 2)
        if version not in (42, 43):
            return {}
        return _directories(data, order, big=version == 43)
    except (struct.error, OverflowError):
        return {}


def _directories(data, order, big):
    head, count_of, size = ("Q", "Q", 20) if big else ("I", "H", 12)
    (place,) = struct.unpack_from(order + head, data, 8 if big else 4)
    tags, seen = {}, set()
    while place and place not in seen and len(seen) < 10000:
        (count,) = struct.unpack_from(order + count_of, data, place)
        entries = place + struct.calcsize(order + count_of)
        first = range(entries, entries + count * size, size) if not seen else ()
        for entry in first:
            tag, kind = struct.unpack_from(order + "HH", data, entry)
            value = {1: "B", 3: "H", 4: "I"}.get(kind)
            if value:
                at = entry + (12 if big else 8)
                (tags[tag],) = struct.unpack_from(order + value, data, at)
        seen.add(place)
        (place,) = struct.unpack_from(order + head, data, entries + count * size)
    return {**tags, "pictures": len(seen)}


def describe_pixels(data, name="image"):
    """Tell what `decode_image` does to a file's pixels.

    Args:
        data: the file's bytes.
        name: what to call the image in an error message.

    Returns:
        List of sentences without subject, such as `"16 bits a channel, divided by
        257"`; empty where the pixels arrive as they are.

    Raises:
        InputError: when `decode_image` does.

    Example:
        >>> describe_pixels(b"P2 2 1 4095 0 4095")
        ['the values up to 4095 that the header declares are stretched to 255']
    """
    pixels, white = _decode(data, name)
    to_rgb_uint8(pixels, white, name)
    notes = []
    if white not in (None, 255):
        notes.append(
            f"the values up to {white} that the header declares are stretched to 255"
        )
    elif white is None and pixels.dtype == np.uint16:
        notes.append("16 bits a channel, divided by 257")
        bits = int(pixels.max()).bit_length()
        if bits <= 12:
            notes.append(
                f"16 bits, of which only the lower {bits} are used: it arrives nearly "
                "black; scale it before"
            )
    tags = tiff_tags(data)
    if tags.get(262) == 0:
        notes.append("0 is white in the file; inverted")
    has_ink = tags.get(262) == 5  # CMYK's fourth channel
    if not has_ink and (pixels.shape[2:] == (4,) or _has_alpha(data)):
        notes.append("the alpha channel is dropped")
    if tags.get(274, 1) != 1 or _is_turned(data):
        notes.append("turned upright, as the file says")
    pictures = tags.get("pictures") or _pictures(data)
    if pictures > 1:
        notes.append("several pictures in one file; the first is taken")
    return notes


def _is_turned(data):
    if not any(mark in data for mark in (b"Exif", b"eXIf", b"EXIF")):
        return False
    plain = _by_opencv(data, _FLAGS | cv2.IMREAD_IGNORE_ORIENTATION)
    shown = _by_opencv(data, _FLAGS)
    return plain is not None and not np.array_equal(plain, shown)


def _has_alpha(data):
    if data[:2] == b"\xff\xd8":  # a JPEG has none
        return False
    whole = _by_opencv(data, cv2.IMREAD_UNCHANGED)
    return whole is not None and whole.ndim == 3 and whole.shape[-1] == 4


def _pictures(data):
    """Count the pictures of an animation."""
    is_animated_png = data[:4] == b"\x89PNG" and b"acTL" in data[:4096]
    if data[:4] != b"GIF8" and data[8:12] != b"WEBP" and not is_animated_png:
        return 1
    buffer = np.frombuffer(data, dtype=np.uint8)
    try:
        return len(cv2.imdecodemulti(buffer, cv2.IMREAD_UNCHANGED)[1])
    except cv2.error:
        return 1
