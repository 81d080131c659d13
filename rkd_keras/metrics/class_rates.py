"""The rates of each class against the rest, from a confusion matrix.

The one place of these formulas: Keras metrics, scores and losses take them from here.
A light module: Keras is imported only for those who have it in their hands.
"""

from typing import NamedTuple

import numpy as np


class ClassRates(NamedTuple):
    """Rates of each class against the rest, arrays `(C,)`.

    Attributes:
        recall: TP / (TP + FN), also called TPR; 0 for a class that does not occur.
        specificity: TN / (TN + FP), also called TNR; 1 where there is no other class.
        accuracy: (TP + TN) / all (paper eq. 14); 0 of nothing.
        precision: TP / (TP + FP); 0 for a class that is never predicted.
        f1: 2 TP / (2 TP + FP + FN); 0 for a class that is neither.
        gmean: sqrt(TPR * TNR) (paper eq. 12; the printed false-positive rate is a
            slip).
        present: whether the class occurs.

    Example:
        >>> rates = one_vs_rest(np.array([[3, 1], [0, 2]]))
        >>> float(rates.mean("recall"))
        0.875
    """

    recall: object
    specificity: object
    accuracy: object
    precision: object
    f1: object
    gmean: object
    present: object

    def mean(self, name):
        """Return the mean of a rate over the classes that occur; 0 where none does.

        Args:
            name: for example `"recall"`, whose mean is the macro recall.

        Returns:
            Scalar.
        """
        values, xp = getattr(self, name), _namespace(self.present)
        present = xp.where(self.present, xp.ones_like(values), xp.zeros_like(values))
        return _ratio(xp, xp.sum(values * present), xp.sum(present))


def one_vs_rest(counts):
    """Compute the rates of each class against the rest.

    Args:
        counts: confusion matrix `(C, C)`, rows are the truth: a numpy array, or a
            tensor of Keras's backend. Counts may be weighted.

    Returns:
        `ClassRates`, of arrays like `counts`: float64 of numpy's, else of its dtype.

    Reference:
        - Huang et al., Algorithms 2023, eqs. 12, 14 and 21.

    Example:
        >>> rates = one_vs_rest(np.array([[8, 2], [1, 89]]))
        >>> rates.recall.tolist(), round(float(rates.gmean[0]), 4)
        ([0.8, 0.9888888888888889], 0.8894)
    """
    xp = _namespace(counts)
    if xp is np:
        counts = counts.astype("float64")
    hits = xp.diagonal(counts)
    support, called = xp.sum(counts, axis=1), xp.sum(counts, axis=0)
    total = xp.sum(counts)
    others = total - support
    true_negatives = others - (called - hits)
    recall = _ratio(xp, hits, support)
    specificity = _ratio(xp, true_negatives, others, empty=1.0)
    return ClassRates(
        recall=recall,
        specificity=specificity,
        accuracy=_ratio(xp, hits + true_negatives, total),
        precision=_ratio(xp, hits, called),
        f1=_ratio(xp, 2 * hits, support + called),
        gmean=geometric_mean(recall, specificity),
        present=support > 0,
    )


def geometric_mean(recall, specificity):
    """Return GMean = sqrt(TPR * TNR) (paper eq. 12).

    Args:
        recall: TPR, array or tensor.
        specificity: TNR, such an array.

    Returns:
        Such an array.

    Example:
        >>> float(geometric_mean(np.array(0.5), np.array(0.5)))
        0.5
    """
    xp = _namespace(recall)
    return xp.sqrt(recall * specificity)


def _ratio(xp, part, whole, empty=0.0):
    some = whole > 0
    return xp.where(some, part / xp.where(some, whole, 1.0), empty)


def _namespace(values):
    """Return numpy or `keras.ops`, whose functions have the same names here."""
    if isinstance(values, np.ndarray | np.generic):
        return np
    from keras import ops

    return ops
