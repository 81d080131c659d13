"""InceptionV3 for small images."""

from typing import Annotated

from keras import layers

from rkd_keras.models import arguments as a
from rkd_keras.models.blocks import batch_norm, classifier, image_input, scaled
from rkd_keras.models.registry import network
from rkd_keras.options import Option


@network()
def InceptionV3(
    num_classes: a.NumClasses = 6,
    input_shape: Annotated[
        tuple[int, int, int],
        Option("`(height, width, channels)` in pixels, sides of at least 13."),
    ] = (64, 64, 3),
    width: a.Width = 1.0,
    stem_stride: a.StemStride = 1,
    dropout: a.Dropout = 0.5,
    include_preprocessing: a.Preprocessing = True,
    classifier_activation: a.Activation = None,
    weights: a.Weights = None,
    name: a.Name = "inception_v3",
):
    """InceptionV3: three A, one B, four C, one D and two E modules.

    22,125,542 trainable parameters with 6 classes, as in the paper's Table 6. The
    stem keeps the resolution (five convolutions at stride 1, no pooling), the
    pool branch of the A modules ends in a 3x3 convolution, the D module pools by
    averages, there is no auxiliary head.

    How weights map: `rkd_keras.models.load_torch_weights(model, state_dict)` takes
    the weights of the PyTorch original. Its `Conv2d_1a_3x3` to `Conv2d_4a_3x3` are
    `stem1` to `stem5`, its `Mixed_5b` is `mixed5b` and so on. A module's branches
    keep their names (`branch1x1`, `branch7x7stack`, `branch_pool` becomes
    `branchpool`); where a branch is a sequence, its element K is `_(K+1)`. Each
    `conv` and `bn` is the layer `..._conv` and `..._bn`; `linear` is `logits`.
    Convolution kernels go from (out, in, height, width) to (height, width, in,
    out), the dense one is transposed.

    Reference:
        - Szegedy et al., "Rethinking the Inception Architecture for Computer
          Vision", CVPR 2016.
    """
    inputs, x = image_input(input_shape, include_preprocessing)
    x = _conv(x, scaled(32, width), 3, "stem1", stem_stride)
    x = _conv(x, scaled(32, width), 3, "stem2")
    x = _conv(x, scaled(64, width), 3, "stem3")
    x = _conv(x, scaled(80, width), 1, "stem4")
    x = _conv(x, scaled(192, width), 3, "stem5", padding="valid")
    for module, pool_filters in (("5b", 32), ("5c", 64), ("5d", 64)):
        x = _module_a(x, pool_filters, width, f"mixed{module}")
    x = _module_b(x, width, "mixed6a")
    for module, filters in (("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)):
        x = _module_c(x, filters, width, f"mixed{module}")
    x = _module_d(x, width, "mixed7a")
    for module in ("7b", "7c"):
        x = _module_e(x, width, f"mixed{module}")
    return classifier(
        inputs, x, num_classes, dropout, classifier_activation, weights, name
    )


def _conv(x, filters, kernel, name, stride=1, padding="same"):
    """Convolve, normalise and rectify; `kernel` may be `(height, width)`."""
    if stride > 1 and padding == "same":
        x = layers.ZeroPadding2D(kernel // 2, name=f"{name}_pad")(x)
        padding = "valid"
    x = layers.Conv2D(
        filters,
        kernel,
        stride,
        padding,
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    x = batch_norm(x, f"{name}_bn")
    return layers.ReLU(name=f"{name}_relu")(x)


def _chain(x, convolutions, width, name):
    """Convolve in sequence; `convolutions` lists `(filters, kernel)`."""
    for index, (filters, kernel) in enumerate(convolutions, start=1):
        x = _conv(x, scaled(filters, width), kernel, f"{name}_{index}")
    return x


def _average(x, name):
    """Average over 3x3, the zeros of the border counted in."""
    x = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
    return layers.AveragePooling2D(3, 1, name=f"{name}_average")(x)


def _join(branches, name):
    return layers.Concatenate(name=f"{name}_out")(branches)


def _module_a(x, pool_filters, width, name):
    pool = _average(x, f"{name}_branchpool")
    return _join(
        [
            _conv(x, scaled(64, width), 1, f"{name}_branch1x1"),
            _chain(x, [(48, 1), (64, 5)], width, f"{name}_branch5x5"),
            _chain(x, [(64, 1), (96, 3), (96, 3)], width, f"{name}_branch3x3"),
            _conv(pool, scaled(pool_filters, width), 3, f"{name}_branchpool"),
        ],
        name,
    )


def _module_b(x, width, name):
    stack = f"{name}_branch3x3stack"
    y = _chain(x, [(64, 1), (96, 3)], width, stack)
    return _join(
        [
            _conv(x, scaled(384, width), 3, f"{name}_branch3x3", 2, "valid"),
            _conv(y, scaled(96, width), 3, f"{stack}_3", 2, "valid"),
            layers.MaxPooling2D(3, 2, name=f"{name}_branchpool")(x),
        ],
        name,
    )


def _module_c(x, filters, width, name):
    down, across = (filters, (7, 1)), (filters, (1, 7))
    last = (192, (1, 7))
    pool = _average(x, f"{name}_branchpool")
    return _join(
        [
            _conv(x, scaled(192, width), 1, f"{name}_branch1x1"),
            _chain(x, [(filters, 1), down, last], width, f"{name}_branch7x7"),
            _chain(
                x,
                [(filters, 1), down, across, down, last],
                width,
                f"{name}_branch7x7stack",
            ),
            _conv(pool, scaled(192, width), 1, f"{name}_branchpool"),
        ],
        name,
    )


def _module_d(x, width, name):
    a, b = f"{name}_branch3x3", f"{name}_branch7x7"
    y = _chain(x, [(192, 1)], width, a)
    z = _chain(x, [(192, 1), (192, (1, 7)), (192, (7, 1))], width, b)
    return _join(
        [
            _conv(y, scaled(320, width), 3, f"{a}_2", 2, "valid"),
            _conv(z, scaled(192, width), 3, f"{b}_4", 2, "valid"),
            layers.AveragePooling2D(3, 2, name=f"{name}_branchpool")(x),
        ],
        name,
    )


def _module_e(x, width, name):
    a, b = f"{name}_branch3x3", f"{name}_branch3x3stack"
    y = _conv(x, scaled(384, width), 1, f"{a}_1")
    z = _conv(x, scaled(448, width), 1, f"{b}_1")
    z = _conv(z, scaled(384, width), 3, f"{b}_2")
    pool = _average(x, f"{name}_branchpool")
    return _join(
        [
            _conv(x, scaled(320, width), 1, f"{name}_branch1x1"),
            _conv(y, scaled(384, width), (1, 3), f"{a}_2a"),
            _conv(y, scaled(384, width), (3, 1), f"{a}_2b"),
            _conv(z, scaled(384, width), (1, 3), f"{b}_3a"),
            _conv(z, scaled(384, width), (3, 1), f"{b}_3b"),
            _conv(pool, scaled(192, width), 1, f"{name}_branchpool"),
        ],
        name,
    )
