"""Residual networks for small images: ResNet18, 34, 50 and 101."""

from rkd_keras.models import arguments as a
from rkd_keras.models.blocks import (
    basic_block,
    bottleneck_block,
    classifier,
    conv_bn,
    image_input,
    scaled,
)
from rkd_keras.models.registry import network

# Of the stages, at a width of 1.
FILTERS = (64, 128, 256, 512)


def residual_network(
    block,
    depths,
    branch=None,
    stem_bias=False,
    filters=FILTERS,
    num_classes: a.NumClasses = 6,
    input_shape: a.InputShape = (64, 64, 3),
    width: a.Width = 1.0,
    stem_stride: a.StemStride = 1,
    stage_strides: a.StageStrides = (1, 2, 2, 2),
    dropout: a.Dropout = 0.0,
    include_preprocessing: a.Preprocessing = True,
    classifier_activation: a.Activation = None,
    weights: a.Weights = None,
    name: a.Name = "resnet",
):
    """Build stem, four stages of `block` and the classifier.

    The network is the CIFAR-style one that the paper's parameter counts identify: a
    3x3 stem at stride 1 without pooling, four stages of 64, 128, 256 and 512
    filters, global average pooling, one dense layer. The stem has as many filters as
    the first stage.

    Returns:
        A `keras.Model` from images `(batch, height, width, channels)` to logits
        `(batch, num_classes)`. The pooled features are the layer `embedding`, the
        head is the layer `logits`, the stages end in `stage1_out` to `stage4_out`.

    Reference:
        - He et al., "Deep Residual Learning for Image Recognition", CVPR 2016.
    """
    inputs, x = image_input(input_shape, include_preprocessing)
    counts = [scaled(each, width) for each in filters]
    x = conv_bn(x, counts[0], 3, stem_stride, use_bias=stem_bias, name="stem")
    for stage, (depth, stride, count) in enumerate(
        zip(depths, stage_strides, counts, strict=True), start=1
    ):
        for index in range(1, depth + 1):
            name_ = f"stage{stage}_block{index}" if index < depth else f"stage{stage}"
            # `branch(y, name)` acts on each block's residual before the sum: it is
            # where the shrinkage networks differ from the plain ones.
            x = block(x, count, stride if index == 1 else 1, branch, name_)
    shape = {"width": width, "stem_stride": stem_stride, "stage_strides": stage_strides}
    if branch is None:
        shape |= {"block": getattr(block, "__name__", None), "depths": depths}
    if filters != FILTERS:
        shape["filters"] = filters
    return classifier(
        inputs, x, num_classes, dropout, classifier_activation, weights, name, **shape
    )


@network(of=residual_network, name="resnet18")
def ResNet18(**options):
    """ResNet18: basic blocks [2, 2, 2, 2], the student.

    11,171,910 trainable parameters with 6 classes: the number that the paper's
    Table 6 gives for its "ResNet34" student is this network's.
    """
    return residual_network(basic_block, (2, 2, 2, 2), **options)


@network(of=residual_network, name="resnet34")
def ResNet34(**options):
    """ResNet34: basic blocks [3, 4, 6, 3].

    21,280,070 trainable parameters with 6 classes (the paper's Table 6 names
    ResNet34 but gives ResNet18's count).
    """
    return residual_network(basic_block, (3, 4, 6, 3), **options)


@network(of=residual_network, name="resnet50")
def ResNet50(**options):
    """ResNet50: bottleneck blocks [3, 4, 6, 3]."""
    return residual_network(bottleneck_block, (3, 4, 6, 3), **options)


@network(of=residual_network, name="resnet101")
def ResNet101(**options):
    """ResNet101: bottleneck blocks [3, 4, 23, 3].

    42,504,774 trainable parameters with 6 classes, as in the paper's Table 6.
    """
    return residual_network(bottleneck_block, (3, 4, 23, 3), **options)
