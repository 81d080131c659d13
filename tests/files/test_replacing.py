import pytest

from rkd_keras.errors import InputError
from rkd_keras.files.replacing import replacing


def test_a_block_that_fails_leaves_the_file_as_it_was(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("before")
    with pytest.raises(ZeroDivisionError), replacing(file) as temporary:
        temporary.write_text("half")
        _ = 1 / 0
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


def test_what_cannot_be_written_is_told_in_a_sentence(tmp_path):
    with (
        pytest.raises(InputError, match="a.txt cannot be written: No such file"),
        replacing(tmp_path / "none" / "a.txt") as temporary,
    ):
        temporary.write_text("x")
    with (
        pytest.raises(InputError, match="cannot be written: File name too long"),
        replacing(tmp_path / ("x" * 300)) as temporary,
    ):
        temporary.write_text("x")
    (tmp_path / "folder").mkdir()
    with (
        pytest.raises(InputError, match="folder cannot be written: Is a directory"),
        replacing(tmp_path / "folder") as temporary,
    ):
        temporary.write_text("x")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_full_disk_is_told():
    from pathlib import Path

    class Full:
        def write(self):
            raise OSError(28, "No space left on device")

    with (
        pytest.raises(InputError, match="cannot be written: No space left on device"),
        replacing(Path("a.txt")),
    ):
        Full().write()


def test_an_error_about_another_file_stays_what_it_is(tmp_path):
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "a.txt"):
        (tmp_path / "other").read_text()
