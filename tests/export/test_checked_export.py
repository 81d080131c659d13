import importlib
import sys

import numpy as np
import pytest
from tiny_exports import CLASS_NAMES, SIZE, textures, tiny_model

from rkd_keras.errors import InputError
from rkd_keras.export import export_model
from rkd_keras.export.serving_model import serving_model
from rkd_keras.predict import load, new_card, read_card

CARD = {"class_names": CLASS_NAMES, "input_shape": (SIZE, SIZE, 3)}
IMAGES = textures(4, seed=6)[0]


def only(folder, *names):
    assert sorted(p.name for p in folder.iterdir()) == sorted(names)


def test_temperature_is_in_the_graph(model, tmp_path):
    export_model(model, tmp_path / "a.onnx", new_card(**CARD), check_images=IMAGES)
    warm = new_card(**CARD, temperature=4.0)
    export_model(model, tmp_path / "b.onnx", warm, check_images=IMAGES)
    plain, warmed = (
        load(tmp_path / name).predict_batch(IMAGES)[0].astype(float)
        for name in ("a.onnx", "b.onnx")
    )
    expected = plain**0.25 / (plain**0.25).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(warmed, expected, atol=1e-3)
    assert read_card(tmp_path / "b.onnx")["temperature"] == 4.0


@pytest.mark.parametrize("name", ["model.onnx", "model.tflite"])
def test_mixed_precision_models_export_as_float32(tmp_path, name):
    model = tiny_model("mixed_bfloat16")
    before = model.get_weights()
    report = export_model(model, tmp_path / name, new_card(**CARD), check_images=IMAGES)
    assert report.passed and report.images == len(IMAGES)
    assert model.get_layer("embedding").compute_dtype == "bfloat16"
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_global_mixed_policy_does_not_leak_into_the_export(tmp_path):
    import keras

    keras.config.set_dtype_policy("mixed_bfloat16")
    model = tiny_model()
    assert model.get_layer("embedding").compute_dtype == "bfloat16"
    report = export_model(
        model, tmp_path / "model.onnx", new_card(**CARD), check_images=IMAGES
    )
    assert report.passed
    assert keras.config.dtype_policy().name == "mixed_bfloat16"


@pytest.mark.parametrize("name", ["model.tflite", "model.onnx", "model"])
def test_a_file_that_differs_is_not_left(model, tmp_path, monkeypatch, name):
    export_model(model, tmp_path / name, new_card(**CARD), check_images=IMAGES)
    old = read_card(tmp_path / name)
    # Another model is converted than the one to compare with.
    other = tiny_model(seed=5)
    # The package's attribute of this name is the function, not the module.
    module = importlib.import_module("rkd_keras.export.checked_export")
    monkeypatch.setattr(
        module, "serving_model", lambda _, temperature: serving_model(other)
    )
    for path, overwrite in ((f"new_{name}", False), (name, True)):
        with pytest.raises(InputError, match="was not written"):
            export_model(
                model,
                tmp_path / path,
                new_card(**CARD),
                check_images=IMAGES,
                overwrite=overwrite,
            )
        only(tmp_path, name)
    assert read_card(tmp_path / name) == old


def test_existing_files_are_kept(model, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        export_model(model, path, new_card(**CARD), check_images=IMAGES)
    assert path.read_text() == "mine"
    export_model(model, path, new_card(**CARD), check_images=IMAGES, overwrite=True)
    assert load(path).class_names == CLASS_NAMES
    only(tmp_path, "model.onnx")


def test_a_saved_model_is_replaced_whole(model, tmp_path):
    path = tmp_path / "served"
    path.mkdir()
    (path / "old.txt").write_text("old")
    (path / "saved_model.pb").write_bytes(b"old")
    export_model(model, path, new_card(**CARD), check_images=IMAGES, overwrite=True)
    assert not (path / "old.txt").exists()
    only(tmp_path, "served")


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("model.pt", {}, "format"),
        ("model.onnx", {"format": "tflite"}, "end in .tflite"),
        ("model.onnx", {"quantization": "int8"}, "only tflite"),
        ("model.tflite", {"quantization": "int4"}, "quantization"),
        ("model.tflite", {"check_images": None}, "real images"),
        ("model.tflite", {"check_images": []}, "real images"),
        ("model.tflite", {"quantization": "int8"}, "calibration images"),
        ("model.tflite", {"card": {"input_shape": (16, 16, 3)}}, "the card"),
        ("model.tflite", {"card": {"class_names": ("a", "b")}}, "the card"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    model, tmp_path, name, arguments, message
):
    arguments = {"check_images": IMAGES, **arguments}
    card = new_card(**{**CARD, **arguments.pop("card", {})})
    with pytest.raises(InputError, match=message):
        export_model(model, tmp_path / name, card, **arguments)
    only(tmp_path)


def test_operations_beyond_the_builtin_ones_are_refused(tmp_path):
    import keras
    from keras import layers

    class Rare(layers.Layer):
        def call(self, inputs):
            import tensorflow as tf

            return tf.math.igamma(tf.abs(inputs) + 1.0, 2.0)

    inputs = keras.Input((SIZE, SIZE, 3))
    x = Rare()(layers.Rescaling(1 / 255)(inputs))
    x = layers.GlobalAveragePooling2D(name="embedding")(x)
    x = layers.Dense(3, name="logits")(x)
    model = keras.Model(inputs, x, name="rare")
    with pytest.raises(InputError, match="builtin"):
        export_model(
            model, tmp_path / "rare.tflite", new_card(**CARD), check_images=IMAGES
        )
    only(tmp_path)


def test_images_may_be_files_of_any_size(model, tmp_path):
    import cv2

    paths = []
    for index, image in enumerate(IMAGES[:3]):
        paths.append(tmp_path / f"{index}.png")
        cv2.imwrite(str(paths[-1]), cv2.resize(image, (50, 40)))
    path = tmp_path / "out" / "model.onnx"
    report = export_model(model, path, new_card(**CARD), check_images=paths)
    assert report.images == 3
    only(path.parent, "model.onnx")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [
        # The paper's own form jumps at its threshold, where rounding decides.
        ("sarsn34", {"width": 0.125, "form": "continuous"}),
        ("resnext50", {"width": 0.25}),
        ("mobilenet_v1", {"width": 0.25}),
    ],
)
def test_networks_of_the_package_export(tmp_path, name, options):
    from rkd_keras.models import create_model

    model = create_model(name, num_classes=3, input_shape=(SIZE, SIZE, 3), **options)
    for file in ("model.tflite", "model.onnx"):
        report = export_model(
            model, tmp_path / file, new_card(**CARD), check_images=IMAGES
        )
        assert report.passed


def test_without_tf2onnx_its_installation_is_told(model, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(ImportError, match="pip install tf2onnx onnx"):
        export_model(
            model, tmp_path / "student.onnx", new_card(**CARD), check_images=IMAGES
        )
    assert list(tmp_path.iterdir()) == []


def test_a_model_of_nonsense_is_not_written(tmp_path):
    """The weights of a training that diverged are NaN."""
    diverged = tiny_model()
    diverged.set_weights([weight * np.nan for weight in diverged.get_weights()])
    with pytest.raises(InputError, match="the model's probabilities are no finite"):
        export_model(
            diverged, tmp_path / "student.onnx", new_card(**CARD), check_images=IMAGES
        )
    assert list(tmp_path.iterdir()) == []


def test_a_sequential_model_of_ones_own(tmp_path):
    import keras

    network = keras.Sequential(tiny_model().layers, name="own")
    path = tmp_path / "own.onnx"
    report = export_model(network, path, new_card(**CARD), check_images=IMAGES)
    assert report.passed and load(path).class_names == CLASS_NAMES
