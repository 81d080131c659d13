import json

import pytest

from rkd_keras.errors import InputError
from rkd_keras.studies.row_store import RowStore

TINY = "resnet18:width=0.0625:stem_stride=4"


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
    assert len(RowStore(path).rows) == 3


def test_a_torn_line_in_the_middle_is_no_kill(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"key": "a"\n{"key": "b"}\n')
    with pytest.raises(ValueError):
        RowStore(path)


def test_bad_data_is_told_before_training(strips, tmp_path, invoke):
    def refusal(*arguments):
        arguments = ("--data", strips, "--out", tmp_path / "out", *arguments)
        result = invoke("compare", *arguments)
        assert isinstance(result.exception, InputError)
        assert not (tmp_path / "out").exists()
        return str(result.exception)

    assert "needs 300 images of each class" in refusal("--split", "neu-600")
    assert "unknown model 'x'" in refusal("--models", "x")
    assert "unknown split 'half'" in refusal("--split", "half")
    assert "holds no finished run" in refusal("--teachers", tmp_path)
    assert "--seeds must be at least 1" in refusal("--seeds", "0")
    single = tmp_path / "single" / "scratch"
    single.mkdir(parents=True)
    for path in list(strips.glob("**/*.jpg"))[:4]:
        (single / path.name).write_bytes(path.read_bytes())
    assert "one class" in refusal("--data", tmp_path / "single")


def test_arguments_that_a_network_lacks(strips, tmp_path, invoke):
    result = invoke(
        "compare", "--data", strips, "--out", tmp_path / "o", "--models", "resnet18:a=1"
    )
    assert isinstance(result.exception, InputError)
    assert "unexpected keyword argument 'a'" in str(result.exception)


@pytest.mark.slow
def test_grid_runs_resumes_and_grows(strips, tmp_path, invoke):
    out = tmp_path / "comparison"

    def compare(models, *more):
        result = invoke(
            "compare", "--data", strips, "--out", out, "--models", models,
            "--epochs", 1, "--size", 32, "--batch-size", 16, "--quiet", *more,
        )  # fmt: skip
        if result.exception:
            raise result.exception
        return [json.loads(x) for x in (out / "rows.jsonl").read_text().splitlines()]

    student = f"{TINY}@{TINY}"
    rows = compare(f"{student},hog+knn", "--no-latency")
    # The teacher was nowhere: it is trained first, and is a row too.
    assert [row["label"] for row in rows] == ["hog+knn", TINY, student]
    assert rows[2]["teacher"].endswith(rows[1]["key"])
    assert rows[1]["parameters"] > 0 and rows[1]["multiply_adds"] > 0
    assert 0 <= rows[0]["accuracy"] <= 1
    assert not (out / "runs" / rows[1]["key"] / "checkpoints").exists()
    report = (out / "report.md").read_text(encoding="utf-8")
    assert f"| {student} |" in report

    with pytest.raises(InputError, match="holds a run already; continue it with"):
        compare(student)
    before = (out / "runs" / rows[1]["key"] / "model.keras").stat().st_mtime_ns
    more = compare(TINY, "--resume", "--noise", "--seeds", 2, "--runs", 2)
    assert more[:3] == rows
    assert [row["seed"] for row in more[3:]] == [1]
    assert set(more[3]["noise"]) >= {"gaussian:25", "salt-pepper:5"}
    assert (out / "runs" / rows[1]["key"] / "model.keras").stat().st_mtime_ns == before
    times = json.loads((out / "latency.json").read_text())["networks"][TINY]
    assert times["float32_ms"] > 0 and times["int8_ms"] > 0
    assert 0 <= times["int8_accuracy"] <= 1
    assert "int8 ms" in (out / "report.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_latency_only(strips, tmp_path, invoke):
    result = invoke(
        "compare", "--data", strips, "--out", tmp_path / "out", "--models", TINY,
        "--size", 32, "--latency-only", "--runs", 2, "--quiet",
    )  # fmt: skip
    assert result.exception is None
    assert not (tmp_path / "out" / "rows.jsonl").exists()
    report = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "# Sizes and times" in report and f"| {TINY} |" in report
