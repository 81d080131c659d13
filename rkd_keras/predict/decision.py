"""From logits and images to decisions: calibration and the unknown verdict.

What is fitted here travels in the card, so that every runtime decides alike.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rkd_keras.errors import InputError
from rkd_keras.predict.surface_statistics import COUNT, surface_statistics
from rkd_keras.predict.unknown_detector import UnknownDetector

# Weight of the mean covariance, in images.
PRIOR_IMAGES = 20
# A standard deviation of 0.03 in the logarithm: 3 % of a gradient.
VARIANCE_FLOOR = 1e-3


def softmax(logits: ArrayLike, temperature: float = 1.0) -> np.ndarray:
    """Softmax of `logits / temperature` over the last axis, in float64.

    Args:
        logits: array `(..., C)`.
        temperature: above 0; larger is less sure. Defaults to `1.0`.

    Returns:
        Array `(..., C)`, float64, each row summing to 1.

    Example:
        >>> softmax([[0.0, 0.0]]).tolist()
        [[0.5, 0.5]]
    """
    scaled = np.asarray(logits, np.float64) / temperature
    scaled = scaled - scaled.max(axis=-1, keepdims=True)
    exponentials = np.exp(scaled)
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def fit_temperature(logits: ArrayLike, labels: ArrayLike) -> float:
    """Find the temperature that makes probabilities honest.

    Minimises the cross-entropy of softmax(logits / T) over T (Guo et al. 2017).
    The targets are Platt's: (n + 1) / (n + 2) for the true class instead of 1,
    so that a validation set without a single mistake gives a finite temperature.

    Args:
        logits: array `(n, C)` of validation images.
        labels: array `(n,)` of class indices.

    Returns:
        The temperature, in [0.05, 20].

    Raises:
        InputError: when the arrays do not fit together or are empty.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> labels = rng.integers(0, 3, 3000)
        >>> noise = rng.gumbel(size=(3000, 3))
        >>> logits = rng.normal(size=(3000, 3))
        >>> drawn = np.argmax(logits + noise, axis=1)
        >>> round(fit_temperature(5 * logits, drawn))
        5

    Reference:
        - Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
        - Platt, "Probabilistic Outputs for Support Vector Machines", 1999.
    """
    logits, labels = _rows_and_labels(logits, labels, "logits")
    count, classes = logits.shape
    if labels.max() >= classes:
        raise InputError(
            f"labels must be below the number of logits, {classes}. "
            f"Received: largest label={labels.max()}"
        )
    sure = (count + 1) / (count + 2)
    targets = np.full(logits.shape, (1 - sure) / max(classes - 1, 1))
    targets[np.arange(count), labels] = sure

    def loss(log_temperature):
        scaled = logits / math.exp(log_temperature)
        top = scaled.max(axis=1)
        normaliser = top + np.log(np.exp(scaled - top[:, None]).sum(axis=1))
        return float(np.mean(normaliser - np.sum(targets * scaled, axis=1)))

    # The loss is convex in 1/T, hence unimodal in log T: golden section.
    low, high = math.log(0.05), math.log(20.0)
    ratio = (math.sqrt(5) - 1) / 2
    while high - low > 1e-5:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if loss(left) < loss(right):
            high = right
        else:
            low = left
    return math.exp((low + high) / 2)


def fit_unknown(
    images: ArrayLike,
    labels: ArrayLike,
    false_alarm_rate: float = 0.01,
    folds: int = 5,
    seed: int = 0,
) -> dict[str, Any]:
    """Fit the unknown verdict on images of the known classes.

    Each class becomes a Gaussian over `surface_statistics`. Its covariance is
    drawn towards the mean covariance of all classes as if `PRIOR_IMAGES` more
    images had that one (Friedman 1989), so that few images of a class suffice.

    The threshold comes from scores that each image gets from a fit on the other
    folds, at the rank that bounds the false-alarm rate for a new image of the
    same kind (the conformal quantile). With fewer than `1 / false_alarm_rate - 1`
    images that rank does not exist and the largest score is taken.

    Nothing here is learned by the network, so training images may be used.

    Args:
        images: array `(n, H, W, 3)`, uint8, of the model's input size.
        labels: array `(n,)` of class indices; each class at least twice.
        false_alarm_rate: share of known images to be called unknown, in (0, 1).
            Defaults to `0.01`.
        folds: parts for the held-out scores. Defaults to `5`.
        seed: seed of the folds. Defaults to `0`.

    Returns:
        A dict for the card's entry `unknown`.

    Raises:
        InputError: when the arrays do not fit together, a class has fewer than
            two images, or the rate is out of range.

    Example:
        >>> images = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), "uint8")
        >>> unknown = fit_unknown(images, np.arange(20) % 2, false_alarm_rate=0.05)
        >>> unknown["false_alarm_rate"]
        0.05

    Reference:
        - Friedman, "Regularized Discriminant Analysis", JASA 84, 1989.
        - Vovk et al., "Algorithmic Learning in a Random World", 2005.
    """
    return fit_surfaces(
        surface_statistics(images), labels, false_alarm_rate, folds, seed
    )


def fit_surfaces(
    statistics: ArrayLike,
    labels: ArrayLike,
    false_alarm_rate: float = 0.01,
    folds: int = 5,
    seed: int = 0,
) -> dict[str, Any]:
    """Fit the unknown verdict on what was computed of the images, see `fit_unknown`.

    Args:
        statistics: array `(n, 18)` of `surface_statistics`.
        labels: array `(n,)` of class indices; each class at least twice.
        false_alarm_rate: see `fit_unknown`. Defaults to `0.01`.
        folds: see `fit_unknown`. Defaults to `5`.
        seed: seed of the folds. Defaults to `0`.

    Returns:
        A dict for the card's entry `unknown`.

    Raises:
        InputError: see `fit_unknown`.

    Example:
        >>> statistics = np.random.default_rng(0).normal(size=(20, 18))
        >>> fit_surfaces(statistics, np.arange(20) % 2)["method"]
        'surface'
    """
    statistics, labels = _rows_and_labels(statistics, labels, "images")
    if not 0 < false_alarm_rate < 1:
        raise InputError(
            "false_alarm_rate must lie between 0 and 1. "
            f"Received: false_alarm_rate={false_alarm_rate}"
        )
    counts = np.bincount(labels)
    if np.any(counts < 2):
        raise InputError(
            "the unknown verdict needs at least two images of every class. "
            f"Received: counts={counts.tolist()}"
        )
    held_out = np.empty(len(labels))
    fold = _stratified_folds(labels, folds, seed)
    for index in np.unique(fold):
        rest = fold != index
        parameters = _gaussians(statistics[rest], labels[rest])
        detector = UnknownDetector(*parameters, math.inf, false_alarm_rate)
        held_out[~rest] = detector.score_statistics(statistics[~rest])
    rank = math.ceil((len(held_out) + 1) * (1 - false_alarm_rate))
    threshold = np.sort(held_out)[min(rank, len(held_out)) - 1]
    parameters = _gaussians(statistics, labels)
    detector = UnknownDetector(*parameters, float(threshold), false_alarm_rate)
    return detector.to_card()


def _gaussians(statistics, labels):
    classes = range(labels.max() + 1)
    members = [statistics[labels == label] for label in classes]
    means = np.stack([rows.mean(axis=0) for rows in members])
    scatters = [
        (rows - mean).T @ (rows - mean)
        for rows, mean in zip(members, means, strict=True)
    ]
    pooled = sum(scatters) / len(statistics)
    whitening, determinants = [], []
    for rows, scatter in zip(members, scatters, strict=True):
        covariance = (scatter + PRIOR_IMAGES * pooled) / (len(rows) + PRIOR_IMAGES)
        factor = np.linalg.cholesky(covariance + VARIANCE_FLOOR * np.eye(COUNT))
        whitening.append(np.linalg.inv(factor))
        determinants.append(2 * np.sum(np.log(np.diag(factor))))
    return means, np.stack(whitening), np.array(determinants)


def _stratified_folds(labels, folds, seed):
    """Deal every class's rows out to folds; each class stays in every rest."""
    rng = np.random.default_rng(seed)
    fold = np.empty(len(labels), int)
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        fold[rows] = np.arange(len(rows)) % folds
    return fold


def _rows_and_labels(rows, labels, name):
    rows = np.asarray(rows, np.float64)
    labels = np.asarray(labels)
    if (
        rows.ndim != 2
        or labels.shape != rows.shape[:1]
        or len(labels) == 0
        or not np.issubdtype(labels.dtype, np.integer)
        or labels.min() < 0
    ):
        raise InputError(
            f"{name} must be (n, width) with n integer labels of 0 or more. Received: "
            f"{name} of shape {rows.shape}, labels of shape {labels.shape}"
        )
    if not np.isfinite(rows).all():
        raise InputError(f"{name} must be finite numbers")
    return rows, labels
