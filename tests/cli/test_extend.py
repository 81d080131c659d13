"""A class more: the old classes stay, the new one is found, bad input is told."""

import json
import shutil
import typing

import cv2
import numpy as np
import pytest
from tiny_exports import CLASS_NAMES, SIZE, textures

from rkd_keras.errors import InputError
from rkd_keras.options import option_of
from rkd_keras.predict import load, read_card
from rkd_keras.predict.card import QUANTIZATIONS
from rkd_keras.runs import export, extend, open_run
from rkd_keras.trainers import class_prototype


def spots(count, seed=0):
    """Images of a class that the tiny model does not know: bright spots on black."""
    rng = np.random.default_rng(seed)
    images = rng.normal(20, 4, (count, SIZE, SIZE)).clip(0, 255)
    for image in images:
        for x, y in rng.integers(3, SIZE - 3, (9, 2)):
            image[y - 1 : y + 2, x - 1 : x + 2] = 250
    return np.repeat(images[..., None], 3, axis=3).astype("uint8")


@pytest.fixture
def new_folder(tmp_path):
    folder = tmp_path / "spots"
    folder.mkdir()
    for i, image in enumerate(spots(5)):
        cv2.imwrite(str(folder / f"{i}.png"), image)
    return folder


def test_a_class_is_added_and_nothing_else_changes(
    run_directory, new_folder, tmp_path, invoke
):
    before = {f: f.read_bytes() for f in run_directory.rglob("*") if f.is_file()}
    result = invoke(
        "extend", run_directory, "--new", "spots", new_folder, "--quiet",
        "--out", tmp_path / "more",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "knows 'spots' from 5 images" in result.output
    assert "equal verdicts" in result.output
    assert {f: f.read_bytes() for f in before} == before
    old, new = open_run(run_directory), open_run(tmp_path / "more")
    assert new.class_names == (*CLASS_NAMES, "spots")
    for one, other in zip(old.model.layers[:-1], new.model.layers[:-1], strict=True):
        for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
            assert np.array_equal(a, b)
    kernels = [r.model.get_layer("logits").get_weights() for r in (old, new)]
    assert np.array_equal(kernels[0][0], kernels[1][0][:, :-1])
    assert np.array_equal(kernels[0][1], kernels[1][1][:-1])
    card = read_card(tmp_path / "more" / "model.tflite")
    assert card["class_names"][-1] == "spots" and card["unknown"] is not None
    predictor = load(tmp_path / "more" / "model.tflite")
    images, labels = textures(20, seed=9)
    found, _ = predictor.predict_batch(images)
    assert (found.argmax(1) == labels).mean() >= 0.98
    found, _ = predictor.predict_batch(spots(20, seed=1))
    assert (found.argmax(1) == 3).mean() >= 0.9
    facts = json.loads((tmp_path / "more" / "extended.json").read_text())
    assert facts["new"] == "spots" and facts["accuracy_after"] == 1.0


def test_one_image_is_enough_for_an_unknown_verdict(run_directory, new_folder):
    for file in sorted(new_folder.iterdir())[1:]:
        file.unlink()
    made = extend(run_directory, new_folder, "spots", quantize="float16", quiet=True)
    assert made.run.path == run_directory.with_name("run_spots")
    card = read_card(made.exported.path)
    assert card["unknown"] is not None and card["quantization"] == "float16"


def test_export_and_extend_quantize_alike():
    hints = [typing.get_type_hints(f, include_extras=True) for f in (export, extend)]
    one, other = (option_of(each["quantize"])[1] for each in hints)
    assert one is other and (None, *one.choices) == QUANTIZATIONS


def test_what_cannot_be_added_is_told_before_anything_is_loaded(
    run_directory, new_folder, tmp_path, monkeypatch
):
    monkeypatch.setattr("rkd_keras.models.load_model", None)
    (tmp_path / "empty").mkdir()
    own = tmp_path / "own"
    own.mkdir()
    recorded = json.loads((run_directory / "split.json").read_text())
    shutil.copy(recorded["test"][0]["file"], own / "copy.png")
    for name, folder, message in (
        (CLASS_NAMES[0], new_folder, "exists already; give another name"),
        ("unknown", new_folder, "is a verdict of its own"),
        ("a/b", new_folder, "is no name of a class"),
        ("spots", tmp_path / "empty", "empty"),
        ("spots", tmp_path / "nowhere", "nowhere"),
    ):
        with pytest.raises(InputError, match=message):
            extend(run_directory, folder, name, quiet=True)
    with pytest.raises(InputError, match="only tflite files are quantized, not onnx"):
        extend(run_directory, new_folder, "spots", format="onnx", quantize="int8")
    from rkd_keras.data.reading.identity import digest_of

    for row in recorded["test"]:
        row["sha256"] = digest_of(row["file"])
    (run_directory / "split.json").write_text(json.dumps(recorded))
    with pytest.raises(InputError, match="is an image of the run itself, of class"):
        extend(run_directory, own, "spots", quiet=True)
    for name, image, message in (
        ("wide", np.zeros((SIZE, 2 * SIZE), "uint8"), "wide.png has 64x32 pixels"),
        ("deep", np.zeros((SIZE, SIZE), "uint16"), "deep.png has 16 bits a channel"),
    ):
        file = new_folder / f"{name}.png"
        cv2.imwrite(str(file), image)
        with pytest.raises(InputError, match=f"{message}, and the .*--any-size"):
            extend(run_directory, new_folder, "spots", quiet=True)
        file.unlink()


def test_no_image_of_an_old_class_goes_over():
    """Whatever the classes are: the bias is as high as they allow."""
    rng = np.random.default_rng(0)
    labels = np.arange(90) % 3
    old = rng.normal(0, 0.4, (90, 8)) + 2 * np.eye(8)[labels]
    kernel, bias = 3 * np.eye(8)[:, :3], np.zeros(3)
    new = rng.normal(0, 0.4, (5, 8)) + 2 * np.eye(8)[5]
    made = class_prototype(new, old, labels, old[:45], labels[:45], kernel, bias)
    logits = np.c_[old @ kernel + bias, old @ made.kernel + made.bias]
    assert (logits.argmax(1) < 3).all()
    more = rng.normal(0, 0.4, (50, 8)) + 2 * np.eye(8)[5]
    found = np.c_[more @ kernel + bias, more @ made.kernel + made.bias].argmax(1) == 3
    assert found.mean() > 0.9
    # The features' scale changes nothing.
    other = class_prototype(
        7 * new, 7 * old, labels, 7 * old[:45], labels[:45], kernel / 7, bias
    )
    assert (made.kind, made.scale, made.retreat) == (
        other.kind,
        other.scale,
        other.retreat,
    )
    assert other.bias == pytest.approx(made.bias, rel=1e-3)
    with pytest.raises(InputError, match="features must be 8 wide"):
        class_prototype(new[:, :3], old, labels, old, labels, kernel, bias)
