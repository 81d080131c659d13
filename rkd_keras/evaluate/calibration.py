"""How honest probabilities are."""

import numpy as np

from rkd_keras.errors import InputError


def expected_calibration_error(probabilities, labels, bins=15):
    """Mean gap between confidence and accuracy.

    ECE = sum_b (n_b / n) |accuracy_b - confidence_b|

    over equal-width bins b of the largest probability; 0 means that of the
    images called with 90 % confidence, 90 % are right.

    Args:
        probabilities: array `(n, C)`, each row summing to 1.
        labels: array `(n,)` of class indices.
        bins: number of bins on [0, 1]. Defaults to `15`.

    Returns:
        A float in [0, 1].

    Raises:
        InputError: when the arrays do not fit together or are empty.

    Example:
        >>> expected_calibration_error([[0.75, 0.25]] * 4, [0, 0, 0, 1])
        0.0

    Reference:
        - Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
    """
    probabilities = np.asarray(probabilities, np.float64)
    labels = np.asarray(labels)
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1]:
        raise InputError(
            "probabilities must be (n, classes) with n labels. Received: shapes "
            f"{probabilities.shape} and {labels.shape}"
        )
    if len(labels) == 0:
        raise InputError("probabilities must hold at least one row")
    if not isinstance(bins, int) or bins < 1:
        raise InputError(
            f"bins must be a whole number of at least 1. Received: bins={bins}"
        )
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    # Bins are (lower, upper], as in the reference.
    index = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(index, weights=correct - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))
