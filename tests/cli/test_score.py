"""Scoring archives: rows, errors, restart, and one result for every engine."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from rkd_keras.data import pack_images
from rkd_keras.errors import InputError
from rkd_keras.files.packs import open_pack
from rkd_keras.files.tfrecord import encode_example, frame
from rkd_keras.measure import grade, measure, segment
from rkd_keras.measure.grade_rules import DEFAULT_PATH
from rkd_keras.predict import load
from rkd_keras.rating.archive.engines import ENVIRONMENT

COMMAND = (sys.executable, "-c", "from rkd_keras.cli.app import main; main()", "score")


@pytest.fixture(scope="session")
def model(files):
    return files["int8"]


def rows_of(out):
    return pq.read_table(out / "scores.parquet").to_pylist()


def parts(out):
    return {path.name: path for path in (out / "scores.parquet").glob("part-*")}


@pytest.fixture
def archive(image_folder, tmp_path):
    """Six good textures of 36 and one broken file, in a folder of folders."""
    folder = tmp_path / "archive"
    for index, path in enumerate(sorted(image_folder.rglob("*.png"))[::6]):
        target = folder / f"day{index % 2}" / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    (folder / "day1" / "broken.png").write_bytes(b"no image")
    return folder


def test_rows_are_what_predict_measure_and_grade_say(archive, model, tmp_path, invoke):
    out = tmp_path / "scores"
    result = invoke("score", archive, "--out", out, "--model", model, "--quiet")
    assert result.exit_code == 1, result.output
    rows = rows_of(out)
    files = sorted(path for path in archive.rglob("*.png"))
    assert [row["file"] for row in rows] == [str(path) for path in files]
    predictor, classes = load(model), set()
    for row in rows:
        if row["file"].endswith("broken.png"):
            assert "broken.png cannot be decoded" in row["error"]
            assert {k for k, v in row.items() if v is not None} == {"file", "error"}
            continue
        image = cv2.imread(row["file"])[..., ::-1]
        (verdict,) = predictor.predict([image])
        measured = measure(image, segment(image))
        expected = {
            "label": verdict.label,
            "probability": verdict.probability,
            "unknown_score": verdict.unknown_score,
            "is_unknown": verdict.is_unknown,
            **measured.to_dict(),
            **grade(measured, verdict.class_name).to_dict(),
            "error": None,
        }
        assert {name: row[name] for name in expected} == expected
        classes.add(row["class_name"])
    assert len(classes) == 3
    summary = json.loads((out / "summary.json").read_text())
    assert (summary["images"], summary["errors"]) == (7, 1)
    assert sum(summary["labels"].values()) == 6


def test_settings_reach_the_measurement(archive, model, tmp_path, invoke):
    text = DEFAULT_PATH.read_text(encoding="utf-8").replace("unit: any ", "unit: mm ")
    text = text.replace("large part of the surface", "anything")
    (tmp_path / "rules.yaml").write_text(text)
    result = invoke(
        "score", archive, "--out", tmp_path / "s", "--model", model, "--size", 48,
        "--mm-per-pixel", 0.5, "--rules", tmp_path / "rules.yaml", "--method", "paper",
    )  # fmt: skip
    assert result.exit_code == 1, (result.output, result.exception)
    row = rows_of(tmp_path / "s")[0]
    assert (row["image_width"], row["unit"], row["mm_per_pixel"]) == (48, "mm", 0.5)
    assert "anything" in row["rules"].split("; ")


def test_packs_records_and_files_in_one_archive(image_folder, model, tmp_path, invoke):
    archive = tmp_path / "archive"
    pack_images(image_folder, archive / "pack", shard_images=10)
    pack = open_pack(archive / "pack")
    shards = [archive / "pack" / s["file"] for s in pack.manifest["shards"]]
    image = list(pack.images.values())[3]
    data = bytearray(shards[0].read_bytes())
    data[image.offset + 50] ^= 1
    shards[0].write_bytes(data)
    shards[2].unlink()
    encoded = (image_folder / "along").joinpath(
        sorted(os.listdir(image_folder / "along"))[0]
    )
    record = {"image/encoded": encoded.read_bytes(), "image/class/text": "along"}
    named = encode_example({**record, "image/filename": "x.png"})
    nothing = encode_example({"image/filename": "y.png"})
    plain = encode_example(record)
    whole = frame(named) + frame(nothing) + frame(plain)
    (archive / "other.tfrecord").write_bytes(whole + frame(plain)[:-3] + b"???")
    cv2.imwrite(str(archive / "single.png"), np.zeros((40, 40), np.uint8))
    out = tmp_path / "scores"
    result = invoke("score", archive, "--out", out, "--model", model, "--quiet")
    assert result.exit_code == 1, (result.output, result.exception)
    assert len(parts(out)) == 4 + 1 + 1
    rows = rows_of(out)
    assert len(rows) == 36 + 4 + 1
    packed = rows[:36]
    expected = [str(archive / "pack" / name) for name in pack.images]
    assert [row["file"] for row in packed] == expected
    assert [row["true_class"] for row in packed] == [
        image.class_name for image in pack.images.values()
    ]
    errors = {i: row["error"] for i, row in enumerate(packed) if row["error"]}
    assert sorted(errors) == [3, *range(20, 30)]
    assert "checksum does not match" in errors[3]
    assert f"{shards[2].name} is missing" in errors[25]
    right = [row["class_name"] == row["true_class"] for row in packed[:3]]
    assert all(right)
    names = [row["file"].rpartition("/")[2] for row in rows[36:]]
    assert names == ["x.png", "y.png", "2", "3", "single.png"]
    assert rows[36]["class_name"] == rows[36]["true_class"] == "along"
    assert "has no feature image/encoded" in rows[37]["error"]
    assert rows[38]["probability"] == rows[36]["probability"]
    assert "checksum" in rows[39]["error"] and "was not read" in rows[39]["error"]
    assert rows[40]["error"] is None


def test_an_archive_without_a_single_image_fails(model, tmp_path, invoke):
    (tmp_path / "in").mkdir()
    result = invoke("score", tmp_path / "in", "--out", tmp_path / "s", "--model", model)
    assert "no images were found" in str(result.exception)
    (tmp_path / "in" / "a.png").write_bytes(b"")
    result = invoke("score", tmp_path / "in", "--out", tmp_path / "s", "--model", model)
    assert isinstance(result.exception, InputError)
    assert "none of 1 images could be scored; the first error is" in str(
        result.exception
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--engine", "spark"], "--engine must be one of local, ray"),
        (["--workers", 2], "belong to --engine ray"),
        (["--batch-size", 0], "--batch-size must be at least 1"),
        (["--method", "magic"], "`method` must be one of"),
        (["--model", "nowhere.tflite"], "nowhere.tflite"),
        (["--rules", "nowhere.yaml"], "nowhere.yaml cannot be read"),
        (["--resume"], "holds no scores to continue"),
    ],
)
def test_what_cannot_be_done_is_told(archive, model, tmp_path, invoke, more, message):
    out = tmp_path / "s"
    result = invoke("score", archive, "--out", out, "--model", model, *more)
    assert isinstance(result.exception, InputError), result.output
    assert message in str(result.exception)


def test_resume_and_overwrite(archive, model, tmp_path, invoke):
    def run(*more):
        common = ("--out", out, "--model", model, "--unit-images", 2, "--quiet")
        result = invoke("score", archive, *common, *more)
        # One image of the archive is broken, which the status tells.
        return "" if isinstance(result.exception, SystemExit) else str(result.exception)

    out = tmp_path / "s"
    assert run() == ""
    before = rows_of(out)
    assert "continue them with --resume" in run()
    assert "another min_contrast;" in run("--resume", "--min-contrast", 0.1)
    found = parts(out)
    kept = found.pop("part-000001.parquet").stat().st_mtime_ns
    found["part-000002.parquet"].unlink()
    found["part-000000.parquet"].write_bytes(b"PAR1 cut off PAR1")
    (out / "scores.parquet" / ".part-000003.parquet.7.tmp.parquet").write_bytes(b"x")
    assert run("--resume") == ""
    assert rows_of(out) == before
    assert parts(out)["part-000001.parquet"].stat().st_mtime_ns == kept
    assert not list(out.rglob("*.tmp*"))
    summary = json.loads((out / "summary.json").read_text())
    assert summary["images"] == 7 and summary["skipped_images"] == 3
    (archive / "new.png").write_bytes(b"")
    assert "the archive is not the one" in run("--resume")
    assert run("--overwrite") == ""
    assert len(rows_of(out)) == 8


@pytest.mark.slow
def test_a_killed_run_continues(model, tmp_path, invoke):
    rng = np.random.default_rng(0)
    (tmp_path / "in").mkdir()
    for i in range(24):
        noise = rng.integers(0, 256, (500, 500), np.uint8)
        cv2.imwrite(
            str(tmp_path / "in" / f"{i:02}.png"), cv2.GaussianBlur(noise, (0, 0), 3)
        )
    options = ["--model", str(model), "--unit-images", "2", "--quiet"]
    out = tmp_path / "out"
    process = subprocess.Popen(
        [*COMMAND, str(tmp_path / "in"), "--out", str(out), *options]
    )
    deadline = time.monotonic() + 300
    while len(parts(out)) < 2:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    survived = {name: path.stat().st_mtime_ns for name, path in parts(out).items()}
    assert 2 <= len(survived) < 12
    assert not (out / "summary.json").exists()
    result = invoke("score", tmp_path / "in", "--out", out, *options, "--resume")
    assert result.exit_code == 0, result.exception
    assert {n: parts(out)[n].stat().st_mtime_ns for n in survived} == survived
    summary = json.loads((out / "summary.json").read_text())
    assert summary["skipped_images"] == 2 * len(survived) and summary["images"] == 24
    invoke("score", tmp_path / "in", "--out", tmp_path / "whole", *options)
    for name, path in parts(tmp_path / "whole").items():
        assert path.read_bytes() == parts(out)[name].read_bytes()


RAY_SCRIPT = """
import sys
from ray.cluster_utils import Cluster
from rkd_keras.cli.app import app
from rkd_keras.errors import InputError

archive, out, model = sys.argv[1:]

def score(out, *more):
    app(["score", archive, "--out", out, "--model", model, "--unit-images", "4",
         "--engine", "ray", *more], standalone_mode=False)

cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 3})
try:
    score(out + "/cluster", "--ray-address", cluster.address)
finally:
    cluster.shutdown()
score(out + "/own", "--workers", "2")
try:
    score(out + "/none", "--ray-address", "127.0.0.1:1")
except InputError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("ray") is None,
    reason="Ray is not installed: pip install rkd-keras[ray]",
)
def test_ray_gives_the_bytes_of_the_local_engine(archive, files, tmp_path, invoke):
    # Float arithmetic, where the composition of a batch could show.
    model = files["onnx"]
    script = tmp_path / "run.py"
    script.write_text(RAY_SCRIPT)
    run = [sys.executable, str(script), str(archive), str(tmp_path), str(model)]
    environment = {**os.environ, **ENVIRONMENT}
    result = subprocess.run(run, capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stderr
    refused = result.stdout.splitlines()[-1]
    assert refused.startswith("no Ray cluster answers at 127.0.0.1:1: ")
    local = tmp_path / "local"
    options = ("--model", model, "--unit-images", 4, "--quiet")
    invoke("score", archive, "--out", local, *options)
    expected = {name: path.read_bytes() for name, path in parts(local).items()}
    assert len(expected) == 2
    for engine in ("cluster", "own"):
        found = parts(tmp_path / engine)
        assert {name: path.read_bytes() for name, path in found.items()} == expected


@pytest.mark.slow
def test_scoring_loads_no_tensorflow(archive, model, tmp_path):
    pack_images(archive, tmp_path / "pack", unlabelled=True)
    code = (
        "import sys; from rkd_keras.cli.app import app;"
        "app(['score', *sys.argv[1:]], standalone_mode=False);"
        "print([m for m in ('tensorflow', 'keras') if m in sys.modules])"
    )
    run = [str(tmp_path / "pack"), "--out", str(tmp_path / "s"), "--model", str(model)]
    result = subprocess.run(
        [sys.executable, "-c", code, *run], capture_output=True, text=True
    )
    assert result.stdout.splitlines()[-1] == "[]", result.stderr
