"""The generator of CycleGAN: image in, image out."""

import keras
from keras import layers

from rkd_keras.layers import ReflectionPadding2D
from rkd_keras.models.registry import public

UPSAMPLING = ("transpose", "resize")


@public
def ResNetGenerator(
    input_shape=(64, 64, 3),
    filters=64,
    blocks=None,
    upsampling="transpose",
    residual=False,
    name="generator",
):
    """Build the ResNet generator of CycleGAN.

    Stem 7x7, two convolutions of stride 2, `blocks` residual blocks, two
    upsampling steps, 7x7 to the image's channels, tanh. Reflection padding and
    instance normalisation throughout. Pixels go in and come out as 0 to 255.

    Args:
        input_shape: `(height, width, channels)`, height and width multiples of 4
            or `None`. Defaults to `(64, 64, 3)`.
        filters: filters of the stem; the residual blocks have four times as
            many. Defaults to `64`.
        blocks: residual blocks. Defaults to `None`: 6 below 256 pixels, else 9,
            as in the reference.
        upsampling: `"transpose"` (transposed convolution, as in the reference) or
            `"resize"` (nearest neighbour, then convolution), which cannot leave
            a checkerboard. Defaults to `"transpose"`.
        residual: whether the network's output is added to its input, so that
            training begins near the identity. Defaults to `False`.
        name: name of the model. Defaults to `"generator"`.

    Returns:
        A `keras.Model` from images `(N, height, width, channels)` to images of
        the same shape, float32, 0 to 255.

    Raises:
        ValueError: for a size that is no multiple of 4, or an unknown
            `upsampling`.

    Reference:
        - Zhu et al. 2017, Unpaired Image-to-Image Translation using
          Cycle-Consistent Adversarial Networks, appendix 7.2; Odena et al. 2016,
          Deconvolution and Checkerboard Artifacts.

    Example:
        >>> import numpy as np
        >>> model = ResNetGenerator((32, 32, 1), filters=4, blocks=1)
        >>> model(np.zeros((2, 32, 32, 1))).shape
        TensorShape([2, 32, 32, 1])
    """
    if upsampling not in UPSAMPLING:
        raise ValueError(
            f"`upsampling` must be one of {UPSAMPLING}. Received: "
            f"upsampling={upsampling}"
        )
    height, width, channels = input_shape
    if any(side is not None and side % 4 for side in (height, width)):
        raise ValueError(
            "`input_shape` must have a height and width that are multiples of 4. "
            f"Received: input_shape={tuple(input_shape)}"
        )
    if blocks is None:
        blocks = 9 if height is not None and height >= 256 else 6

    images = keras.Input(input_shape, name="image")
    scaled = layers.Rescaling(1 / 127.5, offset=-1.0, name="preprocessing")(images)
    x = _conv(scaled, filters, 7, name="stem")
    for i, factor in enumerate((2, 4), start=1):
        x = _conv(x, factor * filters, 3, stride=2, name=f"down_{i}")
    for i in range(1, blocks + 1):
        y = _conv(x, 4 * filters, 3, name=f"block_{i}_1")
        y = _conv(y, 4 * filters, 3, activation=False, name=f"block_{i}_2")
        x = layers.Add(name=f"block_{i}_add")([x, y])
    for i, factor in enumerate((2, 1), start=1):
        x = _upsample(x, factor * filters, upsampling, name=f"up_{i}")
    x = ReflectionPadding2D(3, name="head_pad")(x)
    # Images of 256 levels need more than half precision.
    x = layers.Conv2D(
        channels, 7, kernel_initializer=_normal(), dtype="float32", name="head_conv"
    )(x)
    if residual:
        scaled = layers.Identity(dtype="float32", name="input_float32")(scaled)
        x = layers.Add(dtype="float32", name="head_add")([x, scaled])
        # Not a tanh: an image that is left alone must come out as it went in.
        x = layers.Activation("hard_tanh", dtype="float32", name="head_clip")(x)
    else:
        x = layers.Activation("tanh", dtype="float32", name="head_tanh")(x)
    outputs = layers.Rescaling(127.5, offset=127.5, dtype="float32", name="pixels")(x)
    return keras.Model(images, outputs, name=name)


def instance_norm(x, name):
    """Normalise each channel of each image by itself."""
    return layers.GroupNormalization(groups=-1, epsilon=1e-5, name=name)(x)


def _normal():
    # One instance per layer: an instance gives the same values at each call.
    return keras.initializers.RandomNormal(stddev=0.02)


def _conv(x, filters, kernel, stride=1, activation=True, name=""):
    x = ReflectionPadding2D(kernel // 2, name=f"{name}_pad")(x)
    x = layers.Conv2D(
        filters,
        kernel,
        stride,
        use_bias=False,
        kernel_initializer=_normal(),
        name=f"{name}_conv",
    )(x)
    x = instance_norm(x, f"{name}_norm")
    return layers.ReLU(name=f"{name}_relu")(x) if activation else x


def _upsample(x, filters, upsampling, name):
    if upsampling == "resize":
        x = layers.UpSampling2D(2, interpolation="nearest", name=f"{name}_resize")(x)
        return _conv(x, filters, 3, name=name)
    x = layers.Conv2DTranspose(
        filters,
        3,
        2,
        padding="same",
        use_bias=False,
        kernel_initializer=_normal(),
        name=f"{name}_conv",
    )(x)
    x = instance_norm(x, f"{name}_norm")
    return layers.ReLU(name=f"{name}_relu")(x)
