import json

import pytest

from rkd_keras.errors import InputError
from rkd_keras.runs.run import Run
from rkd_keras.runs.settings import Settings
from rkd_keras.studies import compare
from rkd_keras.studies.comparison.comparison import Comparison
from rkd_keras.studies.comparison.entries import parse_models
from rkd_keras.studies.comparison.grid import make_rows

TINY = "resnet18:width=0.0625:stem_stride=4"


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
    for number, path in enumerate(list(strips.glob("**/*.jpg"))[:4]):
        (single / f"{number}.jpg").write_bytes(path.read_bytes())
    assert "one class" in refusal("--data", tmp_path / "single")


def test_arguments_that_a_network_lacks(strips, tmp_path, invoke):
    result = invoke(
        "compare", "--data", strips, "--out", tmp_path / "o", "--models", "resnet18:a=1"
    )
    assert isinstance(result.exception, InputError)
    assert "unexpected keyword argument 'a'" in str(result.exception)


@pytest.fixture
def in_this_process(monkeypatch):
    """Call what has a process of its own here; returns the list of its calls."""
    calls = []

    def call(function, *args):
        calls.append(function.__name__)
        return function(*args)

    monkeypatch.setattr("rkd_keras.studies.own_process.call_in_own_process", call)
    return calls


def test_the_function_is_the_command(strips, tmp_path, in_this_process, capsys):
    out = str(tmp_path / "out")
    compared = compare(str(strips), out, "hog+knn", size=32, seeds=2, quiet=True)
    assert in_this_process == ["run_row"] * 2
    assert [row["seed"] for row in compared.rows] == [0, 1]
    assert compared.latency == {}
    titles, lines = compared.table
    assert lines[0][titles.index("model")] == "hog+knn"
    report = (compared.path / "report.md").read_text(encoding="utf-8")
    assert "by 5-fold cross-validation" in report
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""
    again = compare(strips, out, "hog+knn", size=32, quiet=True, resume=True)
    assert again.rows == compared.rows[:1]
    assert len(in_this_process) == 2


def test_images_too_many_for_memory_give_the_same_row(
    strips, tmp_path, in_this_process, monkeypatch
):
    def row():
        out = tmp_path / f"out{len(in_this_process)}"
        compared = compare(strips, out, "hog+knn", size=32, quiet=True)
        return {**compared.rows[0], "seconds": 0}

    decoded = row()
    monkeypatch.setattr("rkd_keras.data.reading.loading.IN_MEMORY_MB", 0)
    assert row() == decoded


def test_one_failed_row_costs_no_other(strips, tmp_path, monkeypatch):
    def call(function, row, *args):
        if row.entry == "hog+knn":
            raise RuntimeError("its process was killed")
        return function(row, *args)

    monkeypatch.setattr("rkd_keras.studies.own_process.call_in_own_process", call)
    models = "hog+knn,lbp+knn"
    with pytest.raises(InputError, match="1 of 2 rows failed, the first hog.knn__"):
        compare(strips, tmp_path / "out", models, size=32, quiet=True)
    lines = (tmp_path / "out" / "rows.jsonl").read_text().splitlines()
    assert [json.loads(line)["label"] for line in lines] == ["lbp+knn"]


def test_a_folder_in_which_one_is_at_work_is_refused(
    strips, tmp_path, in_this_process, invoke
):
    arguments = ["compare", "--data", strips, "--models", "hog+knn", "--size", 32]
    arguments += ["--quiet", "--out", tmp_path]
    assert invoke(*arguments).exception is None
    with Run(tmp_path) as run:
        run.lock()
        result = invoke(*arguments, "--resume")
        assert isinstance(result.exception, InputError)
        assert "another process is at work" in str(result.exception)
    assert invoke(*arguments, "--resume").exception is None
    # A comparison that begins anew holds nothing of the old one.
    rows = tmp_path / "rows.jsonl"
    rows.write_text(rows.read_text().replace("hog+knn", "of the old one"))
    assert invoke(*arguments, "--overwrite").exception is None
    assert "of the old one" not in rows.read_text()


def test_the_report_says_which_networks_keep_their_width(strips, tmp_path):
    common = Settings(strips, tmp_path, width=0.5)
    models = parse_models("edge_resnet_small,resnet18")
    rows = make_rows(models, ["cross_entropy"], ["holdout"], [0])
    comparison = Comparison(common, rows)
    assert "width 0.5 (edge_resnet_small as the name says)." in comparison.budget()


@pytest.mark.slow
def test_grid_runs_resumes_and_grows(strips, tmp_path, invoke):
    out = tmp_path / "comparison"

    def rows_of(models, *more):
        result = invoke(
            "compare", "--data", strips, "--out", out, "--models", models,
            "--epochs", 1, "--size", 32, "--batch-size", 16, "--quiet", *more,
        )  # fmt: skip
        if result.exception:
            raise result.exception
        return [json.loads(x) for x in (out / "rows.jsonl").read_text().splitlines()]

    student = f"{TINY}@{TINY}"
    rows = rows_of(f"{student},hog+knn", "--no-latency")
    # The teacher was nowhere: it is trained first, and is a row too.
    assert [row["label"] for row in rows] == ["hog+knn", TINY, student]
    assert rows[2]["teacher"].endswith(rows[1]["key"])
    assert rows[1]["parameters"] > 0 and rows[1]["multiply_adds"] > 0
    assert 0 <= rows[0]["accuracy"] <= 1
    assert not (out / "runs" / rows[1]["key"] / "checkpoints").exists()
    report = (out / "report.md").read_text(encoding="utf-8")
    assert f"| {student} |" in report

    with pytest.raises(InputError, match="holds a run already; continue it with"):
        rows_of(student)
    before = (out / "runs" / rows[1]["key"] / "model.keras").stat().st_mtime_ns
    more = rows_of(TINY, "--resume", "--noise", "--seeds", 2, "--runs", 2)
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
