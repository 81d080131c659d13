"""Train a classifier's last layer alone, on features that are computed once."""

import keras
import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.models.taps import layer_call
from rkd_keras.trainers.stored_features import view_features

# Rows of features that are worked on at a time.
CHUNK = 8192
# Features that are kept as float32: each iteration reads them twice, and converting
# them takes longer than what is done with them.
MOST_IN_MEMORY = 2**30


def fit_feature_head(
    model,
    pipeline,
    views=8,
    strength=1.0,
    path=None,
    made_of="",
    progress=None,
):
    """Train the layer `logits` of a network whose other layers stay as they are.

    The features (what `logits` takes) of so many seeded views of each image are
    computed once; the layer is then fitted to all of them, by logistic regression.
    That takes seconds where the network as a whole would take an hour, and with few
    images it is better, for there is little that it could forget.

    Args:
        model: classifier whose last layer is the dense layer `logits`, for example
            `EfficientNetLite0(weights="imagenet")`; changed in place.
        pipeline: a `TrainingPipeline` of the training images and labels.
        views: seeded views of each image. Defaults to `8`.
        strength: of the regularisation, see `logistic_regression`. Defaults to
            `1.0`.
        path: file for the features, see `view_features`. Defaults to `None`.
        made_of: text that tells what the features depend on.
        progress: function called after each batch with its number of images, or
            `None`.

    Returns:
        The model.

    Raises:
        InputError: when the model has no such layer, or a label is none of its
            classes.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.data import TrainingPipeline
        >>> from rkd_keras.models import ResNet18
        >>> images = np.zeros((4, 16, 16, 3), "uint8")
        >>> images[2:] = 255
        >>> pipeline = TrainingPipeline(images, np.array([0, 0, 1, 1]))
        >>> model = ResNet18(2, width=0.125, input_shape=(16, 16, 3))
        >>> fit_feature_head(model, pipeline, views=1).predict(
        ...     images, verbose=0
        ... ).argmax(1)
        array([0, 0, 1, 1])
    """
    body = keras.Model(model.inputs[0], layer_call(model, "logits")[0])
    features = view_features(body, pipeline, views, path, made_of, progress)
    head = model.get_layer("logits")
    kernel, bias = logistic_regression(
        features, pipeline.labels, head.units, strength=strength
    )
    head.set_weights([kernel, bias])
    return model


def logistic_regression(
    features, labels, num_classes, strength=1.0, weights=None, iterations=500
):
    """Fit multinomial logistic regression to features of several views.

    Minimised is the mean over all rows of the cross-entropy, plus
    `|kernel of standardised features|^2 / (2 * strength * images)`: for one view what
    scikit-learn's `LogisticRegression(C=strength)` does on standardised features;
    further views of an image share its weight. The problem has one minimum,
    so no seed matters; it is found by L-BFGS, to seven digits. Rows are read in
    chunks, and what is large stays where it is: a memory-mapped array need not fit
    into memory.

    Args:
        features: array `(views, images, features)`, any float type.
        labels: array `(images,)`, integers from 0.
        num_classes: number of classes.
        strength: weight of the data against the regularisation, above 0: `C` of
            scikit-learn. Defaults to `1.0`.
        weights: array `(images,)`, what each image counts, or `None` for 1 each.
        iterations: largest number of L-BFGS iterations. Defaults to `500`.

    Returns:
        Pair of `kernel` `(features, num_classes)` and `bias` `(num_classes,)`,
        float32, for features as they are: their scaling is worked in.

    Raises:
        InputError: when labels and features do not belong together.

    Example:
        >>> import numpy as np
        >>> kernel, bias = logistic_regression([[[0.0], [1.0]]], [0, 1], 2)
        >>> (np.array([[0.0], [1.0]]) @ kernel + bias).argmax(1)
        array([0, 1])
    """
    from scipy.optimize import minimize

    features, labels = np.asanyarray(features), np.asarray(labels)
    if features.ndim != 3 or features.shape[1] != len(labels) or not features.size:
        raise InputError(
            "features must be (views, images, features) with a label for each image, "
            f"not {features.shape} with {len(labels)} labels"
        )
    if labels.min() < 0 or labels.max() >= num_classes:
        raise InputError(
            f"labels must be from 0 to {num_classes - 1}, not {labels.min()} to "
            f"{labels.max()}"
        )
    _, images, width = features.shape
    if features.size * 4 <= MOST_IN_MEMORY:
        features = features.astype("float32", copy=False)
    mean, scale = _moments(features)
    share = np.ones(images) if weights is None else np.asarray(weights, "float64")
    share = share / (share.sum() * len(features))
    decay = 1.0 / (strength * images)

    def objective(packed):
        kernel = packed[: width * num_classes].reshape(width, num_classes)
        bias = packed[width * num_classes :]
        slope = decay * kernel
        lift = np.zeros(num_classes)
        value = 0.5 * decay * np.sum(kernel**2)
        scaled = (kernel / scale[:, None]).astype("float32")
        shift = (bias - (mean / scale) @ kernel).astype("float32")
        for rows, part in _chunks(features):
            logits = (rows @ scaled + shift).astype("float64")
            logits -= logits.max(1, keepdims=True)
            odds = np.exp(logits)
            total = odds.sum(1, keepdims=True)
            row = np.arange(len(rows))
            target = labels[part]
            value -= np.sum(share[part] * (logits[row, target] - np.log(total[:, 0])))
            error = odds / total
            error[row, target] -= 1.0
            error *= share[part, None]
            lift += error.sum(0)
            slope += (rows.T @ error.astype("float32")) / scale[:, None]
        slope -= np.outer(mean / scale, lift)
        return value, np.concatenate([slope.ravel(), lift])

    start = np.zeros((width + 1) * num_classes)
    found = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": iterations, "ftol": 1e-7, "gtol": 1e-6},
    ).x
    kernel = found[: width * num_classes].reshape(width, num_classes)
    bias = found[width * num_classes :] - (mean / scale) @ kernel
    return (kernel / scale[:, None]).astype("float32"), bias.astype("float32")


def _chunks(features):
    """Yield float32 rows and their images, as a slice, of every view."""
    for view in features:
        for begin in range(0, len(view), CHUNK):
            part = slice(begin, min(begin + CHUNK, len(view)))
            yield np.asarray(view[part], "float32"), part


def _moments(features):
    """Mean and spread of each feature; a spread of 0 becomes 1."""
    count = features.shape[0] * features.shape[1]
    total = sum(rows.sum(0, dtype="float64") for rows, _ in _chunks(features))
    mean = total / count
    square = sum(
        np.square(rows - mean).sum(0, dtype="float64") for rows, _ in _chunks(features)
    )
    spread = np.sqrt(square / count)
    return mean, np.where(spread > 1e-6, spread, 1.0)
