"""Where int8 files take the ranges of their activations from."""

import keras
import numpy as np
import pytest
from keras import layers

from rkd_keras.export.int8.ranges import (
    KINDS,
    chosen_ranges,
    rounding_error,
    stratified,
)
from rkd_keras.export.int8.tensors import main_graph, operations
from rkd_keras.export.serving_model import serving_model
from rkd_keras.export.tflite import calibrated_tflite


def test_a_tensor_has_the_range_of_its_own_values():
    """TensorFlow's calibrator adds the range of what is made of it in place."""
    image = keras.Input((6, 6, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="conv")(image)
    x = layers.BatchNormalization(name="bn")(x)
    x = layers.Conv2D(4, 3, name="after")(x)
    x = layers.GlobalAveragePooling2D(name="embedding")(x)
    model = keras.Model(image, layers.Dense(2, name="logits")(x))
    model.get_layer("bn").set_weights([w + 99.0 for w in np.eye(4, dtype="float32")])
    images = np.random.default_rng(0).integers(0, 256, (5, 6, 6, 3), np.uint8)
    flatbuffer = calibrated_tflite(serving_model(model), images)
    _, graph = main_graph(flatbuffer)
    (conv,) = [o for o in operations(flatbuffer) if o.layer == "conv"]
    entry = images.astype(np.float32)
    expected = keras.Model(image, model.get_layer("conv").output)(entry).numpy()
    quantization = graph.Tensors(conv.output).Quantization()
    assert quantization.MaxAsNumpy() == pytest.approx(expected.max(), rel=1e-4)
    assert quantization.MinAsNumpy() == pytest.approx(0.0, abs=1e-4)


def test_rare_values_do_not_widen_the_better_ranges():
    values = np.random.default_rng(0).normal(size=20_000).astype(np.float32)
    values[0] = 500.0
    observed = {"x": np.sort(values)}
    widths = {}
    for kind in KINDS:
        ((low, high),) = chosen_ranges(observed, kind).values()
        assert low <= 0 <= high
        widths[kind] = high - low
    assert widths["widest"] > 500 > 10 > widths["percentile"]
    assert widths["least error"] < widths["widest"]
    # Of all shares of the whole range none has a smaller error.
    ((low, high),) = chosen_ranges(observed, "least error").values()
    best = rounding_error(values, low, high)
    for share in np.linspace(0.05, 1.0, 50):
        whole = float(values.min()) * share, float(values.max()) * share
        assert share < 0.2 or best <= 1.05 * rounding_error(values, *whole)


def test_classes_take_turns():
    scores = np.eye(3)[[0] * 8 + [1] * 3 + [2]]
    images = np.arange(12)
    assert stratified(images, scores, 6).tolist() == [0, 8, 11, 1, 9, 2]
    assert sorted(stratified(images, scores, 99)) == list(range(12))
