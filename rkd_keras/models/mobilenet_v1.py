"""MobileNetV1 for small images."""

from keras import layers

from rkd_keras.models import arguments as a
from rkd_keras.models.blocks import (
    batch_norm,
    classifier,
    conv_bn,
    image_input,
    scaled,
)
from rkd_keras.models.registry import network

BLOCKS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (1024, 2),
    (1024, 1),
)


def depthwise_bn(x, stride, activation, use_bias, name):
    """Apply a 3x3 depthwise convolution, padding 1, and normalise."""
    padding = "same"
    if stride > 1:
        x = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
        padding = "valid"
    x = layers.DepthwiseConv2D(
        3,
        stride,
        padding,
        use_bias=use_bias,
        depthwise_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    x = batch_norm(x, f"{name}_bn")
    return layers.Activation(activation, name=f"{name}_{activation}")(x)


@network()
def MobileNetV1(
    num_classes: a.NumClasses = 6,
    input_shape: a.InputShape = (64, 64, 3),
    width: a.Width = 1.0,
    stem_stride: a.StemStride = 1,
    dropout: a.Dropout = 0.0,
    include_preprocessing: a.Preprocessing = True,
    classifier_activation: a.Activation = None,
    weights: a.Weights = None,
    name: a.Name = "mobilenet_v1",
):
    """MobileNetV1: thirteen depthwise-separable convolutions.

    3,219,078 trainable parameters with 6 classes: the number that the paper's
    Table 6 gives for "MobileNetV2". The stem is at stride 1; pointwise
    convolutions have a bias, the others none.

    How weights map: `rkd_keras.models.load_torch_weights(model, state_dict)` takes
    the weights of the PyTorch original. Its `stem.0` is `stem_conv` and `stem_bn`;
    its `stem.1`, `conv1.0`, `conv1.1`, `conv2.0`, ... `conv4.1` are `block1` to
    `block13`, each with `depthwise.0`, `.1` as `_depthwise_conv`, `_depthwise_bn`
    and `pointwise.0`, `.1` as `_pointwise_conv`, `_pointwise_bn`; `fc` is `logits`.
    Kernels go from (out, in, height, width) to (height, width, in, out), depthwise
    ones from (channels, 1, height, width) to (height, width, channels, 1).

    Reference:
        - Howard et al., "MobileNets: Efficient Convolutional Neural Networks for
          Mobile Vision Applications", 2017.
    """
    inputs, x = image_input(input_shape, include_preprocessing)
    x = conv_bn(x, scaled(32, width), 3, stem_stride, name="stem")
    for index, (filters, stride) in enumerate(BLOCKS, start=1):
        block = f"block{index}"
        x = depthwise_bn(x, stride, "relu", False, f"{block}_depthwise")
        x = conv_bn(
            x, scaled(filters, width), 1, use_bias=True, name=f"{block}_pointwise"
        )
    return classifier(
        inputs, x, num_classes, dropout, classifier_activation, weights, name
    )
