"""Make a command of a public function: the same names, defaults, types and help."""

import functools
import inspect
from typing import Annotated

import typer

from rkd_keras.errors import FindingsError, InputError, OptionError
from rkd_keras.options import is_optional

# Status of a command that left out some of what it was given; 2 is a mistake of the
# user's, 3 a lost worker.
INCOMPLETE = 1


def command(function, show=None, example=None, alias=None):
    """Make what Typer runs of a function whose arguments have an `Option`.

    Args:
        function: made with `rkd_keras.options.checked`.
        show: function of the result that prints it, or `None`. It returns
            `INCOMPLETE` where some inputs were left out: the command's status.
        example: line for the help, such as `"rkd-keras train --data NEU-DET"`.
        alias: sentence that is printed first, for a command's old name.

    Returns:
        A function for `typer.Typer.command`.
    """
    options = {name: option for name, (_, option, _) in function.options.items()}
    parameters = [_parameter(name, *facts) for name, facts in function.options.items()]

    @functools.wraps(function)
    def run(**values):
        if alias:
            typer.echo(alias, err=True)
        for name, option in options.items():
            if option.pairs:
                values[name] = _pairs(values[name], _flag(name, option))
        try:
            result = function(**values)
        except OptionError as error:
            name = error.option
            if name in options and not options[name].positional:
                name = _flag(name, options[name])
            raise InputError(f"{name} {error.reason}") from error
        except FindingsError as error:
            if show is not None:
                show(error.result)
            raise
        # Not everything that was asked for may have been done; `show` tells.
        if show is not None and show(result) == INCOMPLETE:
            raise typer.Exit(INCOMPLETE)

    # Required options first: Python asks for it.
    parameters.sort(key=lambda each: each.default is not inspect.Parameter.empty)
    run.__signature__ = inspect.Signature(parameters)
    run.__doc__ = _help(inspect.getdoc(function) or "", example)
    del run.__wrapped__
    return run


def _flag(name, option):
    return option.flag or f"--{name.replace('_', '-')}"


def _parameter(name, kind, option, default):
    if option.pairs:
        kind, default = list[str] | None, None
    if option.positional:
        info = typer.Argument(help=option.help)
    elif is_optional(kind)[1] is bool and default is not True and default is not None:
        # A switch that is off has no --no-switch.
        info = typer.Option(_flag(name, option), help=option.help)
    elif option.flag:
        info = typer.Option(option.flag, help=option.help)
    else:
        info = typer.Option(help=option.help)
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, info],
    )


def _pairs(entries, flag):
    """Read repeated `name=value`; the values are YAML (`0.5`, `soft`)."""
    import yaml

    pairs = {}
    for entry in entries or ():
        name, equals, value = entry.partition("=")
        if not equals:
            raise InputError(f"{flag} {entry!r} must be name=value")
        pairs[name.strip()] = yaml.safe_load(value)
    return pairs


def _help(text, example):
    """Keep what stands before the docstring's sections."""
    for title in ("Args:", "Returns:", "Raises:", "Example:"):
        text = text.partition(f"\n{title}\n")[0]
    text = text.strip()
    return f"{text}\n\nExample: {example}" if example else text
