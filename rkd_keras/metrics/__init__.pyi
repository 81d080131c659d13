from .accuracy import Accuracy
from .class_rates import ClassRates, one_vs_rest
from .gmean import GMean
from .macro_recall import MacroRecall

__all__ = ["Accuracy", "ClassRates", "GMean", "MacroRecall", "one_vs_rest"]
