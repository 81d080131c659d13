"""Explain a classifier's decisions: heat maps, feature maps, and their scores."""

from rkd_keras.explain.feature_maps import feature_maps, feature_sheet, stage_layers
from rkd_keras.explain.grad_cam import VARIANTS, GradCAM
from rkd_keras.explain.heat_overlay import (
    explanation_grid,
    heat_overlay,
    resize_heat,
)
from rkd_keras.explain.localization import (
    LocalizationScores,
    box_energy,
    pointing_hit,
)

__all__ = [
    "GradCAM",
    "LocalizationScores",
    "VARIANTS",
    "box_energy",
    "explanation_grid",
    "feature_maps",
    "feature_sheet",
    "heat_overlay",
    "pointing_hit",
    "resize_heat",
    "stage_layers",
]
