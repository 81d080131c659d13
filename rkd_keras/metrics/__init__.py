"""Metrics for unbalanced classes, as Keras metrics."""

from rkd_keras.metrics.gmean import GMean
from rkd_keras.metrics.macro_recall import MacroRecall

__all__ = ["GMean", "MacroRecall"]
