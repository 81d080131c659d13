"""The names of the NEU surface defect database tell the classes."""

import re
from pathlib import Path

CLASS_NAMES = (
    "crazing",
    "inclusion",
    "patches",
    "pitted_surface",
    "rolled-in_scale",
    "scratches",
)
# NEU-CLS names its files by these.
SHORT_NAMES = dict(zip(("cr", "in", "pa", "ps", "rs", "sc"), CLASS_NAMES, strict=True))
PATTERN = re.compile(r"(?P<name>.+)_(?P<number>\d+)")


def class_of(path):
    """Return the NEU class that a file's name tells, or `None`.

    Args:
        path: a path such as `scratches_12.jpg` (NEU-DET) or `PS_7.bmp` (NEU-CLS).

    Returns:
        One of `CLASS_NAMES`, or `None` for another name.

    Example:
        >>> class_of("PS_7.bmp"), class_of("scratches_12.jpg"), class_of("x_1.jpg")
        ('pitted_surface', 'scratches', None)
    """
    match = PATTERN.fullmatch(Path(path).stem)
    name = match["name"].lower() if match else None
    return SHORT_NAMES.get(name, name if name in CLASS_NAMES else None)


def number_of(path):
    """Return the number at the end of a file's name.

    Args:
        path: a path such as `scratches_12.jpg`.

    Returns:
        Integer, -1 where there is none.

    Example:
        >>> number_of("scratches_12.jpg"), number_of("a.jpg")
        (12, -1)
    """
    match = PATTERN.fullmatch(Path(path).stem)
    # Digits of any script count, but not more than a number may have.
    return int(match["number"]) if match and len(match["number"]) < 4000 else -1
