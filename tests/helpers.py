"""Checks that tests of several rooms share; it knows no concrete class."""

import json

import keras
import numpy as np


def check_config_round_trip(instance):
    """Copy by config; the copy's config equals the original's, as JSON."""
    config = instance.get_config()
    json.dumps(config)
    copy = type(instance).from_config(config)
    assert json.dumps(copy.get_config()) == json.dumps(config)
    assert set(vars(copy)) == set(vars(instance))
    return copy


def check_layer(layer, inputs, expected_shape, weights=0):
    """Config, weights, symbolic equals eager, float32 weights in bfloat16."""
    inputs = np.asarray(inputs, "float32")
    copy = check_config_round_trip(layer)
    output = layer(inputs)
    assert tuple(output.shape) == tuple(expected_shape)
    assert len(layer.trainable_weights) == weights
    symbolic = keras.Input(inputs.shape[1:])
    model = keras.Model(symbolic, layer(symbolic))
    assert model.output_shape == (None, *expected_shape[1:])
    np.testing.assert_allclose(model(inputs), output, rtol=1e-5, atol=1e-6)
    mixed = type(copy).from_config(
        {**copy.get_config(), "dtype": "mixed_bfloat16", "name": "mixed"}
    )
    low = mixed(inputs)
    assert keras.backend.standardize_dtype(low.dtype) == "bfloat16"
    assert all(w.dtype == "float32" for w in mixed.weights)
    model.compile("sgd", "mse")
    model.fit(inputs, np.asarray(output) + 1.0, verbose=0)
    for weight in layer.weights:
        assert np.isfinite(np.array(weight)).all(), weight.path
    return model


def check_save_and_load(model, inputs, path):
    """Save as `.keras`, load without custom objects, same answers."""
    model.save(path)
    loaded = keras.saving.load_model(path)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(loaded(inputs)),
        keras.ops.convert_to_numpy(model(inputs)),
        rtol=1e-5,
        atol=1e-5,
    )
    return loaded


def trainable_count(model):
    """Number of trainable parameters."""
    return sum(int(np.prod(w.shape)) for w in model.trainable_weights)


def check_every_gradient(model, inputs, labels):
    """One step: every trainable weight receives a finite gradient, not all zero."""
    import tensorflow as tf

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        value = loss(labels, model(inputs, training=True))
    gradients = tape.gradient(value, model.trainable_weights)
    for weight, gradient in zip(model.trainable_weights, gradients, strict=True):
        assert gradient is not None, f"no gradient for {weight.path}"
        assert np.isfinite(gradient).all(), f"gradient of {weight.path}"
    return gradients
