"""Aggregated residual networks: ResNeXt50 and ResNeXt101."""

import math

from rkd_keras.models.blocks import add_shortcut, conv_bn, scaled
from rkd_keras.models.registry import extends, network
from rkd_keras.models.resnet import residual_network

CARDINALITY = 32


def resnext_block(cardinality):
    """Return the block with `cardinality` groups: form (c) of the reference."""

    def block(x, filters, stride, branch=None, name=""):
        inner = 2 * filters
        if cardinality < 8 or inner % cardinality or x.shape[-1] % cardinality:
            raise ValueError(
                "`width` must give channels that divide into 8, 16 or 32 groups, as "
                "0.125, 0.25, 0.5, 0.75 and 1.0 do. "
                f"Received: {x.shape[-1]} and {inner} channels in block {name}"
            )
        y = conv_bn(x, inner, 1, groups=cardinality, name=f"{name}_1")
        y = conv_bn(y, inner, 3, stride, groups=cardinality, name=f"{name}_2")
        y = conv_bn(y, 4 * filters, 1, activation=None, name=f"{name}_3")
        return add_shortcut(x, y, stride, branch, name)

    return block


@extends(residual_network)
def aggregated_network(depths, **options):
    """Build a residual network of grouped bottlenecks.

    How weights map: `rkd_keras.models.load_torch_weights(model, state_dict)` takes
    the weights of the PyTorch original. Its `conv1.0` is `stem_conv`, `conv1.1` is
    `stem_bn`; stage S is its `conv(S+1)`, and in block B of it
    `split_transforms.0`, `.3` and `.6` are the convolutions
    `stageS_block(B+1)_1_conv`, `_2_conv` and `_3_conv`, the module after each is
    its `_bn`; `shortcut.0` and `.1` are `_shortcut_conv` and `_shortcut_bn`; a
    stage's last block is named `stageS` alone. `fc` is `logits`. Convolution
    kernels, the grouped ones too, go from (out, in, height, width) to (height,
    width, in, out), the dense one is transposed.

    Raises:
        ValueError: for a `width` at which the channels cannot be divided into 8,
            16 or 32 groups; 0.125, 0.25, 0.5, 0.75 and 1.0 are fine.

    Reference:
        - Xie et al., "Aggregated Residual Transformations for Deep Neural
          Networks", CVPR 2017.
    """
    # 32 groups at full width; fewer where the narrow stem cannot be divided so.
    block = resnext_block(math.gcd(CARDINALITY, scaled(64, options["width"])))
    return residual_network(block, depths, **options)


@network(of=aggregated_network, name="resnext50")
def ResNeXt50(**options):
    """ResNeXt50: 32 groups, grouped bottlenecks [3, 4, 6, 3].

    14,596,166 trainable parameters with 6 classes. With 100 classes it has
    14,788,772: the number that the paper's Table 6 gives for "ResNext101".
    """
    return aggregated_network((3, 4, 6, 3), **options)


@network(of=aggregated_network, name="resnext101")
def ResNeXt101(**options):
    """ResNeXt101: 32 groups, grouped bottlenecks [3, 4, 23, 3].

    25,110,598 trainable parameters with 6 classes (the paper's Table 6 names this
    network but counts ResNeXt50).
    """
    return aggregated_network((3, 4, 23, 3), **options)
