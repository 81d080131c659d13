import importlib
import shutil

import numpy as np
import pytest
from tiny_exports import CLASS_NAMES

from rkd_keras.errors import InputError
from rkd_keras.predict import load, new_card, read_card, write_card

CARD = {"class_names": CLASS_NAMES, "input_shape": (32, 32, 3)}


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2"])
def test_threads_must_be_a_count(files, threads):
    with pytest.raises(InputError, match="threads"):
        load(files["int8"], threads=threads)


def test_none_is_the_bundled_student(files, tmp_path, monkeypatch):
    # The package's attribute `load` is the function, not the module.
    module = importlib.import_module("rkd_keras.predict.load")
    paths = {name: tmp_path / name for name in ("first.tflite", "second.tflite")}
    monkeypatch.setattr(module, "BUNDLED", paths)
    for name in (None, "second.tflite"):
        with pytest.raises(InputError, match="carries no such student"):
            load(name)
    shutil.copy(files["int8"], tmp_path / "first.tflite")
    assert load().class_names == CLASS_NAMES


@pytest.mark.parametrize("kind", ["int8", "onnx"])
def test_a_card_of_another_model_is_refused(files, tmp_path, kind):
    path = tmp_path / files[kind].name
    shutil.copy(files[kind], path)
    write_card(path, new_card(("one", "two"), (32, 32, 3)))
    with pytest.raises(InputError, match="2 classes") as caught:
        load(path)
    assert str(path) in str(caught.value)
    unknown = {**read_card(files[kind])["unknown"], "method": "oracle"}
    write_card(path, new_card(**CARD, unknown=unknown))
    with pytest.raises(InputError, match="unknown verdict") as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_layers_of_the_package_load_by_themselves(tmp_path):
    from rkd_keras.models import SARSN34

    model = SARSN34(num_classes=3, input_shape=(32, 32, 3), width=0.0625)
    path = tmp_path / "sarsn.keras"
    model.save(path)
    write_card(path, new_card(**CARD))
    probabilities, _ = load(path).predict_batch(np.zeros((1, 32, 32, 3), np.uint8))
    assert probabilities.sum() == pytest.approx(1)


def test_code_in_a_keras_file_is_not_run(tmp_path):
    import keras

    inputs = keras.Input((32, 32, 3))
    x = keras.layers.Lambda(lambda x: x * 2)(inputs)
    x = keras.layers.GlobalAveragePooling2D(name="embedding")(x)
    x = keras.layers.Dense(3, name="logits")(x)
    path = tmp_path / "lambda.keras"
    keras.Model(inputs, x).save(path)
    write_card(path, new_card(**CARD))
    with pytest.raises(InputError, match="holds code"):
        load(path)


def test_keras_models_without_embedding_or_logits_are_refused(tmp_path):
    import keras

    path = tmp_path / "plain.keras"
    for name, activation, message in (
        ("pool", None, "no layer 'embedding'"),
        ("embedding", "softmax", "activation"),
    ):
        inputs = keras.Input((32, 32, 3))
        x = keras.layers.GlobalAveragePooling2D(name=name)(inputs)
        x = keras.layers.Dense(3, activation=activation, name="logits")(x)
        keras.Model(inputs, x).save(path)
        write_card(path, new_card(**CARD))
        with pytest.raises(InputError, match=message):
            load(path)


def test_a_sequential_model_of_ones_own_is_opened(tmp_path):
    import keras

    path = tmp_path / "own.keras"
    keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.GlobalAveragePooling2D(name="embedding"),
            keras.layers.Dense(3),
        ]
    ).save(path)
    write_card(path, new_card(**CARD))
    images = np.zeros((2, 32, 32, 3), np.uint8)
    np.testing.assert_allclose(load(path).predict_batch(images)[0], 1 / 3, rtol=1e-6)


def test_a_model_of_nonsense_is_refused(tmp_path):
    """The weights of a training that diverged are NaN."""
    from rkd_keras.models import ResNet18

    model = ResNet18(num_classes=3, input_shape=(32, 32, 3), width=0.0625)
    model.set_weights([weight * np.nan for weight in model.get_weights()])
    path = tmp_path / "diverged.keras"
    model.save(path)
    write_card(path, new_card(**CARD))
    with pytest.raises(InputError, match=r"diverged\.keras: .* no finite numbers"):
        load(path)


def test_a_saved_model_that_reaches_out_is_refused(tmp_path):
    import tensorflow as tf

    target = tmp_path / "written.txt"

    class Writes(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 32, 32, 3), tf.float32)])
        def serve(self, images):
            tf.io.write_file(str(target), "stolen")
            return {
                "probabilities": images[:, 0, 0, :],
                "embedding": images[:, 0, 0, :],
            }

    module = Writes()
    tf.saved_model.save(module, tmp_path / "model", {"serving_default": module.serve})
    write_card(tmp_path / "model", new_card(**CARD))
    with pytest.raises(InputError, match="WriteFile"):
        load(tmp_path / "model")
    assert not target.exists()


def test_a_saved_model_of_another_signature_is_refused(tmp_path):
    import tensorflow as tf

    class Other(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 32, 32, 3), tf.float32)])
        def serve(self, images):
            return {"scores": images[:, 0, 0, :]}

    module = Other()
    tf.saved_model.save(module, tmp_path / "model", {"serving_default": module.serve})
    write_card(tmp_path / "model", new_card(**CARD))
    with pytest.raises(InputError, match="probabilities"):
        load(tmp_path / "model")
