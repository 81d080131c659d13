"""What the pages say exists: names, commands, options, files, links."""

import ast
import importlib
import re
import shlex
import sys
from pathlib import Path

import pytest
import typer
from test_imports import ORDER
from test_public_api import MODULES

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    path
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    if not {"_build", "results"} & set(path.relative_to(ROOT).parts[:-1])
)
FENCE = re.compile(r"^( *)```(\S*)[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def blocks(path, *languages):
    """Code of a page's fences in these languages ('' for none)."""
    for _, language, body in FENCE.findall(path.read_text(encoding="utf-8")):
        if language in languages:
            yield body


def python_code(body):
    """The code of a block, whether written plainly or as a session."""
    if ">>> " not in body:
        return body
    kept = [line for line in body.splitlines() if line.startswith((">>>", "..."))]
    return "\n".join(line[4:] for line in kept)


def command_lines(path):
    """Lines of a page's fences that call something, joined and split."""
    for body in blocks(path, "", "sh", "bash", "console"):
        for line in body.replace("\\\n", " ").splitlines():
            try:
                words = shlex.split(line.removeprefix("$ "), comments=True)
            except ValueError:  # an apostrophe in a drawing
                continue
            if words and "..." not in words:
                yield words


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_code_of_pages_parses_and_imports_what_exists(page):
    for body in blocks(page, "python"):
        tree = ast.parse(python_code(body))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("rkd_keras"):
                module = importlib.import_module(node.module)
                for alias in node.names:
                    assert hasattr(module, alias.name), (node.module, alias.name)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_of_pages_lead_somewhere(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    broken = [
        target
        for target in LINK.findall(text)
        if not re.match(r"https?:|mailto:|#", target)
        and not (page.parent / target.split("#")[0]).exists()
    ]
    assert broken == []


def application():
    from rkd_keras.cli.app import app

    return typer.main.get_command(app)


def parse_command(command, words):
    """Let the command line read the words; nothing is run."""
    name, *rest = words
    context = typer.Context(command, info_name=name)
    values, left, _ = command.make_parser(context).parse_args(rest)
    if hasattr(command, "commands"):
        if left:
            assert left[0] in command.commands, f"there is no command {left[0]}"
            parse_command(command.commands[left[0]], left)
    elif "help" not in values:
        for parameter in command.params:
            needed = parameter.required and parameter.param_type_name == "option"
            assert not needed or parameter.name in values, f"{parameter.opts} is needed"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_of_pages_exist_with_their_options(page):
    command = application()
    for words in command_lines(page):
        if words[0] == "rkd-keras":
            try:
                parse_command(command, words)
            except Exception as error:
                message = getattr(error, "message", str(error))
                pytest.fail(f"{shlex.join(words)}: {message}")
        elif words[0].startswith("python") and len(words) > 1:
            script = words[1]
            if script.startswith(("examples/", "benchmarks/", "docs/", "tests/")):
                assert (ROOT / script).exists(), script
                source = (ROOT / script).read_text(encoding="utf-8")
                for word in words[2:]:
                    if word.startswith("--"):
                        assert f'"{word.split("=")[0]}"' in source, (script, word)
        elif words[0] == "make":
            targets = (ROOT / "Makefile").read_text(encoding="utf-8")
            target = words[1]
            assert re.search(rf"^{target}:", targets, re.MULTILINE), target


def test_wrong_commands_are_found():
    command = application()
    parse_command(command, ["rkd-keras", "data", "check", "--data", "x"])
    with pytest.raises(AssertionError, match="no command polish"):
        parse_command(command, ["rkd-keras", "polish"])
    with pytest.raises(Exception, match="(?i)no such option"):
        parse_command(command, ["rkd-keras", "train", "--polish"])
    with pytest.raises(AssertionError, match="--data"):
        parse_command(command, ["rkd-keras", "train", "--out", "runs/x"])


def test_the_page_of_everything_lists_every_room():
    sys.path.insert(0, str(ROOT / "docs" / "_ext"))
    try:
        listed = importlib.import_module("public_names").ROOMS
    except ModuleNotFoundError:
        pytest.skip("Sphinx is not installed")
    finally:
        sys.path.pop(0)
    assert {module for module, _ in listed} == set(MODULES)


def test_the_architecture_page_lists_the_rooms_in_their_order():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page[page.index("| room |") :].partition("\n\n")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == ORDER


def test_every_guide_room_and_picture_is_within_reach():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs" / "reference").glob("*.md"):
        assert f"reference/{page.stem}\n" in index
    shown = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    images = ROOT / "docs" / "images"
    for picture in [*images.rglob("*.png"), *images.rglob("*.jpg")]:
        assert str(picture.relative_to(ROOT / "docs")) in shown
        assert picture.stat().st_size < 600_000, f"{picture} is too large"


@pytest.mark.slow
def test_the_lines_of_python_in_the_readme_run(tmp_path, monkeypatch, capsys):
    """As printed: the paths that it names are made first, nothing else is changed."""
    from tiny_exports import textures

    from rkd_keras.files.images import write_image

    code, *_ = blocks(ROOT / "README.md", "python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 12
    monkeypatch.chdir(tmp_path)
    # Turned by a quarter, waves along the strip are waves across it.
    names = ("waves", "waves", "blobs")
    for number, (image, label) in enumerate(zip(*textures(12), strict=True)):
        folder = tmp_path / "path/to/images" / names[label]
        folder.mkdir(parents=True, exist_ok=True)
        write_image(folder / f"{number}.png", image)
    (tmp_path / "strips").mkdir()
    write_image(tmp_path / "strips" / "1.png", textures(1)[0][0])
    exec(compile(code, "README.md", "exec"), {})
    gmean, report, class_name, parameters = capsys.readouterr().out.split()[-4:]
    assert float(gmean) > 0.9 and Path(report).is_file()
    assert class_name in (*names, "unknown") and int(parameters) > 700_000


@pytest.mark.slow
def test_the_lines_of_plain_keras_in_the_guide_run(tmp_path, monkeypatch):
    """On a few drawn images, with a tiny teacher and one epoch."""
    import keras

    from rkd_keras.data.synthetic import write_dataset
    from rkd_keras.models import SARSN34

    page = ROOT / "docs" / "guides" / "train.md"
    (code,) = [block for block in blocks(page, "python") if "(load_model(" in block]
    assert "epochs=60" in code and "width=0.5" in code
    monkeypatch.chdir(tmp_path)
    write_dataset(tmp_path / "path/to/images", per_class=6, size=64)
    run = tmp_path / "runs/teacher"
    run.mkdir(parents=True)
    SARSN34(6, width=0.0625, stem_stride=2).save(run / "model.keras")
    code = code.replace("epochs=60", "epochs=1").replace("width=0.5", "width=0.25")
    exec(compile(code, page.name, "exec"), {})
    student = keras.saving.load_model("student.keras")
    assert student.count_params() > 500_000


def test_the_default_form_of_saddt_is_told_as_the_code_has_it():
    """The results page once called the other one the default."""
    from rkd_keras.layers import SADDT

    page = (ROOT / "docs" / "results_comparison.md").read_text(encoding="utf-8")
    told = re.findall(r"SADDT ([\w ]+?) \(default\)", page)
    assert set(told) == {{"paper": "as printed"}.get(SADDT().form, SADDT().form)}
