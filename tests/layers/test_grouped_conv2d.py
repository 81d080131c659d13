import keras
import numpy as np
import pytest
from helpers import check_layer, check_save_and_load

from rkd_keras.layers import GroupedConv2D
from rkd_keras.layers import grouped_conv2d as module


def brute_force(x, kernel, stride, pad):
    """Group by group, place by place, in numpy."""
    size, _, depth, filters = kernel.shape
    groups = x.shape[-1] // depth
    each = filters // groups
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    height = (x.shape[1] - size) // stride + 1
    width = (x.shape[2] - size) // stride + 1
    y = np.zeros((len(x), height, width, filters))
    for g in range(groups):
        channels = slice(g * depth, (g + 1) * depth)
        outputs = slice(g * each, (g + 1) * each)
        for i in range(height):
            for j in range(width):
                rows = slice(i * stride, i * stride + size)
                columns = slice(j * stride, j * stride + size)
                patch = x[:, rows, columns, channels]
                y[:, i, j, outputs] = np.tensordot(patch, kernel[..., outputs], 3)
    return y


@pytest.mark.parametrize(
    ("size", "stride", "padding"), [(1, 1, "same"), (3, 1, "same"), (3, 2, "valid")]
)
def test_against_brute_force(size, stride, padding):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 7, 6, 12)).astype("float32")
    layer = GroupedConv2D(8, size, stride, padding, groups=4)
    y = layer(x)
    assert layer.kernel.shape == (size, size, 3, 8)
    pad = size // 2 if padding == "same" else 0
    expected = brute_force(x, np.array(layer.kernel), stride, pad)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)


def test_gradients_against_slices():
    """The gradient equals that of four plain convolutions side by side."""
    tf = pytest.importorskip("tensorflow")
    rng = np.random.default_rng(1)
    x = tf.constant(rng.standard_normal((2, 5, 5, 12)).astype("float32"))
    layer = GroupedConv2D(8, 3, padding="same", groups=4)
    weights = tf.constant(rng.standard_normal((2, 5, 5, 8)).astype("float32"))
    layer.build(x.shape)

    def sliced(inputs, kernel):
        parts = [
            tf.nn.conv2d(
                inputs[..., 3 * g : 3 * g + 3],
                kernel[..., 2 * g : 2 * g + 2],
                1,
                "SAME",
            )
            for g in range(4)
        ]
        return tf.concat(parts, -1)

    def gradients(function):
        kernel = tf.constant(np.array(layer.kernel))
        with tf.GradientTape() as tape:
            tape.watch([x, kernel])
            loss = tf.reduce_sum(weights * function(x, kernel))
        return tape.gradient(loss, [x, kernel])

    for ours, theirs in zip(
        gradients(layer.convolution_op), gradients(sliced), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def test_layer_and_save(tmp_path):
    x = np.random.default_rng(0).standard_normal((2, 5, 5, 8)).astype("float32")
    layer = GroupedConv2D(12, 3, padding="same", groups=4, name="grouped")
    model = check_layer(layer, x, (2, 5, 5, 12), weights=2)
    check_save_and_load(model, x, tmp_path / "grouped.keras")


@pytest.mark.slow
def test_one_by_one_the_groups_give_the_same(monkeypatch):
    x = np.random.default_rng(0).standard_normal((1, 4, 4, 4)).astype("float32")
    layer = GroupedConv2D(4, 3, groups=2)
    expected = np.array(layer(x))
    monkeypatch.setattr(module, "_tensorflow_convolves_groups", lambda: False)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5, atol=1e-6)


def test_no_call_into_xla():
    """The traced graph holds a plain Conv2D and no function call."""
    tf = pytest.importorskip("tensorflow")
    if not module._tensorflow_convolves_groups():
        pytest.skip("this TensorFlow build has no grouped convolution on a CPU")
    image = keras.Input((4, 4, 4))
    model = keras.Model(image, GroupedConv2D(4, 3, groups=2)(image))
    graph = tf.function(model).get_concrete_function(tf.TensorSpec((1, 4, 4, 4))).graph
    kinds = {operation.type for operation in graph.get_operations()}
    assert "Conv2D" in kinds
    assert not any("Call" in kind for kind in kinds)
