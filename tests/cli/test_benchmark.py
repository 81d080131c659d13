import json
from pathlib import Path

import pytest
from tiny_exports import CLASS_NAMES, textures

from rkd_keras.errors import InputError
from rkd_keras.export.timing.worker import peak_mb
from rkd_keras.files.images import write_image

NUMBERS = ("median_ms", "p95_ms", "p99_ms", "images_per_s", "load_s")


def test_files_side_by_side(invoke, files, tmp_path):
    out = tmp_path / "times.json"
    done = invoke(
        *("benchmark", files["int8"], files["onnx"], "--json", out),
        *("--runs", 25, "--batch", 4, "--no-references"),
        *("--runtime", "litert", "--runtime", "onnxruntime"),
    )
    assert done.exit_code == 0, done.output
    content = json.loads(out.read_text())
    assert content["settings"] == {"threads": 1, "runs": 25, "batch": 4}
    results = content["results"]
    assert [r["runtime"] for r in results] == ["LiteRT", "ONNX Runtime"]
    for result, kind in zip(results, ("int8", "onnx"), strict=True):
        assert result["model"] == str(files[kind])
        assert result["runs"] == 25
        assert result["size_bytes"] == files[kind].stat().st_size
        assert all(result[name] > 0 for name in NUMBERS)
        assert result["median_ms"] <= result["p95_ms"] <= result["p99_ms"]
        assert result["peak_mb"] is None or 20 < result["peak_mb"] < 200


@pytest.mark.slow
def test_all_runtimes_in_one_table(invoke, files, tmp_path, monkeypatch):
    """All that are installed, scored on the same images, in 80 columns."""
    pytest.importorskip("openvino")
    images, labels = textures(4, seed=6)
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        write_image(_folder(tmp_path / CLASS_NAMES[label]) / f"{index}.png", image)
    monkeypatch.setenv("COLUMNS", "80")
    done = invoke(
        *("benchmark", files["int8"], files["onnx"], files["tflite"]),
        *("--data", tmp_path, "--split", "all", "--json", tmp_path / "times.json"),
        *("--runs", 3, "--batch", 2, "--no-references"),
    )
    assert done.exit_code == 0, done.output
    results = json.loads((tmp_path / "times.json").read_text())["results"]
    found = [(Path(r["model"]).name, r["runtime"]) for r in results]
    assert found == [
        ("model_int8.tflite", "LiteRT"),
        ("model_int8.tflite", "OpenVINO"),
        ("model.onnx", "ONNX Runtime"),
        ("model.onnx", "OpenVINO"),
        ("model.tflite", "LiteRT"),
        ("model.tflite", "OpenVINO"),
    ]
    for result in results:
        assert (result["images"], result["equal_verdicts"]) == (12, 12)
        assert result["accuracy"] == 1
    lines = done.output.splitlines()
    assert max(map(len, lines)) <= 80
    assert "accuracy on 12 images; equal: verdicts as the first line's" in done.output
    assert sum("100.00" in line for line in lines) == 6


def _folder(path):
    path.mkdir(exist_ok=True)
    return path


def test_nothing_tells_which_images_are_meant(invoke, files, tmp_path):
    for index in range(12):
        image = textures(1, seed=index)[0][0]
        for name in CLASS_NAMES:
            write_image(_folder(tmp_path / name) / f"{index}.png", image)
    done = invoke("benchmark", files["int8"], "--data", tmp_path, "--no-references")
    assert isinstance(done.exception, InputError)
    assert "--split all" in str(done.exception)


@pytest.mark.slow
def test_references_run_the_same_network(invoke, files, tmp_path):
    out = tmp_path / "times.json"
    done = invoke(
        *("benchmark", files["int8"], files["saved_model"], "--json", out),
        *("--runs", 3, "--batch", 2, "--threads", 2),
    )
    assert done.exit_code == 0, done.output
    results = json.loads(out.read_text())["results"]
    runtimes = [r["runtime"] for r in results if r["runtime"] != "OpenVINO"]
    expected = ["LiteRT", "TensorFlow", "Keras predict", "ONNX Runtime"]
    assert runtimes[:4] == expected
    assert all(r["threads"] == 2 for r in results)
    # The small process does not count what the large one holds.
    peaks = {r["runtime"]: r["peak_mb"] for r in results}
    if peak_mb() is not None:
        assert peaks["LiteRT"] < 200 < peaks["Keras predict"]


@pytest.mark.parametrize("arguments", [["--runs", 0], ["--batch", 0], ["--threads", 0]])
def test_counts_must_be_positive(invoke, files, arguments):
    done = invoke("benchmark", files["int8"], *arguments)
    assert arguments[0] in str(done.exception)


def test_a_broken_model_ends_in_a_sentence(invoke, files, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(files["int8"].read_bytes()[:1000])
    done = invoke("benchmark", path, "--no-references")
    assert isinstance(done.exception, InputError)
    assert str(path) in str(done.exception)


def test_existing_files_are_kept(invoke, files, tmp_path):
    out = tmp_path / "times.json"
    out.write_text("mine")
    done = invoke("benchmark", files["int8"], "--json", out)
    assert "--overwrite" in str(done.exception)
    assert out.read_text() == "mine"


def test_the_reference_must_be_a_keras_file(invoke, files):
    done = invoke("benchmark", files["int8"], "--reference", files["onnx"])
    assert ".keras" in str(done.exception)
