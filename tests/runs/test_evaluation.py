"""Scores are of the images that they say they are of."""

import json
import shutil

import pytest
from tiny_exports import CLASS_NAMES, exports, textures
from typer.testing import CliRunner

from rkd_keras.cli.app import app
from rkd_keras.data import make_split, open_dataset
from rkd_keras.errors import InputError, OptionError
from rkd_keras.files.images import write_image
from rkd_keras.runs import evaluate
from rkd_keras.runs.run import Run
from rkd_keras.runs.run_facts import list_limits


def drawn(folder, seed):
    images, labels = textures(4, seed)
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        (folder / CLASS_NAMES[label]).mkdir(parents=True, exist_ok=True)
        write_image(folder / CLASS_NAMES[label] / f"{i}.png", image)
    return folder


@pytest.fixture
def run(tmp_path):
    """A run whose model is a TFLite file, so that no test needs TensorFlow."""
    data = drawn(tmp_path / "data", 5)
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copy(exports()["tflite"], folder / "model.tflite")
    index = open_dataset(data)
    make_split(index, groups="none").write(folder / "split.json", index)
    return folder / "model.tflite"


def test_a_lone_model_s_test_part_is_not_guessed(run, tmp_path):
    lone = shutil.copy(run, tmp_path / "lone.tflite")
    data, out = tmp_path / "data", tmp_path / "scores"
    with pytest.raises(InputError, match="nothing tells which images of .* --protocol"):
        evaluate(lone, data, out=out, quiet=True)
    assert not out.exists()
    scores = evaluate(lone, data, protocol="holdout", out=out, quiet=True)
    assert (scores["split"], scores["images"]) == ("test", 3)
    # The groups of the training, where there is no record of them.
    grouped = {"protocol": "holdout", "groups": r"(along|across|blobs)"}
    with pytest.raises(InputError, match="cannot be divided into test"):
        evaluate(lone, data, out=tmp_path / "b", quiet=True, **grouped)
    with pytest.raises(OptionError, match="groups goes with --protocol"):
        evaluate(lone, data, groups="column", out=tmp_path / "b", quiet=True)


def test_another_data_set_s_scores_do_not_replace_the_run_s_own(run, tmp_path):
    own = evaluate(run, quiet=True)
    other = drawn(tmp_path / "other", 6)
    with pytest.raises(InputError, match="holds the scores of its own images.*--out"):
        evaluate(run, other, quiet=True)
    assert Run(run.parent).scores == own
    found = evaluate(run, other, overwrite=True, quiet=True)
    assert (found["split"], found["images"]) == ("all", 12)
    assert Run(run.parent).scores["data"] == str(other)
    limits = " ".join(list_limits(Run(run.parent)))
    assert f"images of {other}, another data set" in limits
    assert "which training has seen" not in limits


def test_images_that_were_left_out_are_counted_and_told_by_the_status(run, tmp_path):
    recorded = json.loads((run.parent / "split.json").read_text())
    broken = recorded["test"][0]
    with open(broken["file"], "wb") as file:
        file.write(b"no image")
    del broken["sha256"]
    (run.parent / "split.json").write_text(json.dumps(recorded))
    done = CliRunner().invoke(app, ["evaluate", str(run), "--quiet"])
    assert done.exit_code == 1, done.output
    assert "1 images could not be decoded" in done.output
    assert Run(run.parent).scores["left_out"] == 1
