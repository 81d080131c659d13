"""Portable maps (PBM, PGM, PPM, PAM): OpenCV ignores the largest value they declare.

A camera of 12 bits writes 4095 into the header, and white arrives as 4095 of 65535.
"""

import re

import numpy as np

from rkd_keras.errors import InputError

_TOKEN = re.compile(rb"(?:\s|#[^\r\n]*)*([^\s#]+)")
_PAM_LINE = re.compile(rb"[ \t]*([^\r\n]*)\r?\n")
# Sides beyond this are damage.
_MOST = 2**20


def is_portable_map(data):
    """Tell whether a file's first bytes are those of a portable map.

    Args:
        data: bytes.

    Returns:
        A bool.

    Example:
        >>> is_portable_map(b"P5 2 2 255 "), is_portable_map(b"PNG")
        (True, False)
    """
    return data[:1] == b"P" and data[1:2] in b"1234567" and len(data) > 2


def decode_portable_map(data, name="image"):
    """Decode a portable map.

    Args:
        data: the file's bytes.
        name: what to call the image in an error message.

    Returns:
        Pair: array `(H, W, channels)`, uint8 or uint16, and the value of white, an
        integer.

    Raises:
        InputError: when the file is damaged or of a kind that is not known.

    Example:
        >>> decode_portable_map(b"P2 2 1 4095 0 4095")[0].ravel().tolist()
        [0, 4095]
    """
    try:
        return _decode(data)
    except (ValueError, IndexError, OverflowError) as error:
        raise InputError(
            f"{name} cannot be decoded as an image: its header or its length is "
            "damaged; replace the file"
        ) from error


def _decode(data):
    kind = int(data[1:2])
    if kind == 7:
        width, height, channels, white, start = _pam_header(data)
    else:
        channels = 3 if kind in (3, 6) else 1
        fields, start = _fields(data, 2, 2 if kind in (1, 4) else 3)
        width, height, white = [*fields, 1][:3]
    if not (0 < width < _MOST and 0 < height < _MOST and 0 < white < 65536):
        raise ValueError("no size of an image")
    if kind == 4:
        rows = np.frombuffer(data, np.uint8, height * (-(-width // 8)), start + 1)
        bits = np.unpackbits(rows.reshape(height, -1), axis=1)[:, :width]
        return 255 * (1 - bits)[..., None], 255  # 1 is ink
    if kind == 1:
        digits = re.sub(rb"#[^\r\n]*", b"", data[start:])
        bits = np.frombuffer(re.sub(rb"\s", b"", digits), np.uint8) - ord("0")
        bits = bits[: width * height].reshape(height, width, 1)
        return 255 * (1 - bits.astype(bool)).astype(np.uint8), 255
    count = width * height * channels
    if kind in (2, 3):
        text = re.sub(rb"#[^\r\n]*", b"", data[start:])
        pixels = np.array(text.split()[:count], dtype=np.int64)
        if pixels.size and not 0 <= pixels.min() <= pixels.max() < 65536:
            raise ValueError("no pixels")
    else:
        depth = np.dtype("u1" if white < 256 else ">u2")
        # One white space follows a header; that of PAM ends with its line.
        pixels = np.frombuffer(data, depth, count, start + (kind != 7))
    pixels = pixels.astype(np.uint8 if white < 256 else np.uint16)
    return pixels.reshape(height, width, channels), white


def _fields(data, position, count):
    """Read numbers between white space and comments; return where they end."""
    fields = []
    for _ in range(count):
        match = _TOKEN.match(data, position)
        if match is None:
            raise ValueError("the header ends early")
        fields.append(int(match[1]))
        position = match.end()
    return fields, position


def _pam_header(data):
    found, position = {}, 2
    while True:
        match = _PAM_LINE.match(data, position)
        if match is None:
            raise ValueError("the header ends early")
        position = match.end()
        word, _, value = match[1].partition(b" ")
        if word == b"ENDHDR":
            break
        if word in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"):
            found[word] = int(value)
    names = (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL")
    if any(name not in found for name in names):
        raise ValueError("the header lacks a size")
    return *(found[name] for name in names), position
