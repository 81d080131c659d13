import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rkd_keras.files.names import is_utf8, printable
from rkd_keras.files.replacing import replacing


def test_names_that_need_no_escape_stay_as_they_are():
    for name in ("a.png", "Kratzer ü/1 (2).jpg", "划痕_1.png", "[x]"):
        assert printable(name) == name


@given(st.binary(max_size=40))
def test_any_bytes_give_one_line_that_can_be_printed(data):
    name = os.fsdecode(data)
    shown = printable(name)
    assert shown.encode().decode() == shown
    assert len(shown.splitlines()) <= 1 and "\x1b" not in shown
    assert is_utf8(name) == (os.fsencode(name).decode(errors="replace") == name)


@pytest.mark.parametrize("name", ["x" * 251 + ".png", "ü" * 125 + ".csv", "x" * 255])
def test_files_with_the_longest_names_are_replaced(tmp_path, name):
    for text in ("first", "second"):
        with replacing(tmp_path / name) as temporary:
            temporary.write_text(text)
    assert (tmp_path / name).read_text() == "second"
    assert len(list(tmp_path.iterdir())) == 1
