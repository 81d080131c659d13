"""Probabilities of each image by a classifier that has not seen it."""

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.trainers.feature_head import logistic_regression

FOLDS = 5
# Of a linear head; the one of the least cross-entropy out of fold is taken. Weak ones
# stand where labels are wrong: they do not learn them by heart.
STRENGTHS = (0.001, 0.01, 0.1)


def group_folds(labels, groups, folds=FOLDS, seed=0):
    """Divide images into folds of about equal classes; no group is divided.

    Args:
        labels: array `(images,)` of class indices.
        groups: array `(images,)`: images of one number belong together.
        folds: number of folds, at least 2. Defaults to `5`.
        seed: integer. Defaults to `0`.

    Returns:
        Array `(images,)`, the number of each image's fold, from 0.

    Raises:
        InputError: when there are fewer groups than folds.

    Example:
        >>> fold = group_folds([0, 0, 1, 1, 0, 1], [0, 0, 1, 2, 3, 2], folds=2)
        >>> bool(fold[0] == fold[1]), sorted(set(fold.tolist()))
        (True, [0, 1])
    """
    import warnings

    from sklearn.model_selection import StratifiedGroupKFold

    labels, groups = np.asarray(labels), np.asarray(groups)
    if len(np.unique(groups)) < folds:
        raise InputError(
            f"{folds} folds need as many images that do not belong together, and there "
            f"are {len(np.unique(groups))}; give fewer folds"
        )
    divide = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    fold = np.zeros(len(labels), int)
    with warnings.catch_warnings():
        # Of classes with fewer images than folds.
        warnings.simplefilter("ignore")
        for number, (_, members) in enumerate(divide.split(labels, labels, groups)):
            fold[members] = number
    return fold


def head_probabilities(features, labels, fold, num_classes, strengths=STRENGTHS):
    """Compute out-of-fold probabilities of a linear head on frozen features.

    Of the strengths of regularisation the one is taken whose probabilities have the
    least cross-entropy with the labels as given, all of them out of fold.

    Args:
        features: array `(images, features)`.
        labels: array `(images,)` of class indices.
        fold: array `(images,)`, the number of each image's fold, see `group_folds`.
        num_classes: number of classes.
        strengths: of the regularisation, see `logistic_regression`.

    Returns:
        Array `(images, num_classes)`, float64, whose rows sum to 1.

    Example:
        >>> features = np.repeat([[0.0], [1.0]], 6, axis=0)
        >>> labels, fold = np.repeat([0, 1], 6), np.arange(12) % 3
        >>> probabilities = head_probabilities(features, labels, fold, 2)
        >>> probabilities.argmax(1).tolist()
        [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    """
    from scipy.special import softmax

    features, labels = np.asarray(features, "float32"), np.asarray(labels)
    best, least = None, np.inf
    for strength in strengths:
        found = np.zeros((len(labels), num_classes))
        for number in np.unique(fold):
            rest, members = fold != number, fold == number
            kernel, bias = logistic_regression(
                features[None, rest], labels[rest], num_classes, strength
            )
            found[members] = softmax(
                features[members].astype("float64") @ kernel + bias, axis=1
            )
        own = found[np.arange(len(labels)), labels]
        entropy = -np.log(np.maximum(own, 1e-12)).mean()
        if entropy < least:
            best, least = found, entropy
    return best


def student_probabilities(
    images, labels, fold, num_classes, epochs=30, seed=0, progress=None
):
    """Compute out-of-fold probabilities of a small student, trained once a fold.

    Args:
        images: array `(images, height, width, 3)`, uint8, or `StreamedImages`.
        labels: array `(images,)` of class indices.
        fold: array `(images,)`, the number of each image's fold, see `group_folds`.
        num_classes: number of classes.
        epochs: epochs of each training. Defaults to `30`.
        seed: integer. Defaults to `0`.
        progress: function called after each fold with no argument, or `None`.

    Returns:
        Array `(images, num_classes)`, float64, whose rows sum to 1.

    Example:
        >>> images = np.zeros((8, 16, 16, 3), "uint8")
        >>> labels, fold = np.arange(8) % 2, np.arange(8) // 4
        >>> student_probabilities(images, labels, fold, 2, epochs=1).shape
        (8, 2)
    """
    import keras
    from scipy.special import softmax

    from rkd_keras.data import evaluation_dataset
    from rkd_keras.data.streamed_images import chosen_images
    from rkd_keras.models import EdgeResNetTiny

    found = np.zeros((len(labels), num_classes))
    for number in np.unique(fold):
        keras.utils.set_random_seed(seed)
        rest, members = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        model = EdgeResNetTiny(num_classes, input_shape=images.shape[1:])
        fit_student(model, chosen_images(images, rest), labels[rest], epochs, seed)
        judged = evaluation_dataset(chosen_images(images, members))
        logits = model.predict(judged, verbose=0)
        found[members] = softmax(logits.astype("float64"), axis=1)
        if progress is not None:
            progress()
    return found


def fit_student(model, images, labels, epochs, seed=0):
    """Train a classifier by the preset `fast`, in silence.

    Args:
        model: `keras.Model` that gives logits.
        images: array `(images, height, width, 3)`, uint8, or `StreamedImages`.
        labels: array `(images,)` of class indices; a class may have none.
        epochs: epochs of the training.
        seed: integer that decides order and views. Defaults to `0`.

    Example:
        >>> from rkd_keras.models import EdgeResNetNano
        >>> model = EdgeResNetNano(2, input_shape=(16, 16, 3))
        >>> fit_student(model, np.zeros((4, 16, 16, 3), "uint8"), np.arange(4) % 2, 1)
    """
    from rkd_keras.trainers.recipe import get_recipe

    classes = model.output_shape[-1]
    recipe = get_recipe("fast").with_changes(epochs=epochs)
    pipeline = recipe.pipeline(images, labels, classes, seed)
    steps = pipeline.steps_per_epoch
    # A class that a fold holds whole has no image here.
    loss = recipe.loss(np.maximum(np.bincount(labels, minlength=classes), 1))
    model.compile(recipe.optimizer(steps), loss, jit_compile=False)
    model.fit(
        pipeline.dataset(),
        steps_per_epoch=steps,
        epochs=epochs,
        shuffle=False,
        verbose=0,
    )
