"""Who may import whom: walks every import of the package and knows the arrows."""

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "rkd_keras"
# Each may import what stands above it. The command line is last: nobody imports it.
ORDER = (
    "errors",
    "options",
    "progress",
    "files",
    "layers",
    "metrics",
    "losses",
    "models",
    "data",
    "trainers",
    "predict",
    "measure",
    "explain",
    "evaluate",
    "rating",
    "export",
    "runs",
    "studies",
    "station",
    "cli",
)
LEAVES = {"errors", "progress"}
ROOMS = set(ORDER) - LEAVES
# Rooms that run on any Keras backend, and rooms that need no deep learning at all.
ANY_BACKEND = ("layers", "losses", "metrics", "models")
LIGHT = ("measure",)


def imports_of(path, package):
    """Yield (module, line, whether loading the file runs it) of each import."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inner = {
        node
        for scope in ast.walk(tree)
        if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        or (isinstance(scope, ast.If) and ast.unparse(scope.test) == "TYPE_CHECKING")
        for node in ast.walk(scope)
    }
    parts = [package.name, *path.relative_to(package).with_suffix("").parts]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = parts[: -node.level] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            # `from rkd_keras import data` imports a room as well.
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            yield name, node.lineno, node not in inner


def files_of(package):
    return sorted(package.rglob("*.py"))


def room_of(path, package):
    parts = path.relative_to(package).parts
    return parts[0] if len(parts) > 1 else path.stem


def loaded_at_start(package=PACKAGE):
    """Files of the package that `rkd-keras --help` imports."""
    seen, waiting = set(), [package / "cli" / "app.py"]
    while waiting:
        path = waiting.pop()
        if path in seen or not path.is_file():
            continue
        seen.add(path)
        for name, _, at_top in imports_of(path, package):
            parts = name.split(".")[1:]
            if at_top and name.startswith("rkd_keras.") and parts:
                # A module and the rooms that it lies in.
                for depth in range(1, len(parts) + 1):
                    place = package.joinpath(*parts[:depth])
                    waiting += [place.with_suffix(".py"), place / "__init__.py"]
    return seen


def above(room):
    """The rooms that a room may import; the package's own `__init__` imports none."""
    return ORDER[: ORDER.index(room)] if room in ORDER else ()


def wrong_arrows(package=PACKAGE):
    """List imports from one room to another that have no arrow."""
    found = set()
    for path in files_of(package):
        room = room_of(path, package)
        for name, line, _ in imports_of(path, package):
            head, _, rest = name.partition(".")
            target = rest.partition(".")[0]
            if head != "rkd_keras" or target in {room, *LEAVES}:
                continue
            if target not in ROOMS:
                continue  # a name of rkd_keras itself, such as __version__
            if target not in above(room):
                found.add(f"{path.relative_to(package.parent)}:{line} -> {target}")
    return sorted(found)


def declared():
    """What setup.py requires: always, and for each extra."""
    tree = ast.parse((ROOT / "setup.py").read_text(encoding="utf-8"))
    required, extras = [], {}
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "install_requires":
            required = ast.literal_eval(node.value)
        if isinstance(node, ast.Assign) and node.targets[0].id == "EXTRAS":
            extras = ast.literal_eval(node.value)
    return plain(required), {name: plain(extra) for name, extra in extras.items()}


def plain(requirements):
    """Names of the distributions, in one spelling."""
    names = (r.partition(";")[0] for r in requirements)
    for mark in "<>=![~ ":
        names = [name.partition(mark)[0] for name in names]
    return {name.lower().replace("_", "-").replace(".", "-") for name in names}


def undeclared_imports(package=PACKAGE):
    """List module-level imports of packages that not every user has."""
    required, extras = declared()
    distributions = packages_distributions()
    found = set()
    for path in files_of(package):
        # The room as a whole is an extra; nothing imports it unasked.
        more = extras["station"] if room_of(path, package) == "station" else set()
        for name, line, at_top in imports_of(path, package):
            top = name.partition(".")[0]
            if not at_top or top in sys.stdlib_module_names or top == "rkd_keras":
                continue
            owners = plain(distributions.get(top, ()))
            if not owners & (required | more):
                found.add(f"{path.relative_to(package.parent)}:{line} imports {top}")
    return sorted(found)


def test_no_wrong_arrow():
    assert wrong_arrows() == []


def test_every_folder_is_a_known_room():
    folders = {
        path.name
        for path in PACKAGE.iterdir()
        if path.is_dir() and any(path.rglob("*.py"))
    }
    assert folders == ROOMS


def test_no_optional_package_at_module_level():
    assert undeclared_imports() == []


def test_every_extra_that_is_advised_exists():
    """What `pip install "rkd-keras[...]"` names, in messages and in the docs."""
    files = [*PACKAGE.rglob("*.py"), *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    advised = {
        extra
        for path in files
        for extra in re.findall(r"rkd-keras\[(\w+)\]", path.read_text(encoding="utf-8"))
    }
    assert advised and advised <= set(declared()[1])


def test_the_help_loads_nothing_heavy():
    files = loaded_at_start()
    assert len(files) > 10
    found = [
        f"{path.name}:{line} imports {name}"
        for path in files
        for name, line, at_top in imports_of(path, PACKAGE)
        if at_top
        and name.partition(".")[0]
        not in {*sys.stdlib_module_names, "typer", "lazy_loader", "rkd_keras"}
    ]
    assert found == []


@pytest.mark.parametrize("room", ANY_BACKEND)
def test_rooms_for_any_backend_import_without_tensorflow(room):
    """A native operation may be fetched in a function that asked for the backend."""
    found = [
        f"{path.name}:{line}"
        for path in files_of(PACKAGE / room)
        for name, line, at_top in imports_of(path, PACKAGE)
        if at_top and name.partition(".")[0] in ("tensorflow", "torch", "jax")
    ]
    assert found == []


@pytest.mark.parametrize("room", LIGHT)
def test_light_rooms_never_import_deep_learning(room):
    found = [
        f"{path.name}:{line} imports {name}"
        for path in files_of(PACKAGE / room)
        for name, line, _ in imports_of(path, PACKAGE)
        if name.partition(".")[0] in ("tensorflow", "keras", "torch")
    ]
    assert found == []


@pytest.mark.parametrize(
    ("modules", "unwanted"),
    [
        ("rkd_keras", "numpy cv2 keras tensorflow typer"),
        ("rkd_keras.predict, rkd_keras.measure", "keras tensorflow torch matplotlib"),
        ("rkd_keras.rating, rkd_keras.station", "keras tensorflow torch"),
        ("rkd_keras.data", "keras tensorflow"),
        ("rkd_keras.data.synthetic", "keras tensorflow"),
        ("rkd_keras.cli.app", "keras tensorflow numpy matplotlib sklearn"),
    ],
)
def test_import_is_light(modules, unwanted):
    code = (
        f"import sys; import {modules}; "
        f"print([m for m in {unwanted.split()!r} if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("path", "source", "target"),
    [
        ("models/a.py", "import rkd_keras.data", "data"),
        ("models/a.py", "from rkd_keras import export", "export"),
        ("models/a.py", "def f():\n    from rkd_keras.rating import x", "rating"),
        ("predict/b/c.py", "from ...station import x", "station"),
        ("layers/a.py", "from ..models.zoo import x", "models"),
        ("files/images.py", "from rkd_keras.data import x", "data"),
        ("studies/a.py", "from rkd_keras.station import x", "station"),
        ("station/a.py", "from rkd_keras.cli import x", "cli"),
        ("__init__.py", "from rkd_keras.models import SARSN34", "models"),
    ],
)
def test_the_walk_finds_a_wrong_arrow(tmp_path, path, source, target):
    file = tmp_path / "rkd_keras" / path
    file.parent.mkdir(parents=True)
    file.write_text(source)
    found = wrong_arrows(tmp_path / "rkd_keras")
    assert len(found) == 1
    assert found[0].endswith(f"-> {target}")


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("models/a.py", "from rkd_keras.layers import SADDT\nfrom .b import x"),
        ("cli/app.py", "from rkd_keras.models import x"),
        ("cli/a.py", "from rkd_keras.models import x"),
        ("data/a.py", "from rkd_keras.errors import InputError"),
        ("station/a.py", "from rkd_keras import __version__"),
    ],
)
def test_the_walk_allows_what_is_right(tmp_path, path, source):
    file = tmp_path / "rkd_keras" / path
    file.parent.mkdir(parents=True)
    file.write_text(source)
    assert wrong_arrows(tmp_path / "rkd_keras") == []


def test_the_walk_finds_an_optional_package(tmp_path):
    folder = tmp_path / "rkd_keras" / "data"
    folder.mkdir(parents=True)
    (folder / "a.py").write_text("import numpy\nimport pytest\nimport nowhere")
    (folder / "b.py").write_text("def f():\n    import pytest")
    found = undeclared_imports(tmp_path / "rkd_keras")
    assert [line.rpartition(" ")[2] for line in found] == ["pytest", "nowhere"]
