import os
from types import SimpleNamespace

import pytest

from rkd_keras.rating.archive.table import FOLDER, write_part


def test_a_name_that_is_no_utf8_is_written_escaped(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    names = [os.fsdecode(b"crack_\xb4.png"), "Kratzer ü.png"]
    unit = SimpleNamespace(number=0, digest="d")
    facts = write_part(tmp_path, unit, [{"file": name} for name in names])
    assert facts["images"] == 2
    (part,) = (tmp_path / FOLDER).iterdir()
    assert parquet.read_table(part)["file"].to_pylist() == [
        "crack_\\xb4.png",
        "Kratzer ü.png",
    ]
