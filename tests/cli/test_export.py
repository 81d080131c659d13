import json
import zipfile

import pytest
from tiny_exports import CLASS_NAMES, SIZE, textures

from rkd_keras.errors import InputError
from rkd_keras.predict import load, new_card, read_card, write_card


def test_int8_from_a_run_directory(invoke, run_directory):
    out = run_directory / "student.tflite"
    done = invoke("export", run_directory, "--out", out, "--quantize", "int8")
    assert done.exit_code == 0, done.output
    assert "equal" in done.output
    card = read_card(out)
    assert card["quantization"] == "int8"
    assert card["class_names"] == list(CLASS_NAMES)
    assert card["unknown"]["false_alarm_rate"] == 0.01
    assert card["temperature"] != 1.0
    assert (card["calibrated_on"], card["unknown_fitted_on"]) == (9, 27)
    images, labels = textures(10, seed=9)
    predictor = load(out)
    probabilities, _ = predictor.predict_batch(images)
    assert probabilities.argmax(axis=1).tolist() == labels.tolist()
    # The run's own model is left as it is.
    assert read_card(run_directory / "model.keras")["unknown"] is None


def test_format_names_the_file(invoke, run_directory):
    done = invoke("export", run_directory / "model.keras", "--format", "onnx")
    assert done.exit_code == 0, done.output
    assert load(run_directory / "model.onnx").class_names == CLASS_NAMES


def test_moved_images_are_given_by_data(invoke, run_directory, image_folder):
    split = json.loads((run_directory / "split.json").read_text())
    for part in ("train", "val", "test"):
        for row in split[part]:
            row["file"] = row["file"].replace(str(image_folder), "/moved/away")
    (run_directory / "split.json").write_text(json.dumps(split))
    out = run_directory / "model.onnx"
    done = invoke("export", run_directory, "--out", out)
    assert isinstance(done.exception, InputError)
    assert not out.exists()
    done = invoke("export", run_directory, "--out", out, "--data", image_folder)
    assert done.exit_code == 0, done.output
    assert read_card(out)["calibrated_on"] == 9


def test_without_validation_images_it_says_what_is_missing(
    invoke, run_directory, image_folder
):
    (run_directory / "split.json").unlink()
    out = run_directory / "model.onnx"
    done = invoke("export", run_directory, "--out", out)
    assert isinstance(done.exception, InputError)
    assert "--data" in str(done.exception)
    done = invoke("export", run_directory, "--out", out, "--data", image_folder)
    assert done.exit_code == 0, done.output
    assert "no unknown verdict" in done.output
    assert read_card(out)["unknown"] is None


def test_a_model_without_a_card_takes_the_run_s_classes(invoke, run_directory):
    path = run_directory / "model.keras"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    del members["rkd_keras.json"]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    out = run_directory / "model.onnx"
    done = invoke("export", run_directory, "--out", out)
    assert done.exit_code == 0, done.output
    assert read_card(out)["class_names"] == list(CLASS_NAMES)
    assert read_card(out)["input_shape"] == [SIZE, SIZE, 3]


def test_decisions_in_the_card_are_kept(invoke, run_directory, files):
    fitted = read_card(files["keras"])
    card = {k: fitted[k] for k in ("temperature", "unknown")}
    write_card(
        run_directory / "model.keras", new_card(CLASS_NAMES, (SIZE, SIZE, 3), **card)
    )
    out = run_directory / "model.onnx"
    assert invoke("export", run_directory, "--out", out).exit_code == 0
    assert read_card(out)["unknown"] == fitted["unknown"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--out or --format"),
        (["--out", "model.pt"], "--format must"),
        (["--format", "pickle"], "--format must"),
        (["--format", "tflite", "--quantize", "int4"], "--quantize"),
        (["--format", "onnx", "--quantize", "int8"], "only tflite"),
    ],
)
def test_options_that_do_not_fit(invoke, run_directory, arguments, message):
    done = invoke("export", run_directory, *arguments)
    assert isinstance(done.exception, InputError)
    assert message in str(done.exception)


def test_existing_files_are_kept(invoke, run_directory):
    out = run_directory / "model.onnx"
    out.write_text("mine")
    done = invoke("export", run_directory, "--out", out)
    assert "--overwrite" in str(done.exception)
    assert out.read_text() == "mine"


def test_only_keras_models_are_exported(invoke, files, tmp_path):
    for model in (files["onnx"], tmp_path, tmp_path / "gone.keras"):
        done = invoke("export", model, "--out", tmp_path / "x.onnx")
        assert isinstance(done.exception, InputError)
