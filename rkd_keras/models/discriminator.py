"""The discriminator of CycleGAN: a score for every patch."""

import keras
from keras import layers

from rkd_keras.models.generator import instance_norm
from rkd_keras.models.registry import public


@public
def PatchDiscriminator(
    input_shape=(64, 64, 3),
    filters=64,
    depth=3,
    spectral_norm=False,
    name="discriminator",
):
    """Build a PatchGAN discriminator.

    `depth` convolutions 4x4 of stride 2 whose filters double (at most eightfold),
    one of stride 1, and one to a single channel: each score judges a patch of
    the image, 70x70 pixels at the default depth, 34x34 at 2, 16x16 at 1.
    Instance normalisation after all but the first and last; no sigmoid at the
    end, as `rkd_keras.losses.GANLoss` wants it.

    Args:
        input_shape: `(height, width, channels)`. Defaults to `(64, 64, 3)`.
        filters: filters of the first convolution. Defaults to `64`.
        depth: convolutions of stride 2. Defaults to `3`.
        spectral_norm: whether the convolutions' weights are divided by their
            spectral norm, against a discriminator that wins. Defaults to
            `False`.
        name: name of the model. Defaults to `"discriminator"`.

    Returns:
        A `keras.Model` from images `(N, height, width, channels)` of pixels 0 to
        255 to scores `(N, h, w, 1)`, float32.

    Raises:
        ValueError: when the image is too small for the depth.

    Reference:
        - Isola et al. 2017, Image-to-Image Translation with Conditional
          Adversarial Networks; Miyato et al. 2018, Spectral Normalization for
          Generative Adversarial Networks.

    Example:
        >>> PatchDiscriminator((64, 64, 3), filters=4).output_shape
        (None, 6, 6, 1)
    """
    least = 3 * 2**depth
    if any(side is not None and side < least for side in input_shape[:2]):
        raise ValueError(
            f"`input_shape` must be at least {least} pixels high and wide at "
            f"depth={depth}. Received: input_shape={tuple(input_shape)}"
        )
    images = keras.Input(input_shape, name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="preprocessing")(images)
    for i in range(depth + 1):
        x = _conv(
            x,
            filters * min(2**i, 8),
            stride=2 if i < depth else 1,
            normalize=i > 0,
            spectral_norm=spectral_norm,
            name=f"conv_{i + 1}",
        )
        x = layers.LeakyReLU(0.2, name=f"conv_{i + 1}_relu")(x)
    x = _conv(x, 1, 1, False, spectral_norm, "scores")
    outputs = layers.Identity(dtype="float32", name="scores_float32")(x)
    return keras.Model(images, outputs, name=name)


def _conv(x, filters, stride, normalize, spectral_norm, name):
    x = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
    convolution = layers.Conv2D(
        filters,
        4,
        stride,
        # A normalisation takes the mean out again.
        use_bias=not normalize,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
        name=name,
    )
    if spectral_norm:
        convolution = layers.SpectralNormalization(convolution, name=f"{name}_sn")
    x = convolution(x)
    return instance_norm(x, f"{name}_norm") if normalize else x
