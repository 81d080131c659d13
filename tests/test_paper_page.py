"""The page on the paper: each equation is found where its table says."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NUMBERS = r"\d+(?:(?:-| to )\d+)?"


def spans(text):
    """Numbers of a list such as `5 to 7, 10, 11`."""
    found = set()
    for first, last in re.findall(r"(\d+)(?:(?:-| to )(\d+))?", text):
        found.update(range(int(first), int(last or first) + 1))
    return found


def rows():
    page = (ROOT / "docs" / "paper.md").read_text(encoding="utf-8")
    table = page.partition("## The formulas")[2].partition("\n## ")[0]
    for line in table.splitlines():
        # A bar inside of code does not end a cell; there is none in this table.
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(rf"{NUMBERS}(?:, {NUMBERS})*", cells[0]):
            yield spans(cells[0]), re.findall(r"`([\w/]+\.py)`", cells[-1])


def named_in(file):
    """Numbers of the equations that a file names."""
    text = " ".join((ROOT / "rkd_keras" / file).read_text(encoding="utf-8").split())
    lists = re.findall(rf"\beqs?\. ((?:{NUMBERS})(?:(?:, | and ){NUMBERS})*)", text)
    return set().union(*(spans(one) for one in lists))


def test_every_equation_has_a_row():
    assert set().union(*(numbers for numbers, _ in rows())) == set(range(1, 25))


@pytest.mark.parametrize(
    ("numbers", "files"), [pytest.param(*row, id=str(min(row[0]))) for row in rows()]
)
def test_the_files_name_their_equations(numbers, files):
    assert files
    for number in numbers:
        assert any(number in named_in(file) for file in files), number
    for file in files:
        assert named_in(file) & numbers, file
