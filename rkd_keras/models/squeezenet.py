"""SqueezeNet with batch normalisation and simple bypass, for small images."""

from typing import Annotated

from keras import layers

from rkd_keras.models import arguments as a
from rkd_keras.models.blocks import classifier, conv_bn, image_input, scaled
from rkd_keras.models.registry import network
from rkd_keras.options import Option

# Squeeze, half of the output, bypass; a pool follows fire4 and fire8.
FIRES = {
    "fire2": (16, 64, False),
    "fire3": (16, 64, True),
    "fire4": (32, 128, False),
    "fire5": (32, 128, True),
    "fire6": (48, 192, False),
    "fire7": (48, 192, True),
    "fire8": (64, 256, False),
    "fire9": (64, 256, False),
}
POOLED = ("fire4", "fire8")


def fire(x, squeeze, expand, bypass, name):
    """Squeeze to few channels, expand by 1x1 and by 3x3 beside each other."""
    y = conv_bn(x, squeeze, 1, use_bias=True, name=f"{name}_squeeze")
    a = conv_bn(y, expand, 1, use_bias=True, name=f"{name}_expand1x1")
    b = conv_bn(y, expand, 3, use_bias=True, name=f"{name}_expand3x3")
    y = layers.Concatenate(name=f"{name}_out")([a, b])
    return layers.Add(name=f"{name}_bypass")([x, y]) if bypass else y


@network()
def SqueezeNet(
    num_classes: a.NumClasses = 6,
    input_shape: Annotated[
        tuple[int, int, int],
        Option("`(height, width, channels)` in pixels, sides of at least 8."),
    ] = (64, 64, 3),
    width: a.Width = 1.0,
    stem_stride: a.StemStride = 1,
    dropout: a.Dropout = 0.0,
    include_preprocessing: a.Preprocessing = True,
    classifier_activation: a.Activation = None,
    weights: a.Weights = None,
    name: a.Name = "squeezenet",
):
    """SqueezeNet v1.0 with batch normalisation and simple bypass.

    732,934 trainable parameters with 6 classes, as in the paper's Table 6. The
    original classifies every position by a 1x1 convolution and averages the
    scores; here the features are averaged first (`embedding`) and classified once
    (`logits`). Both are linear: the weights and the logits are the same.

    How weights map: `rkd_keras.models.load_torch_weights(model, state_dict)` takes
    the weights of the PyTorch original. Its `stem.0` and `.1` are `stem_conv` and
    `stem_bn`; `fireN.squeeze`, `.expand_1x1` and `.expand_3x3` are
    `fireN_squeeze`, `_expand1x1` and `_expand3x3` (`.0` the `_conv`, `.1` the
    `_bn`); `conv10` is `logits`, its 1x1 kernel (out, in, 1, 1) becoming
    (in, out). Other kernels go from (out, in, height, width) to (height, width,
    in, out).

    Reference:
        - Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer
          parameters and <0.5MB model size", 2016.
    """
    inputs, x = image_input(input_shape, include_preprocessing)
    x = conv_bn(x, scaled(96, width), 3, stem_stride, use_bias=True, name="stem")
    x = layers.MaxPooling2D(2, 2, name="stem_pool")(x)
    for name_, (squeeze, expand, bypass) in FIRES.items():
        x = fire(x, scaled(squeeze, width), scaled(expand, width), bypass, name_)
        if name_ in POOLED:
            x = layers.MaxPooling2D(2, 2, name=f"{name_}_pool")(x)
    return classifier(
        inputs, x, num_classes, dropout, classifier_activation, weights, name
    )
