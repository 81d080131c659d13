"""Squeeze-and-excitation residual networks: SEResNet34, 50 and 101."""

from functools import partial

from keras import layers

from rkd_keras.models.blocks import basic_block, bottleneck_block
from rkd_keras.models.registry import extends, network
from rkd_keras.models.resnet import residual_network

REDUCTION = 16


def squeeze_excite(x, name):
    """Scale each channel by a factor in (0, 1) that its own means decide."""
    channels = x.shape[-1]
    y = layers.GlobalAveragePooling2D(name=f"{name}_mean")(x)
    # At full width 4 units are the fewest. With fewer, or without a positive start,
    # all of them are often silent from the first step on: a gate that never learns.
    hidden = max(4, channels // REDUCTION)
    y = layers.Dense(
        hidden, activation="relu", bias_initializer="ones", name=f"{name}_squeeze"
    )(y)
    y = layers.Dense(channels, activation="sigmoid", name=f"{name}_excite")(y)
    y = layers.Reshape((1, 1, channels), name=f"{name}_factor")(y)
    return layers.Multiply(name=f"{name}_scale")([x, y])


@extends(residual_network)
def excited_network(block, depths, **options):
    """Build a residual network with squeeze and excitation in every block.

    Every convolution has a bias, and a ReLU follows a residual's last normalisation.

    How weights map: `rkd_keras.models.load_torch_weights(model, state_dict)` takes
    the weights of the PyTorch original. Its `pre.0` is `stem_conv`, `pre.1` is
    `stem_bn`; in `stageS.B`, `residual.0`, `.3` (and `.6`) are the convolutions
    `stageS_block(B+1)_1_conv`, `_2_conv` (and `_3_conv`), the module after each is
    its `_bn`; `shortcut.0` and `.1` are `_shortcut_conv` and `_shortcut_bn`,
    `excitation.0` and `.2` are `_squeeze` and `_excite`; a stage's last block is
    named `stageS` alone. `linear` is `logits`. Convolution kernels go from
    (out, in, height, width) to (height, width, in, out), dense ones are transposed.

    Reference:
        - Hu et al., "Squeeze-and-Excitation Networks", CVPR 2018.
    """
    block = partial(block, use_bias=True, last="relu")
    return residual_network(block, depths, squeeze_excite, stem_bias=True, **options)


@network(of=excited_network, name="se_resnet34")
def SEResNet34(**options):
    """SEResNet34: basic blocks [3, 4, 6, 3] with squeeze and excitation."""
    return excited_network(basic_block, (3, 4, 6, 3), **options)


@network(of=excited_network, name="se_resnet50")
def SEResNet50(**options):
    """SEResNet50: bottleneck blocks [3, 4, 6, 3] with squeeze and excitation."""
    return excited_network(bottleneck_block, (3, 4, 6, 3), **options)


@network(of=excited_network, name="se_resnet101")
def SEResNet101(**options):
    """SEResNet101: bottleneck blocks [3, 4, 23, 3] with squeeze and excitation.

    47,335,158 trainable parameters with 6 classes; the paper's Table 6 counts it
    with 100 classes (47,527,764).
    """
    return excited_network(bottleneck_block, (3, 4, 23, 3), **options)
