"""The self-adaptive residual shrinkage networks: SARSN34, 50 and 101."""

from typing import Annotated

from rkd_keras.layers import SADDT, ChannelShrinkage
from rkd_keras.models.blocks import EPSILON, MOMENTUM, basic_block, bottleneck_block
from rkd_keras.models.registry import extends, network
from rkd_keras.models.resnet import residual_network
from rkd_keras.options import Option

THRESHOLDS = ("saddt", "soft", "none")


def shrinkage_branch(threshold, form, reduction):
    """Return the function that puts the shrinkage on a block's residual."""
    if threshold not in THRESHOLDS:
        raise ValueError(
            f"`threshold` must be one of {THRESHOLDS}. Received: threshold={threshold}"
        )
    if threshold == "none":
        return None
    options = {"reduction": reduction, "momentum": MOMENTUM, "epsilon": EPSILON}

    def branch(y, name):
        if threshold == "soft":
            return ChannelShrinkage(name=f"{name}_shrinkage", **options)(y)
        return SADDT(form=form, name=f"{name}_shrinkage", **options)(y)

    return branch


@extends(residual_network)
def shrinkage_network(
    block,
    depths,
    threshold: Annotated[
        str,
        Option(
            'what stands on each residual: `"saddt"` (the paper), `"soft"` (the soft '
            "threshold of the deep residual shrinkage network, same weights) or "
            '`"none"` (no branch: a plain ResNet).'
        ),
    ] = "saddt",
    form: Annotated[
        str,
        Option(
            'form of SADDT, `"paper"` or `"continuous"`, see `rkd_keras.layers.SADDT`.'
        ),
    ] = "paper",
    reduction: Annotated[
        int,
        Option(
            "the gate's hidden layer has `channels // reduction` units.", at_least=1
        ),
    ] = 1,
    **options,
):
    """Build a residual network with a shrinkage branch in every block.

    Raises:
        ValueError: for an unknown `threshold` or `form`.

    Reference:
        - Huang et al., "Research on a Classification Method for Strip Steel
          Surface Defects Based on Knowledge Distillation and a Self-Adaptive
          Residual Shrinkage Network", Algorithms 2023, section 2.3.
    """
    branch = shrinkage_branch(threshold, form, reduction)
    return residual_network(block, depths, branch, **options)


@network(of=shrinkage_network, name="sarsn34")
def SARSN34(**options):
    """SARSN34: shrinkage network of basic blocks [3, 4, 6, 3].

    23,810,118 trainable parameters with 6 classes.
    """
    return shrinkage_network(basic_block, (3, 4, 6, 3), **options)


@network(of=shrinkage_network, name="sarsn50", reduction=16)
def SARSN50(**options):
    """SARSN50: shrinkage network of bottleneck blocks [3, 4, 6, 3].

    The paper does not say how its SARSN50 is built. This one is a choice:
    ResNet50's bottlenecks with the shrinkage branch at reduction 16.
    """
    return shrinkage_network(bottleneck_block, (3, 4, 6, 3), **options)


@network(of=shrinkage_network, name="sarsn101")
def SARSN101(**options):
    """SARSN101: shrinkage network of basic blocks [3, 4, 23, 3], the teacher.

    46,127,174 trainable parameters with 6 classes, as in the paper's Table 6.
    """
    return shrinkage_network(basic_block, (3, 4, 23, 3), **options)
