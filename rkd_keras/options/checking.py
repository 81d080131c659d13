"""Functions that check their options and show them in signature and docstring."""

import functools
import inspect
import typing
from collections.abc import Callable
from typing import Annotated, Any, ParamSpec, TypeVar, overload

from rkd_keras.options.option import option_of, read_as
from rkd_keras.options.values import as_kind

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


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

    Values become what the types say, see `as_kind`. A function that takes an `AnyPath`
    gets a `Path`, and a list of them for `AnyPaths`. One that takes `**options` gets
    the arguments of the dataclass `of` in their place.

    Args:
        function: a function whose arguments are annotated with `Option`.
        of: dataclass whose fields are the options, or `None`.
        without: names of fields that are no options of this function.
        **defaults: defaults of this function that differ from the dataclass's.

    Returns:
        The function, with a signature and a docstring of all its options; its
        attribute `options` is a dict from name to type, `Option` and default.

    Raises:
        OptionError: when the function is called, for a value of another type or out
            of range.

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
            bound.arguments[name] = as_kind(name, kind, value)
            if option is not None:
                option.check(name, bound.arguments[name])
        if of is not None:
            bound.apply_defaults()
        return function(*bound.args, **bound.kwargs)

    call.options = {
        name: (read_as(kind), option, signature.parameters[name].default)
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
            # The function may take more than the field holds.
            option = option_of(hint)[1]
            parameters = [
                p.replace(annotation=Annotated[p.annotation, option])
                if p.name == name
                else p
                for p in parameters
            ]
        else:
            default = defaults.get(name, parameter.default)
            if default is None:
                kind, option = option_of(hint)
                hint = Annotated[kind | None, option]
            merged.append(
                parameter.replace(
                    kind=parameter.KEYWORD_ONLY, annotation=hint, default=default
                )
            )
    return own.replace(parameters=[*parameters, *merged])


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
