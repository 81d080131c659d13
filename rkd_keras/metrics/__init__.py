"""Keras metrics: for labels of either form, and for unbalanced classes."""

from rkd_keras.metrics.accuracy import Accuracy
from rkd_keras.metrics.gmean import GMean
from rkd_keras.metrics.macro_recall import MacroRecall

__all__ = ["Accuracy", "GMean", "MacroRecall"]
