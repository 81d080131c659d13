"""Which level of folders names the class."""

import pytest
from folder_trees import classes, unused, write

from rkd_keras.data import check, open_dataset
from rkd_keras.data.reading.class_level import find_level, is_counter
from rkd_keras.errors import InputError, OptionError


@pytest.mark.parametrize(
    ("names", "expected", "level"),
    [
        # Days and coils below the class.
        (["scratches/2024-05-01/1", "inclusion/2024-05-02/1"], "scratches", 1),
        (["scratches/coil_17/1", "inclusion/coil_18/1"], "scratches", 1),
        (["scratches/1", "scratches/2024-05-01/2", "inclusion/3"], "scratches", 1),
        # Lines above it.
        (["line A/scratches/1", "line B/scratches/1", "line B/rust/1"], "scratches", 2),
        (["2024-05-01/scratches/1", "2024-05-02/rust/1"], "scratches", 2),
        (["north/scratches/1", "south/scratches/2", "south/rust/2"], "scratches", 2),
        (["A/scratches/01/x", "B/scratches/02/x", "B/rust/01/x"], "scratches", 2),
        # What holds everything names nothing.
        (["NEU/data/scratches/1", "NEU/data/rust/1"], "scratches", 1),
        (["scratches/1"], "scratches", 1),
        # Groups below a class whose names do not come again.
        (["scratches/deep/1", "scratches/faint/1", "rust/red/1"], "scratches", 1),
        # Classes that are numbers, where nothing else is.
        (["1/a", "2/a"], "1", 1),
        (["class_1/a", "class_2/a"], "class_1", 1),
    ],
)
def test_which_level_of_folders_names_the_class(tmp_path, names, expected, level):
    write(tmp_path, *(f"{name}.png" for name in names))
    index = open_dataset(tmp_path)
    assert classes(index)[f"{names[0]}.png"] == expected
    assert not unused(index)
    if len(names[0].split("/")) > 2 and "NEU" not in names[0]:
        assert f"(those of level {level})" in index.layout


def test_two_readings_are_told_and_the_other_can_be_forced(tmp_path):
    write(tmp_path, "scratches/day/1.png", "rust/day/1.png", "rust/night/1.png")
    found = check(tmp_path)
    assert list(found.counts) == ["day", "night"]
    assert "--class-from 1 would take level 1: rust, scratches" in found.layout
    forced = check(tmp_path, class_from="1", manifest=tmp_path / "list.csv")
    assert list(forced.counts) == ["rust", "scratches"]
    # The manifest says it to every command.
    assert open_dataset(tmp_path / "list.csv").class_names == ("rust", "scratches")
    with pytest.raises(InputError, match="exists already"):
        check(tmp_path, manifest=tmp_path / "list.csv")
    for wrong in ("0", "-1", "outer", ""):
        with pytest.raises(OptionError, match="class_from must be auto, name"):
            check(tmp_path, class_from=wrong)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"2024-05-01", "2024-05-02"}, True),
        ({"17"}, True),
        ({"batch3", "batch4"}, True),
        ({"lineA", "lineB"}, True),
        ({"dent", "dust"}, False),
        ({"scratches"}, False),
        ({"rolled-in_scale", "pitted_surface"}, False),
    ],
)
def test_what_counts_as_a_counter(names, expected):
    assert is_counter(names) == expected


def test_levels_of_one_folder():
    assert find_level([("dent",), ("rust",)]) == (1, [])
