"""Segment, measure, grade and draw defects; needs neither TensorFlow nor Keras."""

from rkd_keras.measure.components import trace_boundaries
from rkd_keras.measure.defect import Defect
from rkd_keras.measure.enhance import (
    bilateral_filter,
    enhance,
    otsu_mask,
    otsu_threshold,
    stretch_contrast,
    stretch_curve,
)
from rkd_keras.measure.grade import INVALID, Grade, grade
from rkd_keras.measure.grade_rule import GradeRule
from rkd_keras.measure.grade_rules import GradeRules
from rkd_keras.measure.measurement import Measurement
from rkd_keras.measure.overlay import (
    draw_boxes,
    draw_centroids,
    draw_outlines,
    overlay,
)
from rkd_keras.measure.panels import (
    color_components,
    extract_rois,
    preprocessing_panels,
    six_panels,
)
from rkd_keras.measure.quality_limits import QualityLimits
from rkd_keras.measure.segment import METHODS, segment
from rkd_keras.measure.shape import measure
from rkd_keras.measure.table import (
    PAPER_TABLE_7,
    class_separation,
    class_table,
    write_table,
)

__all__ = [
    "Defect",
    "Grade",
    "GradeRule",
    "GradeRules",
    "INVALID",
    "METHODS",
    "Measurement",
    "PAPER_TABLE_7",
    "QualityLimits",
    "bilateral_filter",
    "class_separation",
    "class_table",
    "color_components",
    "draw_boxes",
    "draw_centroids",
    "draw_outlines",
    "enhance",
    "extract_rois",
    "grade",
    "measure",
    "otsu_mask",
    "otsu_threshold",
    "overlay",
    "preprocessing_panels",
    "segment",
    "six_panels",
    "stretch_contrast",
    "stretch_curve",
    "trace_boundaries",
    "write_table",
]
