"""What we write: names that no two results share, and pictures that are known again.

A picture that shows results carries a mark, so that it is never read as an input,
wherever it lies: `rkd-keras measure strips --out strips/measured` can be called twice.
"""

import os
import zlib
from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.files.names import printable

MARK = "rkd_keras result"
# Bytes of a name that every file system takes.
LONGEST = 255
_PNG = b"\x89PNG\r\n\x1a\n"
# The mark stands behind the signature (8 bytes) and the header (25).
_AT = 33


def unique_name(file, taken, endings=(".png",)):
    """Name the results of an input: after it, but as no other result.

    Args:
        file: the input's path.
        taken: set of the names of results so far, which grows by this one's.
        endings: what follows the name in each of the results, suffixes included.
            Defaults to one picture.

    Returns:
        The input's stem, without what cannot be printed, cut where it is too long,
        and numbered where one of its results would have a name that is taken, upper
        and lower case being the same.

    Example:
        >>> taken = set()
        >>> endings = (".png", "_panels.png")
        >>> [unique_name(f, taken, endings) for f in ("a.jpg", "b/A.jpg")]
        ['a', 'A_2']
        >>> unique_name("a_panels.jpg", taken, endings)
        'a_panels_2'
    """
    stem = printable(Path(file).stem).replace("\\", "_")
    room = LONGEST - max(len(os.fsencode(ending)) for ending in endings)
    number = 1
    while True:
        count = "" if number == 1 else f"_{number}"
        name = stem.encode()[: room - len(count)].decode("utf-8", "ignore") + count
        results = {f"{name}{ending}".casefold() for ending in endings}
        if not results & taken:
            taken |= results
            return name
        number += 1


def check_targets(targets, inputs, overwrite=False, option="--out"):
    """Refuse to write over what was there before; to be called before anything is.

    Args:
        targets: paths of the results that will be written.
        inputs: paths that were given, read or not.
        overwrite: whether earlier results may be replaced; inputs never are.
            Defaults to `False`.
        option: what names the targets on the command line. Defaults to `"--out"`.

    Raises:
        InputError: when a target is an input, or exists and `overwrite` is not set;
            or when a folder above one is a file.

    Example:
        >>> check_targets(["strips/a.png"], ["strips/a.png"], overwrite=True)
        Traceback (most recent call last):
        rkd_keras.errors.InputError: strips/a.png is an input and would be replaced; give another --out
    """  # noqa: E501
    read = {os.path.realpath(path) for path in inputs}
    for target in map(Path, targets):
        if os.path.realpath(target) in read:
            raise InputError(
                f"{printable(target)} is an input and would be replaced; give another "
                f"{option}"
            )
        above = next(folder for folder in target.parents if os.path.lexists(folder))
        if not above.is_dir():
            raise InputError(
                f"{printable(above)} is a file; give a folder with {option}"
            )
        if not overwrite and target.exists():
            raise InputError(
                f"{printable(target)} exists already; replace it with --overwrite or "
                f"give another {option}"
            )


def make_folder(path):
    """Make a folder for results, and those above it.

    Args:
        path: the folder.

    Returns:
        Its `Path`.

    Raises:
        InputError: when it cannot be made.
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"the folder {printable(path)} cannot be made: {error.strerror}"
        ) from error
    return path


def marked(png):
    """Mark an encoded picture as a result.

    Args:
        png: bytes of a PNG.

    Returns:
        Bytes of a PNG with the same pixels, which `is_result` knows again.
    """
    content = b"tEXt" + b"Software\0" + MARK.encode()
    chunk = (len(content) - 4).to_bytes(4, "big") + content
    chunk += zlib.crc32(content).to_bytes(4, "big")
    return png[:_AT] + chunk + png[_AT:]


def is_result(path):
    """Tell whether a file is a picture that shows results of ours.

    Args:
        path: the file.

    Returns:
        A bool; `False` for what cannot be read.
    """
    if Path(path).suffix.lower() != ".png":
        return False
    try:
        with open(path, "rb") as stream:
            head = stream.read(512)
    except OSError:
        return False
    return head.startswith(_PNG) and MARK.encode() in head
