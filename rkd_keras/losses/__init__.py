"""Losses: for unbalanced data, for distillation, for adversarial training."""

from rkd_keras.losses.adaptive_gmean import AdaptiveGMeanLoss
from rkd_keras.losses.balanced_softmax import BalancedSoftmaxLoss
from rkd_keras.losses.by_name import LOSSES, create_loss
from rkd_keras.losses.class_balanced import ClassBalancedLoss
from rkd_keras.losses.focal import FocalLoss
from rkd_keras.losses.gan import GANLoss
from rkd_keras.losses.hinton_kd import HintonKD
from rkd_keras.losses.imbalance import ImbalanceLoss
from rkd_keras.losses.ldam import LDAMLoss
from rkd_keras.losses.logit_adjusted import LogitAdjustedLoss
from rkd_keras.losses.loss_state_callback import LossStateCallback
from rkd_keras.losses.relational_distillation import RelationalDistillation
from rkd_keras.losses.rkd_angle import RKDAngle
from rkd_keras.losses.rkd_distance import RKDDistance
from rkd_keras.losses.weighted_cross_entropy import WeightedCrossEntropyLoss

__all__ = [
    "AdaptiveGMeanLoss",
    "BalancedSoftmaxLoss",
    "ClassBalancedLoss",
    "FocalLoss",
    "GANLoss",
    "HintonKD",
    "ImbalanceLoss",
    "LDAMLoss",
    "LOSSES",
    "LogitAdjustedLoss",
    "LossStateCallback",
    "RKDAngle",
    "RKDDistance",
    "RelationalDistillation",
    "WeightedCrossEntropyLoss",
    "create_loss",
]
