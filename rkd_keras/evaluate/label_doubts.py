"""Which labels are wrong, by what a classifier says that has not seen them."""

import numpy as np

from rkd_keras.errors import InputError


@np.errstate(divide="ignore", invalid="ignore")
def rank_labels(labels, probabilities):
    """Rank images by how much their labels are to be doubted (confident learning).

    The quality of a label is the probability that it has by a classifier which was
    trained on other images. Which of the doubtful labels are taken for wrong is
    estimated by `cleanlab`: as many of each class as the joint distribution of given
    and true labels says.

    Args:
        labels: array `(images,)` of class indices, as given.
        probabilities: array `(images, classes)`, out of fold: of a classifier that was
            not trained on the image, nor on one that belongs to it.

    Returns:
        A triple: the order, array `(images,)` of indices, the most doubtful first;
        the quality of each label in [0, 1], array `(images,)`; whether each label is
        taken for wrong, array `(images,)` of bool.

    Raises:
        InputError: when `cleanlab` is not installed, or the arrays do not belong
            together.

    Reference:
        - Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in
          Dataset Labels", JAIR 2021.

    Example:
        >>> sure = np.repeat([[0.9, 0.1], [0.1, 0.9]], 10, axis=0)
        >>> labels = np.repeat([0, 1], 10)
        >>> labels[3] = 1
        >>> order, quality, wrong = rank_labels(labels, sure)
        >>> int(order[0]), float(quality[3]), np.flatnonzero(wrong).tolist()
        (3, 0.1, [3])
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, "float64")
    if probabilities.ndim != 2 or len(labels) != len(probabilities):
        raise InputError(
            f"probabilities must be (images, classes) for {len(labels)} labels, not "
            f"{probabilities.shape}"
        )
    find_label_issues = require_cleanlab()
    quality = probabilities[np.arange(len(labels)), labels]
    # In this process: others would each load TensorFlow again.
    wrong = find_label_issues(labels, probabilities, n_jobs=1)
    return np.argsort(quality, kind="stable"), quality, np.asarray(wrong, bool)


def require_cleanlab():
    """Return cleanlab's `find_label_issues`.

    Raises:
        InputError: when it is not installed.
    """
    try:
        from cleanlab.filter import find_label_issues
    except ImportError as error:
        raise InputError(
            "cleanlab is not installed; run pip install 'rkd-keras[doubt]'"
        ) from error
    return find_label_issues
