"""Tables fit 80 columns: names are folded and numbers stay whole."""

import pytest

from rkd_keras.cli.table import print_table


@pytest.fixture
def printed(capsys, monkeypatch):
    def run(*args, width=80, **options):
        monkeypatch.setenv("COLUMNS", str(width))
        print_table(*args, **options)
        return capsys.readouterr().out

    return run


def test_a_long_name_goes_on_in_the_next_line(printed):
    name = "a_very_long_file_name_of_a_strip_" * 3 + "[bold].png"
    rows = [(name, "rolled-in_scale", "0.985", "12.3 mm", "review")]
    text = printed(
        ("file", "class", "share", "longest", "decision"), rows, names=("file", "class")
    )
    lines = [line for line in text.splitlines() if line.strip()]
    assert max(map(len, lines)) <= 80 and "…" not in text
    assert "".join(line.split()[0] for line in lines[2:]) == name
    for number in ("0.985", "12.3 mm", "review", "rolled-in_scale"):
        assert number in text


def test_spreads_stand_under_their_means_where_there_is_no_room(printed):
    columns = ("class", "images", *(f"number {i}" for i in range(7)))
    rows = [("pitted_surface", 300, *["1234.5 ± 678.9"] * 7)]
    text = printed(columns, rows)
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("1234.5") == text.count("± 678.9") == 7
    assert "1234.5 ± 678.9" in printed(columns, rows, width=200)


def test_control_characters_are_told_and_markup_is_text(printed):
    text = printed(("file", "n"), [("a\n[red]b\x1b.png", 1)])
    assert r"a\n[red]b\x1b.png" in text
