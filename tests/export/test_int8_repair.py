"""int8 files that would decide otherwise: explained, repaired, or refused as before."""

import csv
import importlib
import json

import numpy as np
import pytest
from tiny_exports import CLASS_NAMES, SIZE, textures, tiny_model

from rkd_keras.errors import InputError
from rkd_keras.export import export_model
from rkd_keras.export.int8 import repair
from rkd_keras.predict import load, new_card, read_card

CARD = new_card(CLASS_NAMES, (SIZE, SIZE, 3))
IMAGES, LABELS = textures(40, seed=3)
CHECKS = textures(20, seed=9)[0]


def lopsided(factor=3000.0):
    """A classifier that is the same in float32, one channel of it so loud in int8.

    The second convolution takes back what the normalisation before it has made loud.
    """
    model = tiny_model()
    normalisation = model.layers[4]
    gamma, beta, mean, variance = normalisation.get_weights()
    gamma[3], beta[3] = gamma[3] * factor, beta[3] * factor
    normalisation.set_weights([gamma, beta, mean, variance])
    kernel, bias = model.layers[5].get_weights()
    kernel[:, :, 3] /= factor
    model.layers[5].set_weights([kernel, bias])
    return model


@pytest.fixture(scope="module")
def model():
    return lopsided()


def exported(model, path, **options):
    """Export to int8, calibrated and checked with this file's images."""
    return export_model(
        model,
        path,
        CARD,
        quantization="int8",
        calibration_images=IMAGES,
        check_images=CHECKS,
        **options,
    )


@pytest.fixture(scope="module")
def cured(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("cured") / "student.tflite"
    said = []
    report = exported(model, path, explain=True, say=said.append)
    return path, report, said


def test_without_repair_it_is_refused_as_before(model, tmp_path):
    with pytest.raises(InputError, match=r"was not written.*of 60 verdicts"):
        exported(model, tmp_path / "student.tflite", repair=False)
    assert list(tmp_path.iterdir()) == []


def test_a_loud_channel_is_cured_and_the_card_says_how(model, cured):
    path, report, said = cured
    print("\n".join(said), read_card(path)["repair"])
    assert report.passed
    record = read_card(path)["repair"]
    assert record == report.repair
    assert record["step"] == "layers in float" and record["before"] < 0.99
    assert "conv2d_1" in record["layers_in_float"]
    assert record["calibration_images"] == len(IMAGES)
    answers, _ = load(path).predict_batch(CHECKS)
    expected = model.predict(CHECKS.astype("float32"), verbose=0).argmax(axis=1)
    assert (answers.argmax(axis=1) == expected).mean() >= 0.99
    # Each step is a line, in order, and the last one is that which passed.
    steps = [line for line in said if line.startswith("repair")]
    assert all("\n" not in line and len(line) <= 80 for line in steps)
    assert [line[7] for line in steps] == sorted(line[7] for line in steps)


def test_the_loud_channel_s_layer_is_the_worst(cured):
    path, _, said = cured
    table = next(text for text in said if text.startswith("layer"))
    assert max(map(len, table.splitlines())) <= 80
    rows = json.loads(path.with_suffix(".layers.json").read_text())
    with path.with_suffix(".layers.csv").open(newline="") as file:
        assert [r["tensor"] for r in csv.DictReader(file)] == [
            row["tensor"] for row in rows
        ]
    own = [row["own_noise"] for row in rows]
    assert own == sorted(own, reverse=True) and own[0] > 0.05
    assert rows[0]["layer"].startswith("conv2d")
    assert rows[0]["own_decibels"] == pytest.approx(-20 * np.log10(own[0]), abs=0.01)


def test_a_file_that_nothing_cures_is_refused(model, tmp_path, monkeypatch):
    monkeypatch.setattr(repair, "MOST_IN_FLOAT", 0.0)
    distillation = importlib.import_module("rkd_keras.export.int8.distillation")
    taught = []
    monkeypatch.setattr(
        distillation,
        "distilled",
        lambda model, images, tracked: taught.append(len(images)) or lopsided(),
    )
    said = []
    with pytest.raises(InputError, match=r"was not written.*needed 99%"):
        exported(model, tmp_path / "student.tflite", say=said.append)
    assert list(tmp_path.iterdir()) == [] and taught == [len(IMAGES)]
    assert any(line.startswith("repair 3") for line in said)


def test_a_silent_layer_stays_in_float(tmp_path):
    """int8 has no scale for nothing but zeros; XNNPACK cannot prepare such a layer."""
    import keras
    from keras import layers

    image = keras.Input((SIZE, SIZE, 3))
    x = layers.GlobalAveragePooling2D()(image)
    shut = layers.Dense(
        2, "relu", bias_initializer=keras.initializers.Constant(-1e4), name="shut"
    )(x)
    shut = layers.Dense(4, name="after")(shut)
    x = layers.Add(name="embedding")([shut, layers.Dense(4, name="open")(x)])
    model = keras.Model(image, layers.Dense(3, name="logits")(x), name="shutter")
    options = {"quantization": "int8", "calibration_images": IMAGES[:30]}
    with pytest.raises(InputError, match="shut.* gives nothing but zeros"):
        export_model(model, tmp_path / "a.tflite", CARD, repair=False, **options)
    report = export_model(model, tmp_path / "a.tflite", CARD, **options)
    assert report.passed and report.repair["before"] is None
    assert "shut" in report.repair["layers_in_float"]


def test_distillation_brings_rounded_answers_nearer():
    from rkd_keras.export.int8.distillation import distilled
    from rkd_keras.export.int8.fake_quantization import (
        fake_quantized,
        rounded_weights,
    )
    from rkd_keras.models import tapped

    def answers(model):
        copy = fake_quantized(model)
        weights = rounded_weights(copy), copy.non_trainable_variables
        (logits, _), _ = copy.stateless_call(*weights, pixels, training=False)
        return logits.numpy()

    teacher = tapped(lopsided(30.0))
    before = [weight.copy() for weight in teacher.get_weights()]
    student = distilled(teacher, IMAGES)
    pixels = CHECKS.astype("float32")
    exact = teacher(pixels)[0].numpy()
    first, second = (
        np.abs(answers(model) - exact).mean() for model in (teacher, student)
    )
    assert second < 0.6 * first
    # The teacher is left as it is, and the student is made like it.
    for old, new in zip(before, teacher.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert [x.name for x in student.layers] == [x.name for x in teacher.layers]


def test_weights_alone_in_int8(tmp_path):
    model = tiny_model()
    sizes = {}
    for quantization in (None, "int8-dynamic"):
        path = tmp_path / f"{quantization}.tflite"
        report = export_model(
            model, path, CARD, quantization=quantization, check_images=CHECKS
        )
        assert report.passed and report.repair is None
        assert read_card(path)["quantization"] == quantization
        sizes[quantization] = path.stat().st_size
    assert sizes["int8-dynamic"] < 0.6 * sizes[None]
    with pytest.raises(InputError, match="explain is for int8"):
        export_model(model, path, CARD, check_images=CHECKS, explain=True, overwrite=1)
