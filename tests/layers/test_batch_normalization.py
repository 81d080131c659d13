import keras
import numpy as np
import pytest
from helpers import check_layer, check_save_and_load

from rkd_keras.layers import BatchNormalization


def images(dtype="float32", shape=(4, 5, 6, 3)):
    rng = np.random.default_rng(0)
    x = 3 * rng.standard_normal(shape) + np.arange(shape[-1])
    return keras.ops.cast(x, dtype)


def pair(**options):
    """This layer and Keras's."""
    return BatchNormalization(**options), keras.layers.BatchNormalization(**options)


def weighted_pair():
    """The same with equal weights that are not the initial ones."""
    layers = pair()
    rng = np.random.default_rng(1)
    for layer in layers:
        layer.build((None, 5, 6, 3))
    for ours, theirs in zip(*(layer.weights for layer in layers), strict=True):
        value = rng.uniform(0.5, 2, ours.shape)
        ours.assign(value)
        theirs.assign(value)
    return layers


@pytest.mark.parametrize(
    "options",
    [
        {"momentum": 0.9, "epsilon": 1e-5},
        {"scale": False},
        {"center": False},
        {"axis": 3},
        {"axis": 1},
        {"renorm": True},
        {"synchronized": True},
    ],
)
@pytest.mark.parametrize("training", [True, False])
def test_equals_keras(options, training):
    shape = (4, 3, 5, 6) if options.get("axis") == 1 else (4, 5, 6, 3)
    ours, theirs = pair(**options)
    x = images(shape=shape)
    for _ in range(3):
        found, expected = ours(x, training=training), theirs(x, training=training)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    for a, b in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_gradients_equal_keras():
    tf = pytest.importorskip("tensorflow")
    x = images()
    upstream = images(shape=(4, 5, 6, 3)) ** 2
    gradients = []
    for layer in weighted_pair():
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(layer(x, training=True) * upstream)
        gradients.append(tape.gradient(loss, [x, layer.gamma.value, layer.beta.value]))
    for found, expected in zip(*gradients, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_fuses_only_what_tensorflow_can(monkeypatch):
    tf = pytest.importorskip("tensorflow")
    calls = []
    fused = tf.raw_ops.FusedBatchNormV3

    def counted(**arguments):
        calls.append(arguments["x"].dtype.name)
        return fused(**arguments)

    monkeypatch.setattr(tf.raw_ops, "FusedBatchNormV3", counted)
    BatchNormalization()(images(), training=True)
    BatchNormalization(dtype="mixed_bfloat16")(images("bfloat16"), training=True)
    assert calls == ["float32", "bfloat16"]
    BatchNormalization()(images(), training=False)
    BatchNormalization(trainable=False)(images(), training=True)
    BatchNormalization(synchronized=True)(images(), training=True)
    BatchNormalization(axis=1)(images(), training=True)
    BatchNormalization()(images(shape=(8, 3)), training=True)
    BatchNormalization(dtype="float16")(images("float16"), training=True)
    assert len(calls) == 2


def test_bfloat16_is_close_and_keeps_float32_statistics():
    ours, theirs = pair(dtype="mixed_bfloat16")
    x = images("bfloat16")
    found, expected = ours(x, training=True), theirs(x, training=True)
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    np.testing.assert_allclose(
        keras.ops.cast(found, "float32"), keras.ops.cast(expected, "float32"), atol=0.04
    )
    for a, b in zip(ours.weights, theirs.weights, strict=True):
        assert a.dtype == "float32"
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4)


def test_trains_saves_and_loads(tmp_path):
    x = images()
    model = check_layer(BatchNormalization(momentum=0.9), x, x.shape, weights=2)
    check_save_and_load(model, x, tmp_path / "model.keras")
