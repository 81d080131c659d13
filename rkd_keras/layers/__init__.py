"""Layers of the shrinkage networks, in `keras.ops`: they run on any backend."""

from rkd_keras.layers.batch_normalization import BatchNormalization
from rkd_keras.layers.channel_gate import ChannelGate
from rkd_keras.layers.channel_shrinkage import ChannelShrinkage
from rkd_keras.layers.cosine_dense import CosineDense
from rkd_keras.layers.gradient_reversal import GradientReversal
from rkd_keras.layers.grouped_conv2d import GroupedConv2D
from rkd_keras.layers.match_levels import MatchLevels
from rkd_keras.layers.median_blur2d import MedianBlur2D
from rkd_keras.layers.reflection_padding2d import ReflectionPadding2D
from rkd_keras.layers.saddt import SADDT
from rkd_keras.layers.soft_threshold import SoftThreshold

__all__ = [
    "SADDT",
    "BatchNormalization",
    "ChannelGate",
    "ChannelShrinkage",
    "CosineDense",
    "GradientReversal",
    "GroupedConv2D",
    "MatchLevels",
    "MedianBlur2D",
    "ReflectionPadding2D",
    "SoftThreshold",
]
