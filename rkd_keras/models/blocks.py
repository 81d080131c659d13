"""The pieces that the residual networks share, each number written once."""

import keras
from keras import layers

from rkd_keras.layers import BatchNormalization, GroupedConv2D
from rkd_keras.models.pretrained import load_weights

MOMENTUM = 0.9
EPSILON = 1e-5
# TensorFlow 2.21's oneDNN writes beyond the gradient of a strided 1x1 convolution of up
# to so many channels, on maps of 56 pixels and more, and the process dies later; see
# benchmarks/strided_convolution.py.
UNSAFE_CHANNELS = 8


def scaled(filters, width):
    """Return `filters * width`, rounded to an integer of at least 1."""
    return max(1, int(round(filters * width)))


def conv_bn(
    x,
    filters,
    kernel=3,
    stride=1,
    activation="relu",
    use_bias=False,
    groups=1,
    name="",
    epsilon=EPSILON,
):
    """Apply convolution, batch normalisation and an optional activation.

    Padding is symmetric, `kernel // 2` on every side, also at stride 2: PyTorch's
    arithmetic (Keras's "same" pads only right and bottom there), so that weights
    trained elsewhere give the same numbers.
    """
    padding = "valid"
    if kernel > 1:
        if stride == 1:
            padding = "same"
        else:
            x = layers.ZeroPadding2D(kernel // 2, name=f"{name}_pad")(x)
    elif stride > 1 and x.shape[-1] <= UNSAFE_CHANNELS:
        # The same numbers: what a strided 1x1 convolution reads is every other pixel.
        x = layers.MaxPooling2D(1, stride, name=f"{name}_sample")(x)
        stride = 1
    convolution = GroupedConv2D if groups > 1 else layers.Conv2D
    x = convolution(
        filters,
        kernel,
        stride,
        padding,
        groups=groups,
        use_bias=use_bias,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    x = batch_norm(x, f"{name}_bn", epsilon)
    if activation:
        x = layers.Activation(activation, name=f"{name}_{activation}")(x)
    return x


def batch_norm(x, name, epsilon=EPSILON):
    """Apply batch normalisation with the package's momentum and epsilon."""
    return BatchNormalization(momentum=MOMENTUM, epsilon=epsilon, name=name)(x)


def basic_block(x, filters, stride, branch=None, name="", use_bias=False, last=None):
    """Two 3x3 convolutions and a shortcut.

    `branch` acts on the residual, whose last activation is `last`.
    """
    bias = {"use_bias": use_bias}
    y = conv_bn(x, filters, 3, stride, name=f"{name}_1", **bias)
    y = conv_bn(y, filters, 3, activation=last, name=f"{name}_2", **bias)
    return add_shortcut(x, y, stride, branch, name, **bias)


def bottleneck_block(
    x, filters, stride, branch=None, name="", use_bias=False, last=None
):
    """1x1, 3x3 (with the stride) and 1x1 times four, and a shortcut.

    `branch` acts on the residual, whose last activation is `last`.
    """
    bias = {"use_bias": use_bias}
    y = conv_bn(x, filters, 1, name=f"{name}_1", **bias)
    y = conv_bn(y, filters, 3, stride, name=f"{name}_2", **bias)
    y = conv_bn(y, 4 * filters, 1, activation=last, name=f"{name}_3", **bias)
    return add_shortcut(x, y, stride, branch, name, **bias)


def add_shortcut(x, y, stride, branch, name, use_bias=False):
    """Add the identity, or a 1x1 projection where the shape changes, and ReLU."""
    if branch is not None:
        y = branch(y, name)
    if stride != 1 or x.shape[-1] != y.shape[-1]:
        x = conv_bn(x, y.shape[-1], 1, stride, None, use_bias, name=f"{name}_shortcut")
    x = layers.Add(name=f"{name}_add")([x, y])
    return layers.ReLU(name=f"{name}_out")(x)


def image_input(input_shape, include_preprocessing):
    """Return the input and the tensor that the stem takes."""
    inputs = keras.Input(tuple(input_shape), name="image")
    x = inputs
    if include_preprocessing:
        x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescaling")(x)
    return inputs, x


def classifier(inputs, x, num_classes, dropout, activation, weights, name, **shape):
    """Pool maps, drop and classify, build the model and load its weights.

    `shape` is what decides which of the package's weights fit, see `load_weights`.
    """
    x = layers.GlobalAveragePooling2D(name="embedding")(x)
    return classify(inputs, x, num_classes, dropout, activation, weights, name, **shape)


def classify(inputs, x, num_classes, dropout, activation, weights, name, **shape):
    """Drop and classify vectors, build the model and load its weights."""
    if dropout:
        x = layers.Dropout(dropout, name="dropout")(x)
    # float32 logits: softmax and losses lose too much in bfloat16.
    x = layers.Dense(
        num_classes, activation=activation, dtype="float32", name="logits"
    )(x)
    model = keras.Model(inputs, x, name=name)
    load_weights(model, weights, **shape)
    return model
