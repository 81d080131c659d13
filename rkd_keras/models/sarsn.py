"""The self-adaptive residual shrinkage networks: SARSN34, 50 and 101."""

from rkd_keras.layers import SADDT, ChannelShrinkage
from rkd_keras.models.blocks import EPSILON, MOMENTUM, basic_block, bottleneck_block
from rkd_keras.models.resnet import documented, residual_network

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


EXTRA_ARGUMENTS = """
        threshold: what stands on each residual: `"saddt"` (the paper), `"soft"`
            (the soft threshold of the deep residual shrinkage network, same
            weights) or `"none"` (no branch: a plain ResNet). Defaults to
            `"saddt"`.
        form: form of SADDT, `"paper"` or `"continuous"`, see
            `rkd_keras.layers.SADDT`. Defaults to `"paper"`.
        reduction: the gate's hidden layer has `channels // reduction` units.
            Defaults to `1` (`16` in SARSN50)."""

REFERENCE = """

    Raises:
        ValueError: for an unknown `threshold` or `form`.

    Reference:
        - Huang et al., "Research on a Classification Method for Strip Steel
          Surface Defects Based on Knowledge Distillation and a Self-Adaptive
          Residual Shrinkage Network", Algorithms 2023, section 2.3.
"""


@documented(EXTRA_ARGUMENTS, REFERENCE)
def SARSN34(
    num_classes=6,
    input_shape=(64, 64, 3),
    width=1.0,
    stem_stride=1,
    stage_strides=(1, 2, 2, 2),
    dropout=0.0,
    include_preprocessing=True,
    classifier_activation=None,
    weights=None,
    threshold="saddt",
    form="paper",
    reduction=1,
    name="sarsn34",
):
    """SARSN34: shrinkage network of basic blocks [3, 4, 6, 3].

    23,810,118 trainable parameters with 6 classes.
    """
    return residual_network(
        basic_block,
        (3, 4, 6, 3),
        num_classes,
        input_shape,
        width,
        stem_stride,
        stage_strides,
        dropout,
        include_preprocessing,
        classifier_activation,
        weights,
        name,
        shrinkage_branch(threshold, form, reduction),
    )


@documented(EXTRA_ARGUMENTS, REFERENCE)
def SARSN50(
    num_classes=6,
    input_shape=(64, 64, 3),
    width=1.0,
    stem_stride=1,
    stage_strides=(1, 2, 2, 2),
    dropout=0.0,
    include_preprocessing=True,
    classifier_activation=None,
    weights=None,
    threshold="saddt",
    form="paper",
    reduction=16,
    name="sarsn50",
):
    """SARSN50: shrinkage network of bottleneck blocks [3, 4, 6, 3].

    The paper does not say how its SARSN50 is built. This one is a choice:
    ResNet50's bottlenecks with the shrinkage branch at reduction 16.
    """
    return residual_network(
        bottleneck_block,
        (3, 4, 6, 3),
        num_classes,
        input_shape,
        width,
        stem_stride,
        stage_strides,
        dropout,
        include_preprocessing,
        classifier_activation,
        weights,
        name,
        shrinkage_branch(threshold, form, reduction),
    )


@documented(EXTRA_ARGUMENTS, REFERENCE)
def SARSN101(
    num_classes=6,
    input_shape=(64, 64, 3),
    width=1.0,
    stem_stride=1,
    stage_strides=(1, 2, 2, 2),
    dropout=0.0,
    include_preprocessing=True,
    classifier_activation=None,
    weights=None,
    threshold="saddt",
    form="paper",
    reduction=1,
    name="sarsn101",
):
    """SARSN101: shrinkage network of basic blocks [3, 4, 23, 3], the teacher.

    46,127,174 trainable parameters with 6 classes, as in the paper's Table 6.
    """
    return residual_network(
        basic_block,
        (3, 4, 23, 3),
        num_classes,
        input_shape,
        width,
        stem_stride,
        stage_strides,
        dropout,
        include_preprocessing,
        classifier_activation,
        weights,
        name,
        shrinkage_branch(threshold, form, reduction),
    )
