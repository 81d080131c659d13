"""Pages of results: made of their rows, and of nothing else."""

import csv
import importlib
import re
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEMPLATES = ROOT / "docs" / "templates"


@pytest.fixture(scope="module", autouse=True)
def pages_package():
    sys.path.insert(0, str(ROOT / "docs"))
    yield
    sys.path.pop(0)


def module(name):
    return importlib.import_module(f"_pages.{name}")


@pytest.fixture(scope="module")
def pages():
    return module("render").Pages()


def test_every_page_and_figure_is_what_its_rows_say(pages):
    assert pages.stale() == [], "run: make results"


def test_a_changed_row_makes_its_pages_stale(tmp_path):
    """The leak's rows: the page, README and whoever else names their numbers."""
    for folder in ("results", "model_cards"):
        shutil.copytree(ROOT / "docs" / folder, tmp_path / folder)
    results = tmp_path / "results"
    path = results / "leak" / "rows.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    row = next(r for r in rows if r["model"] == "gabor_svm")
    row["accuracy"] = str(float(row["accuracy"]) - 0.1)
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(row))
        table.writeheader()
        table.writerows(rows)
    stale = module("render").Pages(results=results).stale()
    assert {"docs/data_leak.md", "README.md", "docs/verdict.md"} <= set(stale)
    assert "docs/results_measure.md" not in stale


def test_a_changed_row_makes_its_figure_stale(tmp_path):
    figures, rows = module("figures"), module("rows")
    module("queries").load_queries()
    results = tmp_path / "results"
    shutil.copytree(ROOT / "docs" / "results", results)
    path = "cross/shots.png"
    before = figures.recorded(results / path)
    assert before == figures.digest(rows.Results(results), path)
    file = results / "cross" / "results.jsonl"
    file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert before != figures.digest(rows.Results(results), path)


def test_every_raw_file_says_where_it_comes_from(pages):
    sources = module("sources")
    for name in sources.raw_files(pages.results):
        sources.source_of(pages.results, name)


def test_the_catalogue_names_no_file_that_is_gone(pages):
    import fnmatch

    sources = module("sources")
    files = sources.raw_files(pages.results)
    for source in sources.catalogue(pages.results):
        assert any(fnmatch.fnmatch(name, source.file) for name in files), source.file


def test_a_file_without_a_source_is_refused(tmp_path):
    (tmp_path / "sources.yaml").write_text("machines: {}\nfiles: {}\n")
    (tmp_path / "rows.csv").write_text("seed,accuracy\n0,0.5\n")
    results = module("rows").Results(tmp_path)
    with pytest.raises(LookupError, match="command, commit, machine"):
        module("sources").source_of(results, "rows.csv")


def test_rows_with_their_source_need_no_entry(tmp_path):
    (tmp_path / "sources.yaml").write_text("machines: {}\nfiles: {}\n")
    (tmp_path / "rows.csv").write_text(
        "split,seed,command,commit,machine\n"
        "neu-600,1,make it,abc,EPYC\nneu-600-grouped,0,make it,abc,EPYC\n"
    )
    results = module("rows").Results(tmp_path)
    source = module("sources").source_of(results, "rows.csv")
    assert (source.command, source.commit, source.machine) == ("make it", "abc", "EPYC")
    assert (source.seeds, source.protocol) == ("0, 1", "both")


# What a person typed: shares and spreads outside of queries and of code.
TYPED = re.compile(r"\d[\d.,]* ?%|± ?\d|\d+\.\d{2,}\b")
# The level of the intervals, and how a network was made.
SETTINGS = ("95 %", "10 % salt and pepper", "40 %", "60 %", "80 %")


@pytest.mark.parametrize(
    "template",
    sorted(TEMPLATES.rglob("*.j2")),
    ids=lambda path: str(path.relative_to(TEMPLATES)),
)
def test_no_result_is_typed_into_a_template(template):
    text = template.read_text(encoding="utf-8")
    for pattern in (r"\{#.*?#\}", r"\{%.*?%\}", r"\{\{.*?\}\}", r"```.*?```"):
        text = re.sub(pattern, "", text, flags=re.DOTALL)
    text = re.sub(r"`[^`]*`|\([^)\s]*\)", "", text)
    for allowed in SETTINGS:
        text = text.replace(allowed, "")
    assert TYPED.findall(text) == []


def test_differences_are_those_of_a_textbook():
    """Student's sleep data (1908): ten patients, two drugs, paired."""
    numbers, rows = module("numbers"), module("rows")
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]

    def as_rows(values):
        return rows.Rows({"seed": i, "hours": v} for i, v in enumerate(values))

    found = numbers.difference(as_rows(second), as_rows(first), "hours", scale=1)
    assert found.mean == pytest.approx(1.58)
    assert (found.low, found.high) == pytest.approx((0.7001142, 2.4598858), abs=1e-6)
    assert found.p == pytest.approx(0.00283289, abs=1e-7)
    assert found.told == "ahead" and found.ahead == 9


def test_differences_need_a_seed_in_common_and_each_once():
    numbers, rows = module("numbers"), module("rows")
    one = rows.Rows([{"seed": 0, "accuracy": 0.5}])
    other = rows.Rows([{"seed": 1, "accuracy": 0.5}])
    with pytest.raises(LookupError, match="no seed in common"):
        numbers.difference(one, other)
    with pytest.raises(LookupError, match="comes twice"):
        numbers.difference(rows.Rows([*one, *one]), one)
    assert numbers.difference(one, one).told == "not told apart"


def test_holm_corrects_as_published():
    """Holm (1979): p values 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1, never falling."""
    corrected = module("numbers").holm([0.03, 0.01, 0.04, 0.02])
    assert corrected == pytest.approx([0.06, 0.04, 0.06, 0.06])


def test_the_geometric_mean_of_recalls_sees_a_class_that_is_lost():
    numbers = module("numbers")
    assert numbers.geometric_recall([[9, 1], [4, 6]]) == pytest.approx(0.54**0.5)
    assert numbers.geometric_recall([[10, 0], [10, 0]]) == 0


def test_verdicts_follow_their_rule():
    verdict, numbers = module("queries.verdict"), module("numbers")

    def judged(values, size=None):
        return verdict.of_gain(numbers.Difference(values), size)

    assert judged((2.0, 2.1, 1.9)) == "reproduced"
    assert judged((-2.0, -2.1, -1.9)) == "refuted"
    assert judged((-0.1, 0.0, 0.1), size=5) == "not reproduced"
    assert judged((-5.0, 0.0, 5.0), size=5) == "cannot be told"
    assert judged((3.0,), size=5) == "cannot be told"


def test_a_claim_that_is_no_longer_true_stops_the_page():
    claim = module("render").claim
    assert claim(True) == ""
    with pytest.raises(ValueError, match="no longer true"):
        claim(False)


def test_paragraphs_are_filled_and_nothing_else():
    heading = f"# A heading that would be broken if it were a paragraph {'x ' * 20}"
    text = f"{heading}\n\none\ntwo\n\n- item\n  goes on\n- next\n\n"
    text += "| a | b |\n\n```\nkept   as\nit is\n```\n"
    filled = module("prose").filled(text)
    assert "one two\n" in filled and "- item goes on\n- next\n" in filled
    assert "kept   as\nit is" in filled and "| a | b |" in filled
    assert filled.split("\n")[0] == text.split("\n")[0]


def test_no_line_begins_with_what_means_something_else():
    words = "word " * 17
    for sign in ("+", "-", "#", "|", "1."):
        filled = module("prose").filled(f"{words} RKD {sign} KD {words}")
        assert not any(line.startswith(sign) for line in filled.split("\n"))
