"""Score classifiers, draw the figures."""

from rkd_keras.evaluate.calibration import expected_calibration_error
from rkd_keras.evaluate.classical import ClassicalClassifier
from rkd_keras.evaluate.doubt_sheet import doubt_sheet
from rkd_keras.evaluate.embedding_distance import frechet_distance, kernel_distance
from rkd_keras.evaluate.figure_style import save_figure
from rkd_keras.evaluate.history import read_history
from rkd_keras.evaluate.label_doubts import rank_labels
from rkd_keras.evaluate.mistake_gallery import plot_mistakes
from rkd_keras.evaluate.plots import (
    plot_class_scores,
    plot_comparison,
    plot_confusion_matrix,
    plot_training_curves,
)
from rkd_keras.evaluate.score_files import score_files
from rkd_keras.evaluate.scores import (
    classification_scores,
    top_mistakes,
    wilson_interval,
)

__all__ = [
    "ClassicalClassifier",
    "classification_scores",
    "doubt_sheet",
    "expected_calibration_error",
    "frechet_distance",
    "kernel_distance",
    "plot_class_scores",
    "plot_comparison",
    "plot_confusion_matrix",
    "plot_mistakes",
    "plot_training_curves",
    "rank_labels",
    "read_history",
    "save_figure",
    "score_files",
    "top_mistakes",
    "wilson_interval",
]
