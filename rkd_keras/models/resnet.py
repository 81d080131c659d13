"""Residual networks for small images: ResNet18, 34, 50 and 101."""

from rkd_keras.models.blocks import (
    basic_block,
    bottleneck_block,
    classifier,
    conv_bn,
    image_input,
    scaled,
)
from rkd_keras.models.pretrained import NEU, load_neu_weights

ARGUMENTS = """
    The network is the CIFAR-style one that the paper's parameter counts
    identify: a 3x3 stem at stride 1 without pooling, four stages of 64, 128, 256
    and 512 filters, global average pooling, one dense layer.

    Args:
        num_classes: number of classes. Defaults to `6`.
        input_shape: `(height, width, channels)` in pixels. Defaults to
            `(64, 64, 3)`.
        width: factor on every number of filters. Defaults to `1.0`.
        stem_stride: stride of the stem's convolution; 2 makes everything about
            four times cheaper. Defaults to `1`.
        stage_strides: stride of each stage's first block. Defaults to
            `(1, 2, 2, 2)`.
        dropout: rate before the last layer, in [0, 1). Defaults to `0.0`.
        include_preprocessing: whether pixels of 0 to 255 are rescaled to
            [-1, 1] inside the model. Defaults to `True`.
        classifier_activation: activation of the last layer, `None` for logits.
            Defaults to `None`.
        weights: path of a weights file (`.weights.h5`) or a whole model
            (`.keras`) to load, `"neu"` for the weights that come with the package
            (the shapes of `EdgeResNetSmall` and `EdgeResNetTiny` only), or `None`.
            Defaults to `None`."""

RETURNS = """

    Returns:
        A `keras.Model` from images `(batch, height, width, channels)` to logits
        `(batch, num_classes)`. The pooled features are the layer `embedding`,
        the head is the layer `logits`, the stages end in `stage1_out` to
        `stage4_out`."""

REFERENCE = """

    Reference:
        - He et al., "Deep Residual Learning for Image Recognition", CVPR 2016.
"""


def residual_network(
    block,
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
    branch=None,
):
    """Build stem, four stages of `block` and the classifier.

    `branch(y, name)` is applied to each block's residual before the sum: it is
    where the shrinkage networks differ from the plain ones.
    """
    inputs, x = image_input(input_shape, include_preprocessing)
    x = conv_bn(x, scaled(64, width), 3, stem_stride, name="stem")
    for stage, (depth, stride) in enumerate(
        zip(depths, stage_strides, strict=True), start=1
    ):
        filters = scaled(64 * 2 ** (stage - 1), width)
        for index in range(1, depth + 1):
            name_ = f"stage{stage}_block{index}" if index < depth else f"stage{stage}"
            x = block(x, filters, stride if index == 1 else 1, branch, name_)
    return classifier(
        inputs, x, num_classes, dropout, classifier_activation, weights, name
    )


def documented(extra_arguments="", reference=REFERENCE):
    """Append to a builder's docstring what all residual networks share."""

    def decorate(builder):
        example = f"""
    Example:
        >>> model = {builder.__name__}(width=0.125, input_shape=(32, 32, 3))
        >>> model.output_shape
        (None, 6)
    """
        builder.__doc__ = (
            f"{builder.__doc__.rstrip()}\n{ARGUMENTS}{extra_arguments}"
            f"\n        name: name of the model.{RETURNS}{reference}{example}"
        )
        return builder

    return decorate


@documented()
def ResNet18(
    num_classes=6,
    input_shape=(64, 64, 3),
    width=1.0,
    stem_stride=1,
    stage_strides=(1, 2, 2, 2),
    dropout=0.0,
    include_preprocessing=True,
    classifier_activation=None,
    weights=None,
    name="resnet18",
):
    """ResNet18: basic blocks [2, 2, 2, 2], the student.

    11,171,910 trainable parameters with 6 classes: the number that the paper's
    Table 6 gives for its "ResNet34" student is this network's.
    """
    model = residual_network(
        basic_block,
        (2, 2, 2, 2),
        num_classes,
        input_shape,
        width,
        stem_stride,
        stage_strides,
        dropout,
        include_preprocessing,
        classifier_activation,
        None if weights == NEU else weights,
        name,
    )
    if weights == NEU:
        load_neu_weights(
            model, width=width, stem_stride=stem_stride, stage_strides=stage_strides
        )
    return model


@documented()
def ResNet34(
    num_classes=6,
    input_shape=(64, 64, 3),
    width=1.0,
    stem_stride=1,
    stage_strides=(1, 2, 2, 2),
    dropout=0.0,
    include_preprocessing=True,
    classifier_activation=None,
    weights=None,
    name="resnet34",
):
    """ResNet34: basic blocks [3, 4, 6, 3].

    21,280,070 trainable parameters with 6 classes (the paper's Table 6 names
    ResNet34 but gives ResNet18's count).
    """
    return residual_network(
        basic_block,
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


@documented()
def ResNet50(
    num_classes=6,
    input_shape=(64, 64, 3),
    width=1.0,
    stem_stride=1,
    stage_strides=(1, 2, 2, 2),
    dropout=0.0,
    include_preprocessing=True,
    classifier_activation=None,
    weights=None,
    name="resnet50",
):
    """ResNet50: bottleneck blocks [3, 4, 6, 3]."""
    return residual_network(
        bottleneck_block,
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


@documented()
def ResNet101(
    num_classes=6,
    input_shape=(64, 64, 3),
    width=1.0,
    stem_stride=1,
    stage_strides=(1, 2, 2, 2),
    dropout=0.0,
    include_preprocessing=True,
    classifier_activation=None,
    weights=None,
    name="resnet101",
):
    """ResNet101: bottleneck blocks [3, 4, 23, 3].

    42,504,774 trainable parameters with 6 classes, as in the paper's Table 6.
    """
    return residual_network(
        bottleneck_block,
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
