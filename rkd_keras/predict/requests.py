"""Answer the requests of another program, in order."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from rkd_keras.errors import InputError
from rkd_keras.files.images import decode_image, read_image
from rkd_keras.files.results import is_result
from rkd_keras.predict.answer import Answer
from rkd_keras.predict.predictor import Predictor

# Bytes. What is longer was not meant so: pixels without their number before them.
LONGEST_LINE = 65_536
LARGEST_IMAGE = 2**30
_CHUNK = 2**20


def answer_requests(stream: BinaryIO, predictor: Predictor) -> Iterator[Answer]:
    r"""Classify the images that another program asks for, one after the other.

    A request is a line with a file's path, or a line with a number and behind it that
    many bytes of an encoded image. Empty lines mean nothing, so that a line break may
    follow an image. A file that is called by a number is asked for as `./12`.

    Args:
        stream: where the requests are read, opened for bytes.
        predictor: a `Predictor`.

    Yields:
        An `Answer` for each request in order, before the next one is read; its `about`
        holds the `request`, counted from 1. What is no image gives one with `error`.

    Example:
        >>> import io
        >>> import numpy as np
        >>> from rkd_keras.files.images import encode_image
        >>> from rkd_keras.predict import load
        >>> png = encode_image(np.zeros((64, 64), np.uint8))
        >>> stream = io.BytesIO(b"gone.png\n%d\n%s" % (len(png), png))
        >>> first, second = answer_requests(stream, load())
        >>> first.error, second.verdict.label
        ('gone.png cannot be read: No such file or directory', 'unknown')
    """
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        if not line.strip():
            continue
        number += 1
        is_sent = line.strip().isdigit() or len(line) > LONGEST_LINE
        file = None if is_sent else Path(os.fsdecode(line.rstrip(b"\r\n")))
        verdict, error = None, None
        try:
            name = f"request {number}"
            image = _sent(stream, line, name) if is_sent else _named(file)
            (verdict,) = predictor.predict(image)
        except InputError as caught:
            error = str(caught)
        yield Answer(file, verdict, error, {"request": number})


def _named(file):
    image = read_image(file)
    if is_result(file):
        raise InputError(f"{file} shows results of rkd-keras")
    return image


def _sent(stream, line, name):
    if len(line) > LONGEST_LINE:
        _skip_line(stream, line)
        raise InputError(
            f"{name} is a line of more than {LONGEST_LINE} bytes; send an image behind "
            "a line with the number of its bytes"
        )
    return decode_image(_read(stream, line.strip(), name), f"the image of {name}")


def _skip_line(stream, line):
    while line and not line.endswith(b"\n"):
        line = stream.readline(_CHUNK)


def _read(stream, digits, name):
    """Read as many bytes as the digits say; too many are read and dropped."""
    size = int(digits[:20])
    chunks, left = [], size
    while left:
        chunk = stream.read(min(left, _CHUNK))
        if not chunk:
            raise InputError(
                f"{name} ended after {size - left} of {size} bytes of its image"
            )
        left -= len(chunk)
        if size <= LARGEST_IMAGE:
            chunks.append(chunk)
    if size > LARGEST_IMAGE:
        raise InputError(f"{name} is an image of more than {LARGEST_IMAGE} bytes")
    return b"".join(chunks)
