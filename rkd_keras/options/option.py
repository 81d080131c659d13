"""What is said of an argument beside its name, type and default."""

import math
import types
import typing
from collections.abc import Sequence
from dataclasses import InitVar, dataclass
from pathlib import Path
from typing import Annotated

from rkd_keras.errors import OptionError

# What people may give for a path, and for several. `checked` makes of it what
# `read_as` says.
AnyPath = str | Path
AnyPaths = str | Path | Sequence[str | Path]


@dataclass(frozen=True)
class Option:
    """What is said of an argument beside its name, type and default.

    Attributes:
        help: what it is, for `--help` and the docstring.
        choices: the values that it may have; `None` is always one where the type
            says so.
        at_least: smallest number.
        above: number that it must exceed.
        at_most: largest number.
        below: number that it must stay below.
        positional: whether the command line takes it without a name.
        flag: how the command line writes it, where that is not its name.
        pairs: whether it is a dict that the command line takes as repeated
            `name=value`, the values read as YAML.

    Example:
        >>> Option("Epochs.", at_least=1).check("epochs", 0)
        Traceback (most recent call last):
        rkd_keras.errors.OptionError: epochs must be at least 1, not 0
    """

    help: str
    choices: tuple = ()
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    positional: bool = False
    flag: str | None = None
    pairs: bool = False

    def check(self, name, value):
        """Raise `OptionError` for a value that is outside of the range.

        Args:
            name: the argument's name.
            value: what was given; `None` is not checked.
        """
        if value is None:
            return
        if isinstance(value, list | tuple):
            for each in value:
                self.check(name, each)
            return
        if self.choices and value not in self.choices:
            known = ", ".join(str(choice) for choice in self.choices)
            raise OptionError(name, f"must be one of {known}, not {value!r}")
        if isinstance(value, bool) or not isinstance(value, int | float):
            return
        if not math.isfinite(value) or not self._inside(value):
            raise OptionError(name, f"must be {self.range}, not {value}")

    def _inside(self, value):
        return not (
            (self.at_least is not None and value < self.at_least)
            or (self.above is not None and value <= self.above)
            or (self.at_most is not None and value > self.at_most)
            or (self.below is not None and value >= self.below)
        )

    @property
    def range(self):
        """The range in words."""
        words = [
            f"{word} {value if isinstance(value, int) else format(value, 'g')}"
            for word, value in (
                ("at least", self.at_least),
                ("above", self.above),
                ("at most", self.at_most),
                ("below", self.below),
            )
            if value is not None
        ]
        return " and ".join(words) or "a finite number"


def option_of(annotation):
    """Split an annotation into its type and its `Option`.

    Args:
        annotation: for example `Annotated[int, Option("Images at a time.")]`.

    Returns:
        Pair of the type and the `Option`, `None` where there is none.

    Example:
        >>> option_of(Annotated[int, Option("Images at a time.")])[0]
        <class 'int'>
    """
    if isinstance(annotation, InitVar):
        annotation = annotation.type
    if typing.get_origin(annotation) is not Annotated:
        return annotation, None
    kind, *more = typing.get_args(annotation)
    return kind, next((each for each in more if isinstance(each, Option)), None)


def is_optional(kind):
    """Tell whether a type is a union with `None`, and return the rest of it.

    Args:
        kind: a type, for example `int | None`.

    Returns:
        Pair `(whether, type)`.

    Example:
        >>> is_optional(int | None)
        (True, <class 'int'>)
    """
    if typing.get_origin(kind) not in (typing.Union, types.UnionType):
        return False, kind
    rest = [each for each in typing.get_args(kind) if each is not type(None)]
    return True, rest[0] if len(rest) == 1 else typing.Union[tuple(rest)]  # noqa: UP007


def read_as(kind):
    """Return the type that a function gets, and that a terminal reads.

    Args:
        kind: the type that people may give.

    Returns:
        `Path` or `list[Path]` for what may be text as well, a list for what may be a
        dict as well, optional where `kind` is; other types as they are.

    Example:
        >>> read_as(AnyPath | None)
        pathlib.Path | None
        >>> read_as(AnyPaths)
        list[pathlib.Path]
        >>> read_as(list[str] | dict[str, str])
        list[str]
    """
    members = typing.get_args(kind)
    if {str, Path} <= set(members):
        read = list[Path] if Sequence[AnyPath] in members else Path
    elif {list[str], dict[str, str]} <= set(members):
        read = list[str]
    else:
        return kind
    return read | None if type(None) in members else read
