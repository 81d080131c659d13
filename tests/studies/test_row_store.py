import json

import pytest

from rkd_keras.errors import InputError
from rkd_keras.studies.row_store import RowStore


def shots(row):
    return row["arm"], row["shots"]


def test_rows_survive_a_kill_while_writing(tmp_path):
    path = tmp_path / "rows.jsonl"
    store = RowStore(path)
    store.add({"key": "a"})
    store.add({"key": "b"})
    whole = path.read_text()
    path.write_text(whole + '{"key": "c", "accu')
    again = RowStore(path)
    assert list(again.rows) == list(store.rows)
    assert path.read_text() == whole
    again.add({"key": "c"})
    assert len(RowStore(path)) == 3


@pytest.mark.parametrize(
    "line",
    [
        # Cut behind a brace that closes an inner part.
        '{"arm": "real", "shots": 2, "recall": {"a": 1.0}',
        # Cut within a letter of two bytes.
        '{"arm": "Ri\u00df'.encode()[:-1],
        # Whole as JSON, and no row.
        "2",
        '{"arm": "real"}',
    ],
)
def test_what_a_kill_leaves_of_the_last_line_is_dropped(line, tmp_path):
    path = tmp_path / "results.jsonl"
    first = {"arm": "real", "shots": 0, "recall": {"a": 1.0}}
    line = line if isinstance(line, bytes) else line.encode()
    path.write_bytes(json.dumps(first).encode() + b"\n" + line)
    assert list(RowStore(path, key=shots).rows.values()) == [first]
    assert path.read_text() == json.dumps(first) + "\n"


def test_a_row_without_the_end_of_its_line_is_kept_and_ended(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"key": "a"}')
    RowStore(path).add({"key": "b"})
    assert list(RowStore(path).rows) == ["a", "b"]


def test_a_torn_line_in_the_middle_is_no_kill(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"key": "a"\n{"key": "b"}\n')
    with pytest.raises(InputError, match="line 1 of .*rows.jsonl"):
        RowStore(path)
    assert path.read_text().startswith('{"key": "a"\n')
