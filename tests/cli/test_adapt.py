"""`rkd-keras migrate adapt`: a model for line B out of one of line A."""

import functools
import json
import shutil

import cv2
import numpy as np
import pytest
from tiny_exports import CLASS_NAMES, SIZE, textures

from rkd_keras.errors import InputError, OptionError
from rkd_keras.runs import export, open_run
from rkd_keras.studies.migrate import adapt
from rkd_keras.trainers import dann


def other_camera(images):
    """Darker, with less contrast."""
    return (images * 0.85 + 5).astype("uint8")


@pytest.fixture
def line_b(tmp_path):
    images, labels = textures(20, seed=3)
    for i, (image, label) in enumerate(zip(other_camera(images), labels, strict=True)):
        file = tmp_path / "b" / CLASS_NAMES[label] / f"{i}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), image)
    return tmp_path / "b"


def accuracy(model):
    images, labels = textures(40, seed=5)
    answers = model.predict(other_camera(images), verbose=0).argmax(1)
    return (answers == labels).mean()


@pytest.mark.parametrize("method", ["coral", "dann", "pseudo"])
def test_without_labels_the_head_fits_line_b(
    run_directory, line_b, tmp_path, method, monkeypatch
):
    short = functools.partial(dann, steps=200)
    monkeypatch.setattr("rkd_keras.studies.migrate.adapting.dann", short)
    before = {f: f.read_bytes() for f in run_directory.rglob("*") if f.is_file()}
    made = adapt(line_b, tmp_path / "out", method, run=run_directory, quiet=True)
    assert {f: f.read_bytes() for f in before} == before
    # Six labelled images a class are few for a head that nothing holds back.
    assert accuracy(made.run.model) >= (0.55 if method == "dann" else 0.9)
    assert made.run.class_names == CLASS_NAMES and made.images == 60
    split = json.loads((tmp_path / "out" / "split.json").read_text())
    assert split["labels"] == "the surest answers of the model itself"
    assert 0 < len(split["train"]) <= 30 and not split["test"]


def test_adabn_changes_statistics_and_nothing_else(run_directory, line_b, tmp_path):
    made = adapt(line_b, tmp_path / "out", "adabn", run=run_directory, quiet=True)
    old, new = open_run(run_directory).model, made.run.model
    for one, other in zip(old.weights, new.weights, strict=True):
        same = np.array_equal(one, other)
        assert same != one.path.endswith(("moving_mean", "moving_variance"))


def test_few_labels_make_a_model_that_is_exported(
    run_directory, line_b, tmp_path, invoke
):
    out = tmp_path / "out"
    result = invoke(
        "migrate", "adapt", "--method", "few", "--head", "prototype", "--b", line_b,
        "--run", run_directory, "--out", out, "--quiet",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "adapted by few to 60 images" in result.output
    assert accuracy(open_run(out).model) >= 0.9
    assert export(out, format="onnx", quiet=True).equal_verdicts == 1.0


def test_bad_input_is_told_before_anything_is_loaded(
    run_directory, line_b, tmp_path, monkeypatch
):
    monkeypatch.setattr("rkd_keras.models.load_model", None)
    out = tmp_path / "out"
    with pytest.raises(OptionError, match="run is needed by coral"):
        adapt(line_b, out, "coral")
    with pytest.raises(OptionError, match="method must be one of"):
        adapt(line_b, out, "magic")
    shutil.copytree(line_b / CLASS_NAMES[0], tmp_path / "one" / "dent")
    with pytest.raises(InputError, match="has one class only"):
        adapt(tmp_path / "one", out, "few")
    with pytest.raises(InputError, match="is no run directory"):
        adapt(line_b, out, "adabn", run=tmp_path / "nowhere")
    one = next(line_b.rglob("*.png"))
    with pytest.raises(InputError, match="holds one image"):
        adapt(one, out, "adabn", run=run_directory)
    cv2.imwrite(str(line_b / "large.png"), np.zeros((2 * SIZE, 2 * SIZE), "uint8"))
    with pytest.raises(InputError, match="--any-size"):
        adapt(line_b, out, "pseudo", run=run_directory)
    assert not out.exists()
