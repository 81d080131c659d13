"""Scores of a classifier: accuracy, macro recall, GMean, precision, recall, F1."""

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.metrics.class_rates import one_vs_rest


def classification_scores(labels, probabilities, class_names, split=None):
    """Score probabilities against the truth (paper Table 5, eqs. 12 and 21).

    With one-vs-rest counts of class c,

    precision = TP / (TP + FP), recall = TPR = TP / (TP + FN),
    F1 = 2 TP / (2 TP + FP + FN), GMean_c = sqrt(TPR * TNR)

    (`rkd_keras.metrics.one_vs_rest`).
    `macro_recall` and `gmean` are means over the classes that occur in `labels`.
    A class that does not occur has support 0 and recall, F1 and GMean 0; a class
    that is never predicted has precision 0.

    Args:
        labels: array `(n,)` of class indices.
        probabilities: array `(n, C)`; the largest of a row is the prediction.
        class_names: the C names, in the order of the columns.
        split: the part of the data that was scored, as text. Defaults to `None`.

    Returns:
        A dict that JSON can hold: `accuracy`, `macro_recall`, `gmean`,
        `per_class` (name to `precision`, `recall`, `f1`, `gmean`, `support`),
        `confusion_matrix` (rows are the truth), `class_names`, `split` and
        `images`.

    Raises:
        InputError: when the arrays do not fit together, are empty, or hold
            what is no number or no class.

    Example:
        >>> scores = classification_scores(
        ...     [0, 0, 1], [[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]], ["in", "sc"]
        ... )
        >>> scores["confusion_matrix"], scores["per_class"]["in"]["recall"]
        ([[1, 1], [0, 1]], 0.5)
    """
    labels, probabilities = _checked(labels, probabilities, class_names)
    count = len(class_names)
    predicted = probabilities.argmax(axis=1)
    matrix = np.zeros((count, count), np.int64)
    np.add.at(matrix, (labels, predicted), 1)

    rates = one_vs_rest(matrix)
    shown = ("precision", "recall", "f1", "gmean")
    return {
        "accuracy": float(np.trace(matrix) / len(labels)),
        "macro_recall": float(rates.mean("recall")),
        "gmean": float(rates.mean("gmean")),
        "per_class": {
            str(name): {
                **{key: float(getattr(rates, key)[c]) for key in shown},
                "support": int(matrix[c].sum()),
            }
            for c, name in enumerate(class_names)
        },
        "confusion_matrix": matrix.tolist(),
        "class_names": [str(name) for name in class_names],
        "split": split,
        "images": len(labels),
    }


def top_mistakes(labels, probabilities, class_names, files=None, limit=24):
    """List the wrong answers, the most confident first.

    Args:
        labels: array `(n,)` of class indices.
        probabilities: array `(n, C)`.
        class_names: the C names.
        files: the n images' files, or `None`.
        limit: how many are listed at most. Defaults to 24.

    Returns:
        List of dicts that JSON can hold: `index` (row of the arrays), `file`
        (text or `None`), `truth`, `predicted`, `probability` (of the wrong
        class) and `truth_probability`.

    Raises:
        InputError: when the arrays do not fit together.

    Example:
        >>> found = top_mistakes([0, 1], [[0.3, 0.7], [0.1, 0.9]], ["in", "sc"])
        >>> [(m["index"], m["truth"], m["predicted"]) for m in found]
        [(0, 'in', 'sc')]
    """
    labels, probabilities = _checked(labels, probabilities, class_names)
    if files is not None and len(files) != len(labels):
        raise InputError(
            f"files must name each of the {len(labels)} images. "
            f"Received: {len(files)} files"
        )
    predicted = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    order = wrong[np.argsort(-confidence[wrong], kind="stable")]
    return [
        {
            "index": int(i),
            "file": None if files is None else str(files[i]),
            "truth": str(class_names[labels[i]]),
            "predicted": str(class_names[predicted[i]]),
            "probability": float(confidence[i]),
            "truth_probability": float(probabilities[i, labels[i]]),
        }
        for i in order[:limit]
    ]


def wilson_interval(successes, trials, z=1.96):
    """Interval in which a rate lies, given so many successes (Wilson 1927).

    Args:
        successes: number of successes.
        trials: number of trials, at least 1.
        z: normal quantile. Defaults to 1.96, an interval of 95 %.

    Returns:
        `(low, high)`, each in [0, 1].

    Raises:
        InputError: when the counts are impossible.

    Example:
        >>> low, high = wilson_interval(597, 600)
        >>> f"{low:.4f} {high:.4f}"
        '0.9854 0.9983'
    """
    if trials < 1 or not 0 <= successes <= trials:
        raise InputError(
            "successes must lie between 0 and trials, and trials be at least 1. "
            f"Received: successes={successes}, trials={trials}"
        )
    rate, square = successes / trials, z * z / trials
    middle = (rate + square / 2) / (1 + square)
    half = z * np.sqrt(rate * (1 - rate) / trials + square / (4 * trials))
    half /= 1 + square
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))


def _checked(labels, probabilities, class_names):
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, float)
    shape = (len(labels) if labels.ndim == 1 else -1, len(class_names))
    if probabilities.shape != shape:
        raise InputError(
            "probabilities must be (images, classes), with one label an image and "
            f"one name a class. Received: probabilities {probabilities.shape}, labels "
            f"{labels.shape}, {len(class_names)} class names"
        )
    if len(labels) == 0:
        raise InputError("labels must hold at least one image. Received: none")
    if not np.isfinite(probabilities).all():
        raise InputError("probabilities must be finite. Received: nan or inf")
    if not np.issubdtype(labels.dtype, np.integer):
        raise InputError(f"labels must be integers. Received: dtype={labels.dtype}")
    if labels.min() < 0 or labels.max() >= len(class_names):
        raise InputError(
            f"labels must lie in 0..{len(class_names) - 1}. "
            f"Received: {labels.min()}..{labels.max()}"
        )
    return labels, probabilities
