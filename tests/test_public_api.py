"""What is public is listed, documented and shown at work.

`python tests/test_public_api.py` writes the snapshot anew, and the stub of
`rkd_keras.models`, whose names come from the decorators of its networks.
"""

import doctest
import importlib
import inspect
import pkgutil
import re
import sys
from pathlib import Path

import pytest
from docstring_checks import missing_sections, own_methods

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "rkd_keras"
SNAPSHOT = Path(__file__).parent / "public_names.txt"
MODELS_STUB = PACKAGE / "models" / "__init__.pyi"
ROOMS = (
    "data",
    "evaluate",
    "explain",
    "export",
    "layers",
    "losses",
    "measure",
    "metrics",
    "models",
    "predict",
    "rating",
    "runs",
    "station",
    "studies",
    "trainers",
)
MODULES = (
    *(f"rkd_keras.{room}" for room in ROOMS),
    "rkd_keras.data.synthetic",
    "rkd_keras.export.timing",
    "rkd_keras.studies.migrate",
)
# Rooms that build what was published: each name says by whom and where.
PUBLISHED = ("layers", "losses", "metrics", "models")
# Of those rooms, what serves the others and comes from nowhere.
OWN = {
    "rkd_keras.losses.ImbalanceLoss",
    "rkd_keras.losses.LossStateCallback",
    "rkd_keras.losses.create_loss",
    "rkd_keras.metrics.Accuracy",
    "rkd_keras.metrics.ClassRates",
    "rkd_keras.models.application_classifier",
    "rkd_keras.models.backbone_classifier",
    "rkd_keras.models.count_multiply_adds",
    "rkd_keras.models.create_model",
    "rkd_keras.models.list_models",
    "rkd_keras.models.load_model",
    "rkd_keras.models.multiply_adds_by_layer",
    "rkd_keras.models.network_size",
    "rkd_keras.models.tapped",
}
# Rooms whose functions say the types of what they take and give, for type checkers.
ANNOTATED = ("rkd_keras.export", "rkd_keras.export.timing", "rkd_keras.predict")
# Rooms whose examples build or train networks.
SLOW_ROOMS = {"export", "models", "trainers", "explain", "runs", "studies"}


def public_names():
    """List `module.name` of every name in a room's `__all__`."""
    return sorted(
        f"{module}.{name}"
        for module in MODULES
        for name in importlib.import_module(module).__all__
    )


def public_object(name):
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def listed_names():
    # Without the snapshot, every public name counts as added.
    return SNAPSHOT.read_text(encoding="utf-8").split() if SNAPSHOT.exists() else []


def models_stub():
    """Write the stub of `rkd_keras.models` from what its modules register."""
    room = importlib.import_module("rkd_keras.models")
    for module in pkgutil.iter_modules(room.__path__):
        importlib.import_module(f"{room.__name__}.{module.name}")
    registered = importlib.import_module(f"{room.__name__}.registry").PUBLIC
    rows = [
        (inspect.unwrap(thing).__module__.rpartition(".")[2], name)
        for name, thing in registered.items()
    ]

    def natural(row):  # 50 before 101
        return [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", row[1])]

    rows.sort(key=lambda row: (row[0], natural(row)))
    return "".join(f"from .{module} import {n} as {n}\n" for module, n in rows)


def test_the_stub_of_models_is_what_is_registered():
    assert MODELS_STUB.read_text(encoding="utf-8") == models_stub(), (
        "run: python tests/test_public_api.py"
    )


def test_public_names_equal_the_snapshot():
    """A new or lost public name is a decision, not an accident."""
    names, listed = public_names(), listed_names()
    added, lost = sorted(set(names) - set(listed)), sorted(set(listed) - set(names))
    assert (added, lost) == ([], []), (
        "if this is meant, run: python tests/test_public_api.py"
    )


@pytest.mark.parametrize("module", MODULES)
def test_public_names_exist_and_are_sorted_out_once(module):
    names = importlib.import_module(module).__all__
    assert len(set(names)) == len(names)
    for name in names:
        public_object(f"{module}.{name}")
        assert not name.startswith("_")


@pytest.mark.parametrize("module", MODULES)
def test_public_names_are_documented(module):
    missing = {}
    for name in importlib.import_module(module).__all__:
        full = f"{module}.{name}"
        thing = public_object(full)
        if callable(thing):
            published = module.split(".")[1] in PUBLISHED and full not in OWN
            missing[name] = missing_sections(thing, needs_source=published)
    assert {name: lacks for name, lacks in missing.items() if lacks} == {}


def test_names_without_a_source_are_public():
    assert OWN <= set(public_names())


@pytest.mark.parametrize("module", ANNOTATED)
def test_public_functions_are_annotated(module):
    bare = []
    for name in importlib.import_module(module).__all__:
        thing = public_object(f"{module}.{name}")
        functions = [(name, thing)] if inspect.isfunction(thing) else []
        if inspect.isclass(thing):
            functions = [
                (f"{name}.{method}", function)
                for method, function in own_methods(thing)
                if method == "__init__" or not method.startswith("_")
            ]
        for title, function in functions:
            signature = inspect.signature(function)
            kinds = [p.annotation for p in signature.parameters.values()]
            kinds = kinds[1:] if "." in title else kinds
            if not title.endswith("__init__"):
                kinds.append(signature.return_annotation)
            if inspect.Parameter.empty in kinds:
                bare.append(title)
    assert bare == []


def modules_with_examples():
    """Name every module that holds an example, public or not, by its room."""
    rooms = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if ">>> " in path.read_text(encoding="utf-8"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(part for part in parts if part != "__init__")
            room = parts[1] if len(parts) > 2 else "files"
            rooms.setdefault(room, []).append(name)
    return rooms


@pytest.mark.parametrize(
    "room",
    [
        pytest.param(room, marks=pytest.mark.slow if room in SLOW_ROOMS else ())
        for room in sorted({*ROOMS, "files"})
    ],
)
def test_examples_of_docstrings_run(room, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    output = []
    runner = doctest.DocTestRunner(
        optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    )
    for name in modules_with_examples().get(room, ()):
        module = importlib.import_module(name)
        for test in doctest.DocTestFinder(exclude_empty=True).find(module, name):
            runner.run(test, out=output.append)
    assert runner.failures == 0, "".join(output)
    # An example leaves nothing in the reader's folder.
    assert list(tmp_path.iterdir()) == []


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    MODELS_STUB.write_text(models_stub(), encoding="utf-8")
    importlib.reload(importlib.import_module("rkd_keras.models"))
    SNAPSHOT.write_text("\n".join(public_names()) + "\n", encoding="utf-8")
