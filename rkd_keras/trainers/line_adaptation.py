"""What brings a classifier from one production line to another, on frozen features."""

import numpy as np

from rkd_keras.errors import InputError


def coral(source, target, regularisation=1.0):
    """Give features of one line the mean and the covariance of another's.

    x' = (x - m_S) (C_S + r s I)^(-1/2) (C_T + r s I)^(1/2) + m_T

    with the means m, the covariances C of source and target, and s the mean variance of
    a feature of both. A head that is trained on what comes out, with the labels of the
    source, suits the target better. Where features are many and images few, only the
    regularisation makes the covariances invertible.

    Args:
        source: features of line A, `(n, features)`, at least two rows.
        target: features of line B, `(m, features)`, at least two rows; no labels.
        regularisation: r, above 0. Defaults to `1.0`, as published.

    Returns:
        Array `(n, features)`, float32.

    Raises:
        InputError: when the features are not of one width, or too few.

    Reference:
        - Sun, Feng and Saenko, "Return of Frustratingly Easy Domain Adaptation", AAAI
          2016.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> a, b = rng.normal(0, 1, (500, 2)), rng.normal(5, 3, (500, 2))
        >>> moved = coral(a, b, regularisation=1e-6)
        >>> bool(np.allclose(np.cov(moved.T), np.cov(b.T), atol=0.05))
        True
    """
    source, target = np.asarray(source, "float64"), np.asarray(target, "float64")
    if source.ndim != 2 or target.ndim != 2 or source.shape[1] != target.shape[1]:
        raise InputError(
            "features of both lines must be of one width. Received: "
            f"{source.shape}, {target.shape}"
        )
    if min(len(source), len(target)) < 2:
        raise InputError(
            "each line needs at least two images. Received: "
            f"{len(source)}, {len(target)}"
        )
    covariances = [np.cov(each.T, bias=True) for each in (source, target)]
    covariances = [np.atleast_2d(each) for each in covariances]
    level = np.mean([np.trace(each) / len(each) for each in covariances])
    ridge = regularisation * max(level, 1e-12) * np.eye(source.shape[1])
    white = _power(covariances[0] + ridge, -0.5)
    colour = _power(covariances[1] + ridge, 0.5)
    moved = (source - source.mean(0)) @ white @ colour + target.mean(0)
    return moved.astype("float32")


def _power(matrix, exponent):
    """Raise a symmetric positive matrix to a power."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, 1e-12) ** exponent) @ vectors.T


def confident_answers(probabilities, share=0.5):
    """Choose the answers that are sure enough to learn from, the same of every class.

    Of the images that are given to a class the surest are taken: as many of each class
    as `share` of all images comes to, divided by the number of classes, or all where
    there are fewer. So a class that the classifier likes too much does not drown the
    others.

    Args:
        probabilities: array `(images, classes)`.
        share: of the images, in (0, 1]. Defaults to `0.5`.

    Returns:
        Pair: indices of the chosen images, sorted, and their classes, `(chosen,)` each.

    Raises:
        InputError: for a share out of range.

    Reference:
        - Zou et al., "Unsupervised Domain Adaptation for Semantic Segmentation via
          Class-Balanced Self-Training", ECCV 2018.

    Example:
        >>> sure = np.array([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.3, 0.7]])
        >>> chosen, labels = confident_answers(sure, share=0.5)
        >>> chosen.tolist(), labels.tolist()
        ([0, 3], [0, 1])
    """
    probabilities = np.asarray(probabilities)
    if probabilities.ndim != 2 or not 0 < share <= 1:
        raise InputError(
            "probabilities must be (images, classes) and share in (0, 1]. Received: "
            f"{probabilities.shape}, share={share}"
        )
    answers, sureness = probabilities.argmax(1), probabilities.max(1)
    classes = probabilities.shape[1]
    most = max(1, round(share * len(answers) / classes))
    chosen = []
    for label in range(classes):
        members = np.flatnonzero(answers == label)
        order = np.argsort(-sureness[members], kind="stable")
        chosen.append(members[order[:most]])
    chosen = np.sort(np.concatenate(chosen)).astype(int)
    return chosen, answers[chosen]


def cosine_prototypes(features, labels, num_classes, scale=16.0):
    """Make a linear head that names the class whose mean lies in the same direction.

    logit_c = s (x - m) . p_c,  p_c = (m_c - m) / |m_c - m|

    with the mean m over the classes' means m_c: but for the length of x - m, which
    decides no argmax, `s` times the cosine. There is nothing to overfit, so that a few
    images of a class suffice.

    Args:
        features: array `(images, features)`.
        labels: array `(images,)` of class indices; each class at least once.
        num_classes: number of classes.
        scale: s, for features whose distance from m is 1 in the mean. Defaults to
            `16.0`.

    Returns:
        Pair of `kernel` `(features, num_classes)` and `bias` `(num_classes,)`, float32.

    Raises:
        InputError: when a class has no image.

    Reference:
        - Snell, Swersky and Zemel, "Prototypical Networks for Few-shot Learning",
          NeurIPS 2017.

    Example:
        >>> kernel, bias = cosine_prototypes([[0.0, 1.0], [1.0, 0.0]], [0, 1], 2)
        >>> ([[0.2, 0.9], [3.0, 1.0]] @ kernel + bias).argmax(1).tolist()
        [0, 1]
    """
    features, labels = np.asarray(features, "float64"), np.asarray(labels)
    missing = sorted(set(range(num_classes)) - set(labels.tolist()))
    if missing:
        raise InputError(f"class {missing[0]} has no image; give one of each class")
    means = np.stack([features[labels == c].mean(0) for c in range(num_classes)])
    middle = means.mean(0)
    apart = means - middle
    apart /= np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-12)
    length = np.linalg.norm(features - middle, axis=1).mean()
    kernel = scale / max(length, 1e-12) * apart.T
    return kernel.astype("float32"), (-middle @ kernel).astype("float32")
