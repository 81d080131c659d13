"""An option is said once: its name, type, default, help and range.

The public functions of `runs`, `rating`, `export` and `studies` annotate their
arguments with an `Option`. `checked` makes of that what Python users see (signature,
docstring, one sentence for a value out of range), and `rkd_keras.cli.command` what
people at a terminal see. A leaf module: every room may import it.
"""

import functools
import inspect
import math
import types
import typing
from collections.abc import Callable
from dataclasses import InitVar, dataclass
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar, overload

from rkd_keras.errors import OptionError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


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
            f"{word} {value:g}"
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


@overload
def checked(
    function: Callable[Arguments, Result], /
) -> Callable[Arguments, Result]: ...


@overload
def checked(
    *, of: type, without: tuple[str, ...] = (), **defaults: Any
) -> Callable[[Callable[..., Result]], Callable[..., Result]]: ...


def checked(function=None, /, *, of=None, without=(), **defaults):
    """Check the options of a public function, and show them in its docstring.

    Text that is given for a `Path` becomes one. A function that takes `**options`
    gets the arguments of the dataclass `of` in their place.

    Args:
        function: a function whose arguments are annotated with `Option`.
        of: dataclass whose fields are the options, or `None`.
        without: names of fields that are no options of this function.
        **defaults: defaults of this function that differ from the dataclass's.

    Returns:
        The function, with a signature and a docstring of all its options; its
        attribute `options` is a dict from name to type, `Option` and default.

    Raises:
        OptionError: when the function is called, for a value out of range.

    Example:
        >>> @checked
        ... def double(count: Annotated[int, Option("How many.", at_least=1)]):
        ...     '''Double a count.'''
        ...     return 2 * count
        >>> double(3)
        6
    """
    if function is None:
        return functools.partial(checked, of=of, without=without, **defaults)
    signature = _signature(function, of, without, defaults)
    known = {p.name: option_of(p.annotation) for p in signature.parameters.values()}

    @functools.wraps(function)
    def call(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        for name, value in bound.arguments.items():
            kind, option = known[name]
            bound.arguments[name] = _as_paths(kind, value)
            if option is not None:
                option.check(name, value)
        if of is not None:
            bound.apply_defaults()
        return function(*bound.args, **bound.kwargs)

    call.options = {
        name: (kind, option, signature.parameters[name].default)
        for name, (kind, option) in known.items()
        if option is not None
    }
    # For people: types alone, for what an option is stands in the docstring.
    call.__signature__ = signature.replace(
        parameters=[
            p.replace(annotation=known[name][0])
            for name, p in signature.parameters.items()
        ]
    )
    call.__doc__ = _documented(inspect.getdoc(function) or "", known)
    return call


def documented(cls):
    """Show the options of a dataclass in its docstring.

    Args:
        cls: dataclass whose fields are annotated with `Option`.

    Returns:
        The class, its docstring with a section `Args`.

    Example:
        >>> @documented
        ... @dataclass
        ... class Brew:
        ...     '''Coffee.'''
        ...     cups: Annotated[int, Option("How many.")] = 2
        >>> print(Brew.__doc__)
        Coffee.
        <BLANKLINE>
        Args:
            cups: How many.
        <BLANKLINE>
    """
    hints = typing.get_type_hints(cls, include_extras=True)
    known = {name: option_of(hint) for name, hint in hints.items()}
    cls.__doc__ = _documented(inspect.getdoc(cls) or "", known)
    return cls


def _signature(function, of, without, defaults):
    own = inspect.signature(function, eval_str=True)
    if of is None:
        return own
    parameters = [p for p in own.parameters.values() if p.kind is not p.VAR_KEYWORD]
    present = set(own.parameters)
    hints = typing.get_type_hints(of, include_extras=True)
    merged = []
    for parameter in inspect.signature(of).parameters.values():
        name = parameter.name
        hint = getattr(hints[name], "type", hints[name])
        if name in without:
            continue
        if name in present:
            parameters = [
                p.replace(annotation=hint) if p.name == name else p for p in parameters
            ]
        else:
            merged.append(
                parameter.replace(
                    kind=parameter.KEYWORD_ONLY,
                    annotation=hint,
                    default=defaults.get(name, parameter.default),
                )
            )
    return own.replace(parameters=[*parameters, *merged])


def _as_paths(kind, value):
    kinds = typing.get_args(kind) or (kind,)
    if isinstance(value, str) and Path in kinds and str not in kinds:
        return Path(value)
    if isinstance(value, list | tuple):
        inner = [k for k in kinds if typing.get_origin(k) is list]
        inner = typing.get_args(inner[0]) if inner else kinds
        if Path in inner and str not in inner:
            return [Path(each) if isinstance(each, str) else each for each in value]
    return value


def _documented(text, known):
    """Put a section `Args` in front of `Returns`, made of the options' own words."""
    lines = [
        f"    {name}: {option.help}"
        for name, (_, option) in known.items()
        if option is not None
    ]
    if not lines or "\nArgs:\n" in text:
        return text
    section = "Args:\n" + "\n".join(lines) + "\n"
    for title in ("Returns:", "Raises:", "Example:"):
        if f"\n{title}\n" in text:
            return text.replace(f"\n{title}\n", f"\n{section}\n{title}\n", 1)
    return f"{text.rstrip()}\n\n{section}"


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


# The options that several functions share.
Data = Annotated[
    Path,
    Option("Data set: NEU-DET or NEU-CLS folder, folder per class, pack, or CSV."),
]
Seed = Annotated[
    int, Option("Decides everything random but the test part.", at_least=0)
]
Protocol = Annotated[
    str,
    Option(
        "holdout, given, neu-600, neu-lt10, neu-lt20, neu-few10/20/50, or one of the "
        "neu-... with -grouped behind it, which divides no overlapping images."
    ),
]
Groups = Annotated[
    str | None,
    Option(
        "Images that no split divides: overlap (those that share pixels), none, column "
        "(the manifest's column group), or a pattern whose brackets find a coil, an "
        "item or a day in a file's path; overlap for holdout and neu-...-grouped, else "
        "none, when left out."
    ),
]
SplitSeed = Annotated[int, Option("Decides the test part.", at_least=0)]
Resume = Annotated[bool, Option("Continue a killed run.")]
Overwrite = Annotated[bool, Option("Replace what an earlier call wrote.")]
Strict = Annotated[bool, Option("Stop at an image that cannot be decoded.")]
Quiet = Annotated[bool, Option("Show no progress.")]
Threads = Annotated[int, Option("Processor threads.", at_least=1)]
Part = Annotated[
    str, Option("Part of the data.", choices=("test", "val", "train", "all"))
]
Precision = Annotated[
    str,
    Option(
        "auto, float32, mixed_bfloat16 or mixed_float16.",
        choices=("auto", "float32", "mixed_bfloat16", "mixed_float16"),
    ),
]
Model = Annotated[str, Option("Model name, see rkd-keras models.")]
Width = Annotated[float, Option("Factor on every number of filters.", above=0)]
StemStride = Annotated[
    int, Option("Stride of the stem; 2 is about four times cheaper.", at_least=1)
]
Size = Annotated[int, Option("Side of the square input in pixels.", at_least=8)]
# Its values are checked by `rkd_keras.measure`, as those of MmPerPixel.
Segmentation = Annotated[str, Option("Segmentation: default or paper.")]
Polarity = Annotated[
    str,
    Option("auto, dark or bright defects.", choices=("auto", "dark", "bright")),
]
MinContrast = Annotated[
    float, Option("Least contrast of a defect, 0 to 1.", at_least=0, at_most=1)
]
MmPerPixel = Annotated[
    float | None, Option("Side of a pixel in millimetres; pixels when left out.")
]
Rules = Annotated[
    Path | None, Option("Grading rules (YAML); the package's if left out.")
]
