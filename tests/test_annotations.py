"""What a type checker of a user sees: `py.typed` promises types, here they are."""

import functools
import importlib
import inspect

import pytest

ROOMS = ("export", "export.timing", "measure", "predict", "rating", "runs")
ROOMS += ("studies", "studies.migrate")


def functions_of(room):
    """Yield (name, function) of all that is public: functions, methods, properties."""
    module = importlib.import_module(f"rkd_keras.{room}")
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.isfunction(thing):
            yield name, thing
        elif inspect.isclass(thing):
            for owner in thing.__mro__:
                if not owner.__module__.startswith("rkd_keras."):
                    continue
                for attribute, member in vars(owner).items():
                    if attribute.startswith("_") and attribute != "__init__":
                        continue
                    for kind, inner in (
                        (property, "fget"),
                        (functools.cached_property, "func"),
                        (classmethod, "__func__"),
                        (staticmethod, "__func__"),
                    ):
                        if isinstance(member, kind):
                            member = getattr(member, inner)
                    if inspect.isfunction(member):
                        yield f"{name}.{attribute}", member


def without_types(function):
    """Names of arguments without a type, and `return`."""
    signature = inspect.signature(function)
    missing = [
        p.name
        for p in signature.parameters.values()
        if p.annotation is p.empty and p.name not in ("self", "cls")
    ]
    if signature.return_annotation is signature.empty:
        missing.append("return")
    return missing


@pytest.mark.parametrize("room", ROOMS)
def test_public_functions_have_types(room):
    missing = {
        name: names
        for name, function in functions_of(room)
        if (names := without_types(function))
    }
    assert missing == {}


def test_a_missing_type_is_found():
    def half(first: int, second) -> int:
        return first

    def silent(first: int):
        return first

    assert without_types(half) == ["second"]
    assert without_types(silent) == ["return"]
