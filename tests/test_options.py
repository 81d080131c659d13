"""Options are said once: checked in Python, shown in help, made into commands."""

import inspect
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from rkd_keras.cli.command import command
from rkd_keras.errors import InputError, OptionError
from rkd_keras.options import AnyPath, AnyPaths, Option, checked


@checked
def brew(
    beans: Annotated[AnyPaths, Option("What is ground.", positional=True)],
    out: Annotated[AnyPath | None, Option("Where it goes.")] = None,
    cups: Annotated[int, Option("How many.", at_least=1, at_most=12)] = 2,
    strength: Annotated[float | None, Option("How strong.", above=0, below=1)] = None,
    kind: Annotated[str, Option("Which.", choices=("filter", "mocha"))] = "filter",
    sugar: Annotated[bool, Option("Sweet.")] = False,
    milk: Annotated[bool, Option("White.")] = True,
    more: Annotated[dict | None, Option("Spices.", flag="--more", pairs=True)] = None,
    listener=None,
):
    """Brew coffee.

    Returns:
        What it was given.
    """
    return {name: value for name, value in locals().items()}


def test_texts_become_paths_and_defaults_hold():
    made = brew(["a", Path("b")], out="c")
    assert made["beans"] == [Path("a"), Path("b")] and made["out"] == Path("c")
    assert (made["cups"], made["milk"], made["more"]) == (2, True, None)


@pytest.mark.parametrize("one", ["a", Path("a")])
def test_one_path_does_for_several(one):
    assert brew(one)["beans"] == brew([one])["beans"] == [Path("a")]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cups": 0}, "cups must be at least 1 and at most 12, not 0"),
        ({"cups": 13}, "cups must be at least 1 and at most 12, not 13"),
        ({"strength": 0.0}, "strength must be above 0 and below 1, not 0.0"),
        ({"strength": float("inf")}, "strength must be above 0 and below 1, not inf"),
        ({"kind": "tea"}, "kind must be one of filter, mocha, not 'tea'"),
    ],
)
def test_values_out_of_range_are_named(wrong, message):
    with pytest.raises(OptionError) as error:
        brew([], **wrong)
    assert str(error.value) == message


def test_people_see_types_and_explanations():
    parameters = inspect.signature(brew).parameters
    assert parameters["cups"].annotation is int and parameters["cups"].default == 2
    assert parameters["out"].annotation == str | Path | None
    assert "    cups: How many." in inspect.getdoc(brew)
    assert inspect.getdoc(brew).index("Args:") < inspect.getdoc(brew).index("Returns:")


def test_a_command_has_the_same_options():
    shown = []
    app = typer.Typer()
    app.command()(command(brew, shown.append, "rkd-keras brew arabica"))
    runner = CliRunner()
    done = runner.invoke(
        app,
        [
            *("arabica", "robusta", "--cups", "3", "--sugar", "--no-milk"),
            *("--more", "salt=0.5", "--more", "kind=[1, 2]"),
        ],
    )
    assert done.exit_code == 0, done.output
    (made,) = shown
    assert made["beans"] == [Path("arabica"), Path("robusta")]
    assert (made["cups"], made["sugar"], made["milk"]) == (3, True, False)
    assert made["more"] == {"salt": 0.5, "kind": [1, 2]}
    help_text = runner.invoke(app, ["--help"]).output
    for words in ("Brew coffee", "Example: rkd-keras brew", "How many.", "--no-milk"):
        assert words in help_text
    for words in ("Returns", "--no-sugar", "listener", "--no-cups"):
        assert words not in help_text


def test_a_command_names_the_option_as_it_is_written():
    app = typer.Typer()
    app.command()(command(brew))
    for arguments, message in (
        (["x", "--cups", "0"], "--cups must be at least 1"),
        (["x", "--kind", "tea"], "--kind must be one of filter, mocha"),
        (["x", "--more", "salt"], "--more 'salt' must be name=value"),
    ):
        error = CliRunner().invoke(app, arguments).exception
        assert isinstance(error, InputError) and str(error).startswith(message)
