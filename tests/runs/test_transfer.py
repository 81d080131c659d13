"""Weights from elsewhere: what fits is taken, a head alone learns from features."""

import keras
import numpy as np
import pytest

from rkd_keras.data import Augmentation, TrainingPipeline
from rkd_keras.errors import InputError
from rkd_keras.models import ResNet18
from rkd_keras.runs import Run, Settings
from rkd_keras.runs.transfer import (
    answers_of_features,
    fit_head,
    load_fitting_weights,
)

TINY = {"width": 0.125, "stem_stride": 2, "input_shape": (32, 32, 3)}


def network(classes=3, seed=0, **options):
    keras.utils.set_random_seed(seed)
    return ResNet18(classes, **{**TINY, **options})


@pytest.mark.parametrize("suffix", [".weights.h5", ".keras"])
def test_every_layer_that_fits_is_taken(tmp_path, suffix):
    source, path = network(6), tmp_path / f"trunk{suffix}"
    source.save_weights(path) if suffix != ".keras" else source.save(path)
    target = network(3, seed=1)
    assert load_fitting_weights(target, path) == ["logits"]
    for layer in target.layers:
        if layer.weights and layer.name != "logits":
            for a, b in zip(
                layer.weights, source.get_layer(layer.name).weights, strict=True
            ):
                np.testing.assert_array_equal(a, b)


def test_files_that_cannot_be_used_are_named(tmp_path):
    with pytest.raises(InputError, match="none.h5 do not exist"):
        load_fitting_weights(network(), tmp_path / "none.h5")
    (tmp_path / "odd.weights.h5").write_text("no weights")
    with pytest.raises(InputError, match="cannot be read as weights"):
        load_fitting_weights(network(), tmp_path / "odd.weights.h5")
    inputs = keras.Input((8,))
    other = keras.Model(inputs, keras.layers.Dense(2, name="other")(inputs))
    other.save(tmp_path / "other.keras")
    with pytest.raises(InputError, match="no layer of .*other.keras fits"):
        load_fitting_weights(network(), tmp_path / "other.keras")


@pytest.fixture
def squares():
    """Images of three grey levels, which random convolutions tell apart."""
    labels = np.arange(12) % 3
    images = np.full((12, 32, 32, 3), 40, "uint8") + 80 * labels[:, None, None, None]
    return images.astype("uint8"), labels


def test_the_head_alone_learns(tmp_path, squares):
    run = Run(tmp_path)
    settings = Settings("d", tmp_path, head_views=3, quiet=True)
    plain = Augmentation(brightness=0.05, contrast=0.0)
    pipeline = TrainingPipeline(*squares, 5, plain, seed=2)
    model = network()
    before = [np.array(w) for w in model.weights if "logits" not in w.path]
    fit_head(settings, run, model, pipeline)
    after = [np.array(w) for w in model.weights if "logits" not in w.path]
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)
    right = model.predict(squares[0], verbose=0).argmax(1) == squares[1]
    assert right.mean() > 0.9
    # Its features are a student's stored answers, without running it again.
    answers = answers_of_features(run, model, pipeline, 2)
    logits, embedding = (
        np.stack(part) for part in zip(answers(0), answers(1), strict=True)
    )
    views = [np.concatenate([*pipeline.view_dataset(v)]) for v in range(2)]
    for view, told in zip(views, logits, strict=True):
        np.testing.assert_allclose(
            told, model.predict(view, verbose=0), rtol=1e-2, atol=2e-2
        )
    assert embedding.shape == (2, 12, 64)
    # Not for more views, other seeds or another network.
    assert answers_of_features(run, model, pipeline, 4) is None
    other = TrainingPipeline(*squares, 5, plain, seed=3)
    assert answers_of_features(run, model, other, 2) is None
    assert answers_of_features(run, network(seed=1), pipeline, 2) is None


def test_a_student_does_not_start_from_imagenet():
    with pytest.raises(InputError, match="it can be a teacher, not a student"):
        Settings("d", "o", weights="imagenet", teacher="t").check()


def test_imagenet_is_shown_at_the_size_it_was_learnt_at():
    lite0 = Settings("d", "o", model="efficientnet_lite0", weights="imagenet")
    assert lite0.size == 224
    assert Settings("d", "o", model="efficientnet_lite0").size == 64
    lite2 = Settings("d", "o", model="efficientnet_lite2", weights="imagenet")
    assert lite2.size == 260
    assert Settings.from_config(lite2.to_config()) == lite2
