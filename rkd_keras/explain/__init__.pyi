from .grad_cam import GradCAM
from .localization import LocalizationScores, box_energy, pointing_hit
from .occlusion import occlusion_heat
from .overlay import explanation_grid, heat_overlay, resize_heat
from .stage_maps import feature_maps, feature_sheet, stage_layers
from .tflite_maps import tflite_feature_maps
from .variants import VARIANTS

__all__ = [
    "GradCAM",
    "LocalizationScores",
    "VARIANTS",
    "box_energy",
    "explanation_grid",
    "feature_maps",
    "feature_sheet",
    "heat_overlay",
    "occlusion_heat",
    "pointing_hit",
    "resize_heat",
    "stage_layers",
    "tflite_feature_maps",
]
