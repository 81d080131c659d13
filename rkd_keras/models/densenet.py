"""DenseNet121 for small images."""

from typing import Annotated

from keras import layers

from rkd_keras.models import arguments as a
from rkd_keras.models.blocks import batch_norm, classifier, image_input, scaled
from rkd_keras.models.registry import network
from rkd_keras.options import Option

GROWTH = 32
DEPTHS = (6, 12, 24, 16)


@network()
def DenseNet121(
    num_classes: a.NumClasses = 6,
    input_shape: a.InputShape = (64, 64, 3),
    width: Annotated[
        float,
        Option("factor on the growth, and so on every number of filters.", above=0),
    ] = 1.0,
    stem_stride: a.StemStride = 1,
    dropout: a.Dropout = 0.0,
    include_preprocessing: a.Preprocessing = True,
    classifier_activation: a.Activation = None,
    weights: a.Weights = None,
    name: a.Name = "densenet121",
):
    """DenseNet121: dense blocks of [6, 12, 24, 16] layers, growth 32.

    6,952,198 trainable parameters with 6 classes, as in the paper's Table 6. The
    stem is one 3x3 convolution without normalisation; transitions normalise,
    halve the channels and average over 2x2, without a ReLU.

    How weights map: `rkd_keras.models.load_torch_weights(model, state_dict)` takes
    the weights of the PyTorch original. Its `conv1` is `stem_conv`. In
    `features.dense_block_layer_B.bottle_neck_layer_L.bottle_neck` (the last block
    is `features.dense_block3`), `.0`, `.2`, `.3`, `.5` are
    `block(B+1)_layer(L+1)_1_bn`, `_1_conv`, `_2_bn`, `_2_conv`; in
    `features.transition_layer_B.down_sample`, `.0` and `.1` are
    `transition(B+1)_bn` and `_conv`; `features.bn` is `out_bn`, `linear` is
    `logits`. Convolution kernels go from (out, in, height, width) to (height,
    width, in, out), the dense one is transposed.

    Reference:
        - Huang et al., "Densely Connected Convolutional Networks", CVPR 2017.
    """
    growth = scaled(GROWTH, width)
    inputs, x = image_input(input_shape, include_preprocessing)
    if stem_stride > 1:
        x = layers.ZeroPadding2D(1, name="stem_pad")(x)
    x = _convolve(
        x, 2 * growth, 3, "stem", stem_stride, "valid" if stem_stride > 1 else "same"
    )
    for block, depth in enumerate(DEPTHS, start=1):
        for layer in range(1, depth + 1):
            x = _dense_layer(x, growth, f"block{block}_layer{layer}")
        if block < len(DEPTHS):
            x = _transition(x, f"transition{block}")
    x = batch_norm(x, "out_bn")
    x = layers.ReLU(name="out_relu")(x)
    return classifier(
        inputs, x, num_classes, dropout, classifier_activation, weights, name
    )


def _convolve(x, filters, kernel, name, stride=1, padding="same"):
    return layers.Conv2D(
        filters,
        kernel,
        stride,
        padding,
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)


def _dense_layer(x, growth, name):
    y = layers.ReLU(name=f"{name}_1_relu")(batch_norm(x, f"{name}_1_bn"))
    y = _convolve(y, 4 * growth, 1, f"{name}_1")
    y = layers.ReLU(name=f"{name}_2_relu")(batch_norm(y, f"{name}_2_bn"))
    y = _convolve(y, growth, 3, f"{name}_2")
    return layers.Concatenate(name=f"{name}_out")([x, y])


def _transition(x, name):
    x = batch_norm(x, f"{name}_bn")
    x = _convolve(x, x.shape[-1] // 2, 1, name)
    return layers.AveragePooling2D(2, 2, name=f"{name}_pool")(x)
