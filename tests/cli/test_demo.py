import json
import re
from pathlib import Path

import pytest

from rkd_keras.errors import InputError


@pytest.mark.slow
def test_demo_ends_with_a_report(tmp_path, invoke, eagerly):
    """All eight steps on drawn strips, one epoch each."""
    out = tmp_path / "demo"
    result = invoke("demo", "--out", out, "--epochs", 1, "--per-class", 9)
    assert result.exit_code == 0, result.output
    for number in range(1, 9):
        assert f"{number}/8" in result.output
    assert "the student alone: accuracy" in result.output
    student = out / "student"
    report = (student / "report.html").read_text(encoding="utf-8")
    for title in ("Class by class", "The files for the line", "How it learned"):
        assert f"<h2>{title}" in report
    # One file for a plant manager: its pictures travel inside.
    sources = re.findall(r'(?:src|href)="([^"]{,11})', report)
    assert sources and set(sources) <= {"data:image/"}
    metrics = json.loads((student / "metrics.json").read_text())
    assert metrics["images"] == 18 and len(metrics["per_class"]) == 6
    assert json.loads((student / "config.json").read_text())["teacher"]
    timed = json.loads((student / "benchmark.json").read_text())
    # Float files equal their model however little it learnt; int8 may not.
    files = {Path(row["model"]).name for row in timed["results"]}
    assert {"student.onnx", "student.tflite", "saved_model"} <= files


def test_demo_overwrites_nothing_unasked(tmp_path, invoke):
    kept = tmp_path / "notes.txt"
    kept.write_text("mine")
    result = invoke("demo", "--out", tmp_path)
    assert isinstance(result.exception, InputError)
    assert "--overwrite" in str(result.exception)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("classes", "images", "parts", "protocol"),
    [
        (6, 300, (), "neu-600"),
        (6, 20, (), "holdout"),
        (3, 20, ("train", "test"), "given"),
    ],
)
def test_the_fitting_protocol_is_taken(monkeypatch, classes, images, parts, protocol):
    from types import SimpleNamespace

    import numpy as np

    from rkd_keras import data
    from rkd_keras.runs.pipelining import _checked_data

    index = SimpleNamespace(
        class_names=[f"class {i}" for i in range(classes)],
        parts=dict.fromkeys(parts),
        counts=lambda: np.full(classes, images),
    )

    class Index(SimpleNamespace):
        def __len__(self):
            return classes * images

    monkeypatch.setattr(data, "open_dataset", lambda path: Index(**vars(index)))
    made = SimpleNamespace(train=[2, 3], test=[1])
    monkeypatch.setattr(data, "make_split", lambda *arguments: made)
    assert _checked_data("anywhere", None, 0, 0) == (protocol, 2, classes)
