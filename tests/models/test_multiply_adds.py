import keras
import pytest
from keras import layers

from rkd_keras import models
from rkd_keras.layers import GroupedConv2D
from rkd_keras.models import count_multiply_adds, multiply_adds_by_layer


def functional(*stack, shape=(9, 11, 6)):
    inputs = keras.Input(shape)
    x = inputs
    for layer in stack:
        x = layer(x)
    return keras.Model(inputs, x)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        # Output places x kernel area x input channels x output channels.
        (layers.Conv2D(8, 3), 7 * 9 * 9 * 6 * 8),
        (layers.Conv2D(8, 3, padding="same"), 9 * 11 * 9 * 6 * 8),
        (layers.Conv2D(8, (1, 5), strides=2), 5 * 4 * 5 * 6 * 8),
        (layers.Conv2D(8, 3, dilation_rate=2), 5 * 7 * 9 * 6 * 8),
        (GroupedConv2D(8, 3, groups=2), 7 * 9 * 9 * 3 * 8),
        (layers.DepthwiseConv2D(3, padding="same"), 9 * 11 * 9 * 6),
        (layers.DepthwiseConv2D(3, depth_multiplier=2), 7 * 9 * 9 * 6 * 2),
        (layers.SeparableConv2D(8, 3), 7 * 9 * (9 * 6 + 6 * 8)),
        # Each input place is spread over the kernel.
        (layers.Conv2DTranspose(8, 3, strides=2), 9 * 11 * 9 * 6 * 8),
        # A dense layer acts at every place.
        (layers.Dense(8), 9 * 11 * 6 * 8),
    ],
)
def test_by_hand(layer, expected):
    assert count_multiply_adds(functional(layer)) == expected


def test_pooling_and_activations_are_free():
    model = functional(
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.GlobalAveragePooling2D(),
        layers.Dense(4, name="head"),
    )
    assert multiply_adds_by_layer(model) == {"head": 24}


def test_shared_layers_count_each_call():
    shared = layers.Conv2D(6, 1, name="shared")
    assert count_multiply_adds(functional(shared, shared)) == 2 * 9 * 11 * 36


def test_nested_models_and_taps():
    inner = functional(layers.Conv2D(6, 1, name="c"), shape=(9, 11, 6))
    inner.name = "inner"
    outer = functional(inner, layers.GlobalAveragePooling2D())
    assert multiply_adds_by_layer(outer) == {"inner/c": 9 * 11 * 36}
    assert count_multiply_adds(inner) == 9 * 11 * 36
    tapped = keras.Model(inner.input, [inner.output, inner.get_layer("c").output])
    assert count_multiply_adds(tapped) == 9 * 11 * 36


def test_resnet18_by_hand():
    """Stem, then stages of 64x64, 32x32, 16x16 and 8x8."""
    with keras.StatelessScope(initialize_variables=False):
        count = count_multiply_adds(models.ResNet18())
        wider = count_multiply_adds(models.ResNet18(stem_stride=2))
    stem = 64 * 64 * 9 * 3 * 64
    stages = 4 * 64 * 64 * 9 * 64 * 64
    for side, c in ((32, 128), (16, 256), (8, 512)):
        first = side * side * 9 * (c // 2) * c + side * side * (c // 2) * c
        stages += first + 3 * side * side * 9 * c * c
    assert count == stem + stages + 512 * 6
    assert wider == (stem + stages) // 4 + 512 * 6


def test_the_gates_of_the_shrinkage_network():
    """SARSN34 costs ResNet34 and two dense layers C x C in each of 16 blocks."""
    with keras.StatelessScope(initialize_variables=False):
        sarsn = count_multiply_adds(models.SARSN34())
        resnet = count_multiply_adds(models.ResNet34())
    blocks = {64: 3, 128: 4, 256: 6, 512: 3}
    assert sarsn - resnet == sum(2 * n * c * c for c, n in blocks.items())


def test_what_cannot_be_counted():
    with pytest.raises(ValueError, match="fixed input size"):
        count_multiply_adds(functional(layers.Conv2D(2, 3), shape=(None, None, 3)))
    with pytest.raises(ValueError, match="LSTM 'memory' cannot be counted"):
        count_multiply_adds(functional(layers.LSTM(3, name="memory"), shape=(5, 3)))
    with pytest.raises(ValueError, match="Matmul"):
        inputs = keras.Input((3, 3))
        count_multiply_adds(keras.Model(inputs, keras.ops.matmul(inputs, inputs)))
    with pytest.raises(ValueError, match="functional or a built sequential"):
        count_multiply_adds(keras.Sequential([layers.Dense(3)]))
