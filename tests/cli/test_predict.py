import csv
import json
import shutil
import subprocess
import sys

import pytest
from tiny_exports import CLASS_NAMES, KINDS

from rkd_keras.errors import InputError


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_writes_csv(invoke, files, image_folder, tmp_path, kind):
    out = tmp_path / "sub" / "verdicts.csv"
    done = invoke("predict", image_folder, "--model", files[kind], "--out", out)
    assert done.exit_code == 0, done.output
    with out.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 36
    for row in rows:
        assert row["class_name"] in row["file"]
        assert row["label"] in (row["class_name"], "unknown")
        shares = [float(row[f"p_{name}"]) for name in CLASS_NAMES]
        assert max(shares) == float(row["probability"])
        assert sum(shares) == pytest.approx(1, abs=0.02)
        float(row["unknown_score"])


def test_json_holds_the_verdicts(invoke, files, image_folder, tmp_path):
    out = tmp_path / "verdicts.json"
    pattern = image_folder / "along" / "*.png"
    done = invoke("predict", pattern, "--model", files["int8"], "--out", out)
    assert done.exit_code == 0, done.output
    content = json.loads(out.read_text())
    assert len(content) == 12
    assert {row["class_name"] for row in content} == {"along"}
    assert set(content[0]) == {
        "file",
        "label",
        "class_name",
        "class_index",
        "probability",
        "probabilities",
        "unknown_score",
        "is_unknown",
    }


def test_a_run_directory_is_a_model(invoke, run_directory, image_folder):
    image = next((image_folder / "blobs").iterdir())
    done = invoke("predict", image, "--model", run_directory)
    assert done.exit_code == 0, done.output
    assert "blobs" in done.output


def test_unreadable_images_are_named_and_left_out(
    invoke, files, image_folder, tmp_path
):
    shutil.copytree(image_folder / "along", tmp_path / "images")
    (tmp_path / "images" / "broken.png").write_bytes(b"no image")
    out = tmp_path / "verdicts.csv"
    arguments = ["predict", tmp_path / "images", "--model", files["int8"], "--out", out]
    done = invoke(*arguments, "--strict")
    assert isinstance(done.exception, InputError) and "broken" in str(done.exception)
    assert not out.exists()
    done = invoke(*arguments)
    assert done.exit_code == 1
    assert "broken.png" in done.output and "1 of 13" in done.output
    assert len(out.read_text().splitlines()) == 13


@pytest.mark.parametrize("name", ["out.txt", "out"])
def test_out_must_be_csv_or_json(invoke, files, image_folder, tmp_path, name):
    done = invoke(
        "predict", image_folder, "--model", files["int8"], "--out", tmp_path / name
    )
    assert ".csv or .json" in str(done.exception)


def test_existing_files_are_kept(invoke, files, image_folder, tmp_path):
    out = tmp_path / "verdicts.csv"
    out.write_text("mine")
    arguments = ["predict", image_folder, "--model", files["int8"], "--out", out]
    assert "--overwrite" in str(invoke(*arguments).exception)
    assert out.read_text() == "mine"
    assert invoke(*arguments, "--overwrite").exit_code == 0
    assert out.read_text() != "mine"


@pytest.mark.parametrize("images", ["gone.png", "gone/*.png"])
def test_images_must_exist(invoke, files, images):
    done = invoke("predict", images, "--model", files["int8"])
    assert isinstance(done.exception, InputError)


def test_the_command_needs_no_tensorflow(files, image_folder):
    program = (
        "import sys\n"
        "for name in ('tensorflow', 'keras', 'onnx', 'sklearn'):\n"
        "    sys.modules[name] = None\n"
        "from rkd_keras.cli.app import app\n"
        "app(sys.argv[1:])\n"
    )
    done = subprocess.run(
        [
            sys.executable,
            *("-c", program, "predict", str(image_folder / "along")),
            *("--model", str(files["int8"])),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("along") >= 12
