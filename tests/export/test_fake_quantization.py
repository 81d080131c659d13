"""The rounding of int8 in float, against numpy, LiteRT and its own limits."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from rkd_keras.export.int8.fake_quantization import (
    fake_quantize,
    fake_quantize_weights,
    fake_quantized,
)


@pytest.mark.parametrize(("low", "high"), [(-1.0, 3.0), (0.5, 2.0), (-4.0, -1.0)])
def test_activations_are_rounded_as_tflite_s_specification_says(low, high):
    values = np.linspace(-6, 6, 1001).astype(np.float32)
    low_, high_ = min(low, 0.0), max(high, 0.0)
    scale = np.float32((high_ - low_) / 255)
    zero = int(np.round(-low_ / scale)) - 128
    levels = np.clip(np.round(values / scale) + zero, -128, 127)
    found = ops.convert_to_numpy(fake_quantize(values, low, high))
    np.testing.assert_allclose(found, (levels - zero) * scale, atol=1e-5)
    assert fake_quantize(np.zeros(1, np.float32), low, high) == 0


def test_weights_have_a_scale_for_each_channel():
    kernel = np.random.default_rng(0).normal(size=(3, 3, 4, 5)).astype(np.float32)
    kernel *= 10.0 ** np.arange(-2, 3)
    expected = np.empty_like(kernel)
    for channel in range(5):
        scale = np.abs(kernel[..., channel]).max() / 127
        expected[..., channel] = np.round(kernel[..., channel] / scale) * scale
    found = ops.convert_to_numpy(fake_quantize_weights(kernel, (0, 1, 2)))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert len(np.unique(found[..., 0])) <= 255


def test_gradients_pass_straight_through_inside_the_range_alone():
    import tensorflow as tf

    x = tf.constant([-9.0, -0.3, 0.0, 0.7, 9.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(fake_quantize(x, -1.0, 1.0))
    assert tape.gradient(total, x).numpy().tolist() == [0, 1, 1, 1, 0]
    kernel = tf.random.stateless_normal((3, 4), (0, 1))
    with tf.GradientTape() as tape:
        tape.watch(kernel)
        total = tf.reduce_sum(3.0 * fake_quantize_weights(kernel, (0,)))
    np.testing.assert_allclose(tape.gradient(total, kernel), np.full((3, 4), 3.0))


def test_a_copy_rounds_where_the_file_does_and_keeps_the_weights():
    image = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, name="conv")(image)
    x = layers.BatchNormalization(name="bn")(x)
    x = layers.ReLU(name="relu")(x)
    x = layers.GlobalAveragePooling2D(name="embedding")(x)
    model = keras.Model(image, [layers.Dense(2, name="logits")(x), x])
    copy = fake_quantized(model)
    rounded = [n.removesuffix("_rounded") for n in (y.name for y in copy.layers)]
    assert [n for n in rounded if n != "conv"] == [
        *(image.name, "bn", "relu", "relu", "embedding", "embedding", "logits"),
        "logits",
    ]
    for old, new in zip(model.get_weights(), copy.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    pixels = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype(np.float32)
    exact, found = model(pixels)[1].numpy(), copy(pixels)[1].numpy()
    assert 0 < np.abs(exact - found).max() < 0.02 * np.abs(exact).max()
