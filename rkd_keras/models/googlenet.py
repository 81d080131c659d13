"""GoogLeNet (Inception v1) with batch normalisation, for small images."""

from typing import Annotated

from keras import layers

from rkd_keras.models import arguments as a
from rkd_keras.models.blocks import classifier, conv_bn, image_input, scaled
from rkd_keras.models.registry import network
from rkd_keras.options import Option

# 1x1; 3x3 reduce, 3x3; "5x5" reduce, "5x5"; after the pool. None halves the map.
MODULES = {
    "inception3a": (64, 96, 128, 16, 32, 32),
    "inception3b": (128, 128, 192, 32, 96, 64),
    "pool3": None,
    "inception4a": (192, 96, 208, 16, 48, 64),
    "inception4b": (160, 112, 224, 24, 64, 64),
    "inception4c": (128, 128, 256, 24, 64, 64),
    "inception4d": (112, 144, 288, 32, 64, 64),
    "inception4e": (256, 160, 320, 32, 128, 128),
    "pool4": None,
    "inception5a": (256, 160, 320, 32, 128, 128),
    "inception5b": (384, 192, 384, 48, 128, 128),
}


def inception(x, filters, epsilon, name):
    """Four parallel branches; two 3x3 convolutions stand for the 5x5."""
    n1, n3_reduce, n3, n5_reduce, n5, n_pool = filters
    epsilon = n5 if epsilon is None else epsilon
    options = {"use_bias": True}
    a = conv_bn(x, n1, 1, name=f"{name}_1x1", **options)
    b = conv_bn(x, n3_reduce, 1, name=f"{name}_3x3_reduce", **options)
    b = conv_bn(b, n3, 3, name=f"{name}_3x3", **options)
    c = conv_bn(x, n5_reduce, 1, name=f"{name}_5x5_reduce", **options)
    c = conv_bn(c, n5, 3, name=f"{name}_5x5_1", epsilon=epsilon, **options)
    c = conv_bn(c, n5, 3, name=f"{name}_5x5_2", **options)
    d = layers.MaxPooling2D(3, 1, "same", name=f"{name}_pool")(x)
    d = conv_bn(d, n_pool, 1, name=f"{name}_pool_proj", **options)
    return layers.Concatenate(name=f"{name}_out")([a, b, c, d])


def halve(x, name):
    """Max-pool 3/2 with a padding of 1 on every side.

    The map comes from a ReLU, so zeros pad as well as minus infinity would.
    """
    x = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
    return layers.MaxPooling2D(3, 2, name=name)(x)


@network()
def GoogLeNet(
    num_classes: a.NumClasses = 6,
    input_shape: a.InputShape = (64, 64, 3),
    width: a.Width = 1.0,
    stem_stride: a.StemStride = 1,
    dropout: a.Dropout = 0.4,
    include_preprocessing: a.Preprocessing = True,
    classifier_activation: a.Activation = None,
    weights: a.Weights = None,
    branch_epsilon: Annotated[
        float | None,
        Option(
            "epsilon of the normalisation after the first of the two 3x3 convolutions "
            "that stand for a 5x5; `None` for the original's, which is the number of "
            "its filters.",
            above=0,
        ),
    ] = None,
    name: a.Name = "googlenet",
):
    """GoogLeNet: nine Inception modules with batch normalisation.

    6,306,214 trainable parameters with 6 classes, as in the paper's Table 6. The
    stem is three 3x3 convolutions at stride 1; no auxiliary classifiers.

    The original writes `BatchNorm2d(n, n)` after the first of the two 3x3
    convolutions that stand for a 5x5: its second argument is the epsilon, so that
    these nine normalisations divide by the root of the variance plus 32 to 128. It
    is no parameter and cannot be told from the count, but the logits are the
    original's only with it; it leaves the branch almost silent at first.
    `branch_epsilon=1e-5` gives it the epsilon of all others.

    How weights map: `rkd_keras.models.load_torch_weights(model, state_dict)` takes
    the weights of the PyTorch original. Its `prelayer.0`, `.3`, `.6` are
    `stem1_conv` to `stem3_conv`, the module after each its `_bn`; module `a3` is
    `inception3a` and so on. In a module, `b1` is `_1x1`, `b2` is `_3x3_reduce` and
    `_3x3`, `b3` is `_5x5_reduce`, `_5x5_1` and `_5x5_2`, `b4` is `_pool_proj`.
    `linear` is `logits`. Convolution kernels go from (out, in, height, width) to
    (height, width, in, out), the dense one is transposed.

    Reference:
        - Szegedy et al., "Going Deeper with Convolutions", CVPR 2015.
    """
    inputs, x = image_input(input_shape, include_preprocessing)
    x = conv_bn(x, scaled(64, width), 3, stem_stride, name="stem1")
    x = conv_bn(x, scaled(64, width), 3, name="stem2")
    x = conv_bn(x, scaled(192, width), 3, name="stem3")
    x = halve(x, "pool2")
    for module, filters in MODULES.items():
        if filters is None:
            x = halve(x, module)
        else:
            filters = [scaled(n, width) for n in filters]
            x = inception(x, filters, branch_epsilon, module)
    return classifier(
        inputs, x, num_classes, dropout, classifier_activation, weights, name
    )
