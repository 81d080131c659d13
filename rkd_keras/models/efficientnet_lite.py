"""EfficientNet-Lite: networks with ImageNet weights, made for small processors."""

from typing import Annotated

import keras
from keras import layers

from rkd_keras.layers import BatchNormalization
from rkd_keras.models import arguments as a
from rkd_keras.models.blocks import MOMENTUM, classifier, scaled
from rkd_keras.models.imagenet_weights import IMAGENET, load_imagenet_weights
from rkd_keras.models.registry import network
from rkd_keras.options import Option

# Filters, repeats, stride of the first, expansion, kernel: those of lite0.
STAGES = (
    (16, 1, 1, 1, 3),
    (24, 2, 2, 6, 3),
    (40, 2, 2, 6, 5),
    (80, 3, 2, 6, 3),
    (112, 3, 1, 6, 5),
    (192, 4, 2, 6, 5),
    (320, 1, 1, 6, 3),
)
STEM, TOP = 32, 1280
EPSILON = 1e-3


def _deepened(repeats, tenths):
    return -(-repeats * tenths // 10)


def _widened(filters, factor):
    """Round `filters * factor` to a multiple of 8, at most a tenth downwards."""
    wanted = filters * factor
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


def _normalised(x, name, activation=True):
    x = BatchNormalization(momentum=MOMENTUM, epsilon=EPSILON, name=f"{name}_bn")(x)
    return layers.Activation("relu6", name=f"{name}_relu6")(x) if activation else x


def _convolved(x, filters, name, kernel=1, stride=1, activation=True):
    x = layers.Conv2D(
        filters,
        kernel,
        stride,
        "same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return _normalised(x, name, activation)


def _block(x, filters, stride, expansion, kernel, name):
    """Expand, convolve depthwise, project; add where the shape stays."""
    y = x
    if expansion > 1:
        y = _convolved(y, x.shape[-1] * expansion, f"{name}_expand")
    y = layers.DepthwiseConv2D(
        kernel,
        stride,
        "same",
        use_bias=False,
        depthwise_initializer="he_normal",
        name=f"{name}_depthwise_conv",
    )(y)
    y = _normalised(y, f"{name}_depthwise")
    y = _convolved(y, filters, f"{name}_project", activation=False)
    if stride == 1 and x.shape[-1] == filters:
        y = layers.Add(name=f"{name}_add")([x, y])
    return y


def lite_network(
    variant,
    widened,
    deepened,
    num_classes: a.NumClasses = 6,
    input_shape: Annotated[
        tuple[int, int, int],
        Option(
            "`(height, width, channels)` in pixels; the ImageNet weights were trained "
            "at the default size, any other works too.",
            at_least=1,
        ),
    ] = (224, 224, 3),
    width: Annotated[
        float,
        Option(
            "factor on every number of filters, stem and last convolution included.",
            above=0,
        ),
    ] = 1.0,
    stem_stride: a.StemStride = 2,
    dropout: a.Dropout = 0.0,
    include_preprocessing: Annotated[
        bool,
        Option(
            "whether pixels of 0 to 255 become `(pixel - 127) / 128` inside the model."
        ),
    ] = True,
    classifier_activation: a.Activation = None,
    weights: Annotated[
        str | None,
        Option(
            '`"imagenet"`, path of a weights file (`.weights.h5`) or a whole model '
            '(`.keras`) to load, or `None`. With `"imagenet"` a head for other than '
            "1000 classes keeps its fresh values."
        ),
    ] = None,
    name: a.Name = "efficientnet_lite",
):
    """Build an EfficientNet-Lite from the factors on its filters and repeats.

    The stem and the last convolution are never widened, there are no
    squeeze-and-excitation gates, and the activation is ReLU6: int8 costs it little.
    Layers pad as TensorFlow's "same" does (at stride 2 more at the right and at the
    bottom), batch normalisation has the original's epsilon of 0.001, and, unlike
    the original, the package's momentum of 0.9 (its 0.99 is meant for long epochs;
    answers do not depend on it).

    How weights map: `rkd_keras.models.load_torch_weights(model, state_dict)` takes
    those of the PyTorch port. Its `_conv_stem`, `_bn0`, `_conv_head`, `_bn1` and
    `_fc` are `stem_conv`, `stem_bn`, `top_conv`, `top_bn` and `logits`;
    `_blocks.N` is the N-th block counted from 0 over all stages, in it
    `_expand_conv`, `_bn0`, `_depthwise_conv`, `_bn1`, `_project_conv` and `_bn2`
    are `_expand_conv`, `_expand_bn` and so on. Kernels go from (out, in, height,
    width) to (height, width, in, out), depthwise ones from (channels, 1, height,
    width) to (height, width, channels, 1).

    Returns:
        A `keras.Model` from images `(batch, height, width, channels)` to logits
        `(batch, num_classes)`. The pooled features are the layer `embedding`
        (1280 of them), the head is the layer `logits`, the stages end in
        `stage1_out` to `stage7_out`.

    Reference:
        - Tan & Le, "EfficientNet: Rethinking Model Scaling for Convolutional
          Neural Networks", ICML 2019; the Lite variants:
          github.com/tensorflow/tpu, models/official/efficientnet/lite, 2020.
    """
    inputs = x = keras.Input(tuple(input_shape), name="image")
    if include_preprocessing:
        x = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescaling")(x)
    x = _convolved(x, scaled(STEM, width), "stem", 3, stem_stride)
    for stage, (filters, repeats, stride, *shape) in enumerate(STAGES, start=1):
        filters = scaled(_widened(filters, widened), width)
        if 1 < stage < len(STAGES):
            repeats = _deepened(repeats, deepened)
        for index in range(1, repeats + 1):
            first = stride if index == 1 else 1
            x = _block(x, filters, first, *shape, f"stage{stage}_block{index}")
        x = layers.Identity(name=f"stage{stage}_out")(x)
    x = _convolved(x, scaled(TOP, width), "top")
    own = None if weights == IMAGENET else weights
    model = classifier(
        inputs, x, num_classes, dropout, classifier_activation, own, name
    )
    if weights == IMAGENET:
        load_imagenet_weights(model, variant)
    return model


# The factor on repeats is in tenths: 1.1 * 10 in floating point is above 11.
@network(of=lite_network, name="efficientnet_lite0", input_shape=(224, 224, 3))
def EfficientNetLite0(**options):
    """EfficientNet-Lite0: 4,652,008 parameters with ImageNet's 1000 classes.

    3,378,694 trainable ones with 6 classes.
    """
    return lite_network("efficientnet_lite0", 1.0, 10, **options)


@network(of=lite_network, name="efficientnet_lite1", input_shape=(240, 240, 3))
def EfficientNetLite1(**options):
    """EfficientNet-Lite1, deeper: 5,416,680 parameters with ImageNet's 1000 classes.

    4,143,366 trainable ones with 6 classes.
    """
    return lite_network("efficientnet_lite1", 1.0, 11, **options)


@network(of=lite_network, name="efficientnet_lite2", input_shape=(260, 260, 3))
def EfficientNetLite2(**options):
    """EfficientNet-Lite2, wider too: 6,092,072 parameters with ImageNet's 1000 classes.

    4,818,758 trainable ones with 6 classes.
    """
    return lite_network("efficientnet_lite2", 1.1, 12, **options)
