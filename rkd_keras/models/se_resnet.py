"""Squeeze-and-excitation residual networks: SEResNet34, 50 and 101."""

from keras import layers

from rkd_keras.models.blocks import (
    add_shortcut,
    classifier,
    conv_bn,
    image_input,
    scaled,
)
from rkd_keras.models.resnet import documented

REDUCTION = 16

WEIGHTS = """

    How weights map: `rkd_keras.models.load_torch_weights(model, state_dict)` takes
    the weights of the PyTorch original. Its `pre.0` is `stem_conv`, `pre.1` is
    `stem_bn`; in `stageS.B`, `residual.0`, `.3` (and `.6`) are the convolutions
    `stageS_block(B+1)_1_conv`, `_2_conv` (and `_3_conv`), the module after each is
    its `_bn`; `shortcut.0` and `.1` are `_shortcut_conv` and `_shortcut_bn`,
    `excitation.0` and `.2` are `_squeeze` and `_excite`; a stage's last block is
    named `stageS` alone. `linear` is `logits`. Convolution kernels go from
    (out, in, height, width) to (height, width, in, out), dense ones are transposed.

    Reference:
        - Hu et al., "Squeeze-and-Excitation Networks", CVPR 2018.
"""


def squeeze_excite(x, name):
    """Scale each channel by a factor in (0, 1) that its own means decide."""
    channels = x.shape[-1]
    y = layers.GlobalAveragePooling2D(name=f"{name}_mean")(x)
    # At full width 4 units are the fewest. With fewer, or without a positive start,
    # all of them are often silent from the first step on: a gate that never learns.
    hidden = max(4, channels // REDUCTION)
    y = layers.Dense(
        hidden, activation="relu", bias_initializer="ones", name=f"{name}_squeeze"
    )(y)
    y = layers.Dense(channels, activation="sigmoid", name=f"{name}_excite")(y)
    y = layers.Reshape((1, 1, channels), name=f"{name}_factor")(y)
    return layers.Multiply(name=f"{name}_scale")([x, y])


def se_block(x, filters, stride, bottleneck, name):
    """Residual block with biases, a ReLU after its last BN, and excitation."""
    options = {"use_bias": True}
    if bottleneck:
        y = conv_bn(x, filters, 1, name=f"{name}_1", **options)
        y = conv_bn(y, filters, 3, stride, name=f"{name}_2", **options)
        y = conv_bn(y, 4 * filters, 1, name=f"{name}_3", **options)
    else:
        y = conv_bn(x, filters, 3, stride, name=f"{name}_1", **options)
        y = conv_bn(y, filters, 3, name=f"{name}_2", **options)
    return add_shortcut(x, y, stride, squeeze_excite, name, **options)


def _se_network(
    bottleneck,
    depths,
    num_classes,
    input_shape,
    width,
    stem_stride,
    stage_strides,
    dropout,
    include_preprocessing,
    classifier_activation,
    weights,
    name,
):
    inputs, x = image_input(input_shape, include_preprocessing)
    x = conv_bn(x, scaled(64, width), 3, stem_stride, use_bias=True, name="stem")
    for stage, (depth, stride) in enumerate(
        zip(depths, stage_strides, strict=True), start=1
    ):
        filters = scaled(64 * 2 ** (stage - 1), width)
        for index in range(1, depth + 1):
            block = f"stage{stage}_block{index}" if index < depth else f"stage{stage}"
            x = se_block(x, filters, stride if index == 1 else 1, bottleneck, block)
    return classifier(
        inputs, x, num_classes, dropout, classifier_activation, weights, name
    )


@documented(reference=WEIGHTS)
def SEResNet34(
    num_classes=6,
    input_shape=(64, 64, 3),
    width=1.0,
    stem_stride=1,
    stage_strides=(1, 2, 2, 2),
    dropout=0.0,
    include_preprocessing=True,
    classifier_activation=None,
    weights=None,
    name="se_resnet34",
):
    """SEResNet34: basic blocks [3, 4, 6, 3] with squeeze and excitation."""
    return _se_network(
        False,
        (3, 4, 6, 3),
        num_classes,
        input_shape,
        width,
        stem_stride,
        stage_strides,
        dropout,
        include_preprocessing,
        classifier_activation,
        weights,
        name,
    )


@documented(reference=WEIGHTS)
def SEResNet50(
    num_classes=6,
    input_shape=(64, 64, 3),
    width=1.0,
    stem_stride=1,
    stage_strides=(1, 2, 2, 2),
    dropout=0.0,
    include_preprocessing=True,
    classifier_activation=None,
    weights=None,
    name="se_resnet50",
):
    """SEResNet50: bottleneck blocks [3, 4, 6, 3] with squeeze and excitation."""
    return _se_network(
        True,
        (3, 4, 6, 3),
        num_classes,
        input_shape,
        width,
        stem_stride,
        stage_strides,
        dropout,
        include_preprocessing,
        classifier_activation,
        weights,
        name,
    )


@documented(reference=WEIGHTS)
def SEResNet101(
    num_classes=6,
    input_shape=(64, 64, 3),
    width=1.0,
    stem_stride=1,
    stage_strides=(1, 2, 2, 2),
    dropout=0.0,
    include_preprocessing=True,
    classifier_activation=None,
    weights=None,
    name="se_resnet101",
):
    """SEResNet101: bottleneck blocks [3, 4, 23, 3] with squeeze and excitation.

    47,335,158 trainable parameters with 6 classes; the paper's Table 6 counts it
    with 100 classes (47,527,764).
    """
    return _se_network(
        True,
        (3, 4, 23, 3),
        num_classes,
        input_shape,
        width,
        stem_stride,
        stage_strides,
        dropout,
        include_preprocessing,
        classifier_activation,
        weights,
        name,
    )
