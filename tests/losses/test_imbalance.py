"""What all losses for unbalanced data share."""

import json

import keras
import numpy as np
import pytest
from keras import ops

from rkd_keras.errors import InputError
from rkd_keras.losses import LOSSES, ImbalanceLoss, create_loss

COUNTS = (200, 60, 10)
NAMES = sorted(LOSSES)
# Each pulls towards the label; the printed form does not (its own test).
TRAINING_NAMES = [name for name in NAMES if name != "adaptive_gmean_paper"]


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(7, 3)).astype("float32")
    labels = np.array([0, 1, 2, 0, 0, 1, 2])
    return labels, logits


def softmax(logits):
    e = np.exp(logits - logits.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@pytest.mark.parametrize("name", NAMES)
def test_label_forms_agree(name, batch):
    labels, logits = batch
    loss = create_loss(name, COUNTS)
    by_index = float(loss(labels, logits))
    assert float(loss(labels[:, None], logits)) == by_index
    assert float(loss(np.eye(3)[labels], logits)) == by_index
    assert float(loss(labels.astype("float32"), logits)) == by_index


@pytest.mark.parametrize("name", NAMES)
def test_probabilities_agree_with_logits(name, batch):
    labels, logits = batch
    a = create_loss(name, COUNTS)(labels, logits)
    b = create_loss(name, COUNTS, from_logits=False)(labels, softmax(logits))
    np.testing.assert_allclose(a, b, rtol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_config_round_trip(name):
    loss = create_loss(name, COUNTS, reduction="sum")
    config = keras.losses.serialize(loss)
    json.dumps(config)
    copy = keras.losses.deserialize(config)
    assert type(copy) is type(loss)
    assert copy.get_config() == loss.get_config()
    assert dir(copy) == dir(loss)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_finite_at_extreme_logits(name):
    import tensorflow as tf

    logits = tf.constant([[1e4, -1e4, 0.0], [-1e4, 0.0, 1e4], [0.0, 0.0, 0.0]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = create_loss(name, COUNTS)(np.array([1, 0, 2]), logits)
    gradient = tape.gradient(value, logits).numpy()
    assert np.isfinite(float(value))
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("name", NAMES)
def test_half_precision_logits_are_computed_in_float32(name, batch):
    labels, logits = batch
    half = ops.cast(logits, "bfloat16")
    loss = create_loss(name, COUNTS)
    value = loss(labels, half)
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    expected = loss(labels, ops.cast(half, "float32"))
    np.testing.assert_allclose(value, expected, rtol=1e-6)


@pytest.mark.parametrize("name", TRAINING_NAMES)
def test_the_gradient_pulls_towards_the_label(name):
    import tensorflow as tf

    logits = tf.zeros((3, 3))
    loss = create_loss(name, COUNTS, reduction="sum")
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = loss(np.arange(3), logits)
    gradient = tape.gradient(value, logits).numpy()
    assert (np.sign(gradient) == 1 - 2 * np.eye(3)).all()


@pytest.mark.parametrize("name", NAMES)
def test_sample_weights_scale_the_loss(name, batch):
    labels, logits = batch
    loss = create_loss(name, COUNTS)
    halved = loss(labels, logits, sample_weight=np.full(7, 0.5, "float32"))
    np.testing.assert_allclose(halved, 0.5 * float(loss(labels, logits)), rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_a_compiled_model_is_saved_and_loaded_without_custom_objects(name, tmp_path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile("sgd", create_loss(name, COUNTS))
    x, y = np.ones((6, 4), "float32"), np.arange(6) % 3
    model.fit(x, y, batch_size=3, verbose=0)
    model.save(tmp_path / "model.keras")
    copy = keras.models.load_model(tmp_path / "model.keras")
    assert copy.loss.get_config() == model.loss.get_config()
    np.testing.assert_allclose(
        copy.evaluate(x, y, verbose=0), model.evaluate(x, y, verbose=0), rtol=1e-6
    )


@pytest.mark.parametrize("counts", [[], [5], [5, 0], [5, -1], [[5, 5]], [5, np.nan]])
def test_bad_counts(counts):
    with pytest.raises(ValueError, match="class_counts=.*"):
        ImbalanceLoss(counts)


def test_bad_shapes():
    loss = create_loss("cross_entropy", COUNTS)
    with pytest.raises(ValueError, match=r"\(N, 3\).*shape=\(2, 4\)"):
        loss(np.array([0, 1]), np.zeros((2, 4), "float32"))
    with pytest.raises(ValueError, match="class indices"):
        loss(np.zeros((2, 2)), np.zeros((2, 3), "float32"))


def test_unknown_name():
    with pytest.raises(InputError, match="unknown loss 'x'; .*cross_entropy"):
        create_loss("x", COUNTS)


def test_ldam_re_weights_the_last_fifth():
    assert create_loss("ldam", COUNTS, epochs=60).drw_epoch == 48
    assert create_loss("ldam", COUNTS, epochs=60, drw_epoch=3).drw_epoch == 3
    assert create_loss("ldam", COUNTS).drw_epoch is None
    assert create_loss("focal", COUNTS, epochs=60).gamma == 2.0


def test_cross_entropy_is_that_of_keras(batch):
    labels, logits = batch
    expected = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    np.testing.assert_allclose(
        create_loss("cross_entropy", COUNTS)(labels, logits),
        expected(labels, logits),
        rtol=1e-6,
    )


def test_base_does_not_pretend_to_be_a_loss():
    with pytest.raises(NotImplementedError):
        ImbalanceLoss(COUNTS)(np.array([0]), np.zeros((1, 3), "float32"))
