"""The names under which the command line offers the losses."""

from functools import partial

from rkd_keras.errors import InputError
from rkd_keras.losses.adaptive_gmean import AdaptiveGMeanLoss
from rkd_keras.losses.balanced_softmax import BalancedSoftmaxLoss
from rkd_keras.losses.class_balanced import ClassBalancedLoss
from rkd_keras.losses.focal import FocalLoss
from rkd_keras.losses.ldam import LDAMLoss
from rkd_keras.losses.logit_adjusted import LogitAdjustedLoss
from rkd_keras.losses.weighted_cross_entropy import WeightedCrossEntropyLoss

LOSSES = {
    "cross_entropy": partial(
        WeightedCrossEntropyLoss, power=0.0, name="cross_entropy_loss"
    ),
    "weighted_cross_entropy": WeightedCrossEntropyLoss,
    "focal": FocalLoss,
    "class_balanced": ClassBalancedLoss,
    "ldam": LDAMLoss,
    "logit_adjusted": LogitAdjustedLoss,
    "balanced_softmax": BalancedSoftmaxLoss,
    "adaptive_gmean": AdaptiveGMeanLoss,
    "adaptive_gmean_paper": partial(AdaptiveGMeanLoss, variant="paper"),
}


def create_loss(name, class_counts, epochs=None, **options):
    """Make a classification loss by its name.

    Args:
        name: one of the keys of `LOSSES`.
        class_counts: training samples of each class, in label order.
        epochs: epochs in the training, of which `"ldam"` re-weights the last
            fifth. Defaults to `None`: it never does.
        **options: further constructor arguments of the loss.

    Returns:
        An `ImbalanceLoss` for logits and for index or one-hot labels.

    Raises:
        InputError: for an unknown name.

    Example:
        >>> create_loss("logit_adjusted", [90, 10], tau=0.5).tau
        0.5
    """
    if name not in LOSSES:
        raise InputError(
            f"unknown loss {name!r}; the known ones are {', '.join(LOSSES)}"
        )
    if name == "ldam" and epochs is not None:
        options.setdefault("drw_epoch", int(0.8 * epochs))
    return LOSSES[name](class_counts, **options)
