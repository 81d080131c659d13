"""Values as the type of an option says, or the sentence that they are none."""

import numbers
import os
import typing
from pathlib import Path

from rkd_keras.errors import OptionError
from rkd_keras.options.option import is_optional, read_as

_WORDS = {
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    str: "text",
    dict: "a dict",
}


def as_kind(name, kind, value):
    """Return a value as the type of its option says.

    Whole numbers, numbers and truth values of numpy become Python's own, texts that
    are given for a `Path` become one, and paths that are given for a text become that.

    Args:
        name: the option's name.
        kind: its type, for example `int | None`.
        value: what was given.

    Returns:
        The value.

    Raises:
        OptionError: for a value of another type.

    Example:
        >>> as_kind("epochs", int | None, "3")
        Traceback (most recent call last):
        rkd_keras.errors.OptionError: epochs must be a whole number, not '3'
    """
    if value is None:
        return None
    kind = is_optional(read_as(kind))[1]
    if typing.get_origin(kind) is list:
        if kind == list[Path] and isinstance(value, str | Path):
            return [Path(value)]
        if not isinstance(value, list | tuple):
            return value  # one alone: what a function makes of it is its own
        (inner,) = typing.get_args(kind)
        return [as_kind(name, inner, each) for each in value]
    if kind is Path:
        return Path(value) if isinstance(value, str) else value
    kind = typing.get_origin(kind) or kind
    if kind is str and isinstance(value, os.PathLike):
        return os.fspath(value)
    # Those of numpy are no `bool`, and a `bool` is a number.
    is_truth = isinstance(value, bool) or type(value).__name__ in ("bool", "bool_")
    fits = {
        int: isinstance(value, numbers.Integral) and not is_truth,
        float: isinstance(value, numbers.Real) and not is_truth,
        bool: is_truth,
        str: isinstance(value, str),
        dict: isinstance(value, dict),
    }
    if not fits.get(kind, True):
        raise OptionError(name, f"must be {_WORDS[kind]}, not {value!r}")
    is_python = isinstance(value, int | float | str | dict) or kind not in fits
    return value if is_python else kind(value)
