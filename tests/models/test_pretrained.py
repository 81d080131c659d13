"""The weights that come with the package."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from rkd_keras import models, predict
from rkd_keras.errors import InputError
from rkd_keras.models import pretrained

PRESETS = {
    "edge_resnet_small": models.EdgeResNetSmall,
    "edge_resnet_tiny": models.EdgeResNetTiny,
}
ROOT = Path(__file__).parents[2]
bundled = pytest.mark.parametrize("name", pretrained.neu_presets())


def strips(count=24):
    rng = np.random.default_rng(0)
    images = rng.integers(60, 200, (count, 1, 1, 1)) + rng.normal(
        0, 25, (count, 64, 64, 1)
    )
    return np.repeat(np.clip(images, 0, 255), 3, axis=-1).astype(np.uint8)


@bundled
def test_keras_weights_and_int8_file_are_one_network(name):
    """The two files of a preset, each in its own runtime."""
    images = strips()
    model = PRESETS[name](weights="neu")
    predictor = predict.load(name)
    assert predictor.card["quantization"] == "int8"
    assert predictor.card["preset"] == name
    probabilities, embedding = predictor.predict_batch(images)
    tap = keras.Model(model.inputs, model.get_layer("embedding").output)
    features = tap.predict_on_batch(images.astype("float32"))
    # int8 keeps two digits: fresh weights would not correlate at all.
    assert np.corrcoef(embedding.ravel(), features.ravel())[0, 1] > 0.97
    logits = model.predict_on_batch(images.astype("float32"))
    expected = predict.softmax(logits, predictor.card["temperature"])
    assert np.abs(probabilities - expected).mean() < 0.05


@bundled
def test_the_shape_decides_not_the_name(name):
    shape = pretrained.neu_presets()[name]["shape"]
    by_shape = models.ResNet18(**shape, weights="neu")
    for ours, theirs in zip(
        by_shape.get_weights(), PRESETS[name](weights="neu").get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_other_classes_keep_a_fresh_head():
    neu = models.EdgeResNetSmall(weights="neu")
    own = models.EdgeResNetSmall(num_classes=3, weights="neu", input_shape=(96, 96, 3))
    fresh = models.EdgeResNetSmall(num_classes=3)
    layer = "stage3_2_conv"
    np.testing.assert_array_equal(
        own.get_layer(layer).kernel, neu.get_layer(layer).kernel
    )
    assert not np.array_equal(
        fresh.get_layer(layer).kernel, neu.get_layer(layer).kernel
    )
    assert own.output_shape == (None, 3)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: models.ResNet18(weights="neu"), "resnet18 with width=1.0"),
        (lambda: models.ResNet18(width=0.25, weights="neu"), "stem_stride=1"),
        (lambda: models.ResNet34(weights="neu", width=0.0625), "for resnet34"),
        (lambda: models.SqueezeNet(weights="neu", width=0.125), "for squeezenet"),
    ],
)
def test_networks_without_weights_say_which_have_some(build, message):
    with pytest.raises(InputError, match=message) as caught:
        build()
    assert "edge_resnet_small (width=0.25" in str(caught.value)


def test_a_changed_file_is_refused(tmp_path, monkeypatch):
    for path in pretrained.FOLDER.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    path = tmp_path / "neu_edge_resnet_small.weights.h5"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="install rkd-keras again"):
        models.EdgeResNetSmall(weights="neu")


def test_at_most_six_megabytes():
    assert sum(f.stat().st_size for f in pretrained.FOLDER.iterdir()) <= 6_000_000


@bundled
def test_the_model_card_tells_of_these_files(name):
    pages = ROOT / "docs" / "model_cards"
    facts = json.loads((pages / f"{name}.json").read_text(encoding="utf-8"))
    page = (pages / f"{name}.md").read_text(encoding="utf-8")
    card = predict.load(name).card
    entry = pretrained.neu_presets()[name]
    assert facts["shape"] == entry["shape"]
    assert facts["temperature"] == card["temperature"]
    assert list(facts["test"]["int8"]["recall"]) == card["class_names"]
    for file, size in (
        (entry["weights"], facts["weights_bytes"]),
        (f"neu_{name}.tflite", facts["int8_bytes"]),
    ):
        assert (pretrained.FOLDER / file).stat().st_size == size
    assert f"{100 * facts['test']['int8']['accuracy']:.2f} %" in page
    assert "must not be used for" in page
    # What the card says of the unknown verdict is what the file decides by.
    assert card["unknown"]["false_alarm_rate"] == pytest.approx(
        facts["unknown"]["stated_false_alarm_rate"]
    )


def test_what_the_weights_have_seen_is_known(neu_det):
    """Their training images are found in NEU, drawn strips are none of them."""
    from rkd_keras.data import make_split, open_dataset

    index = open_dataset(neu_det)
    split = make_split(index, "neu-600", seed=0, split_seed=0)
    learnt = [index.files[i] for i in split.train[::60]]
    assert pretrained.find_seen(learnt) == learnt
    # Near copies of training images are part of the plain split.
    assert len(pretrained.find_seen([index.files[i] for i in split.test[::10]])) < 3


def test_drawn_strips_are_new_to_the_weights(tmp_path):
    from rkd_keras.data import open_dataset
    from rkd_keras.data.synthetic import write_dataset

    folder = write_dataset(tmp_path / "strips", per_class=3, size=64, quiet=True)
    assert pretrained.find_seen(open_dataset(folder).files) == []
