"""How `migrate adapt` makes its models: the work behind the checks."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rkd_keras.predict.decision import softmax
from rkd_keras.trainers import (
    adapt_batch_norm,
    confident_answers,
    coral,
    cosine_prototypes,
    dann,
    logistic_regression,
)

# Shares of line B's images from whose answers is learnt, one after the other.
SHARES = (0.3, 0.6, 0.9)


@dataclass(frozen=True)
class Labels:
    """What is said of line B's images.

    Attributes:
        members: indices of the images with a label, array `(labelled,)`.
        labels: their labels, array `(labelled,)`.
        answers: the new model's class of every image, array `(images,)`.
    """

    members: Any
    labels: Any
    answers: Any


def adapted(images, method, old, head, seed, quiet):
    """Make the classifier.

    Args:
        images: the `LineImages`.
        method: one of `METHODS`.
        old: the `Run` of line A, or `None`.
        head: `"linear"` or `"prototype"`.
        seed: integer that decides what is random, of dann in particular.
        quiet: whether to show no progress.

    Returns:
        The network, its classes' names, the `Labels` of line B's images, and what the
        old model said of these, array `(images,)`, or `None`.
    """
    import keras
    from rich.console import Console

    from rkd_keras.data import evaluation_dataset, open_images

    console = Console(stderr=True, quiet=quiet)
    keras.utils.set_random_seed(seed)
    with console.status("opening the model and the images"):
        model = _imagenet() if old is None else old.model
        size = model.input_shape[1:3]
        pixels, _ = open_images(images.files, size, strict=True)
    with console.status(f"adapting by {method}"):
        if method == "few":
            return *_few(model, pixels, images, head), None
        before = model.predict(evaluation_dataset(pixels), verbose=0).argmax(1)
        if method == "adabn":
            network = adapt_batch_norm(model, pixels)
            old.__dict__.pop("model", None)
        else:
            network = _refitted(model, pixels, method, old, size, seed)
        logits = network.predict(evaluation_dataset(pixels), verbose=0)
        members, labels = confident_answers(softmax(logits))
        found = Labels(members, labels, logits.argmax(1))
        return network, old.class_names, found, before


def _imagenet():
    from rkd_keras.models import create_model
    from rkd_keras.trainers.imagenet_embedding import NETWORK, SIDE

    return create_model(NETWORK, input_shape=(SIDE, SIDE, 3), weights="imagenet")


def _few(model, pixels, images, head):
    from rkd_keras.models.heads import divided, with_head

    body, _ = divided(model)
    features = _features(body, pixels)
    classes = len(images.class_names)
    if head == "prototype":
        weights = cosine_prototypes(features, images.labels, classes)
    else:
        weights = logistic_regression(features[None], images.labels, classes)
    network = with_head(body, *weights, model.name)
    answers = (features @ weights[0] + weights[1]).argmax(1)
    found = Labels(np.arange(len(pixels)), images.labels, answers)
    return network, images.class_names, found


def _refitted(model, pixels, method, old, size, seed):
    """Fit the head anew: to line A's features as B's, or to answers on B's."""
    from rkd_keras.data import open_images
    from rkd_keras.models.heads import divided, with_head
    from rkd_keras.runs.parts import labelled_images

    body, head = divided(model)
    features = _features(body, pixels)
    classes = len(old.class_names)
    kernel, bias = head.get_weights()
    if method in ("coral", "dann"):
        found = labelled_images(old.model_path, None, "train")
        shown, kept = open_images(found.files, size)
        source = _features(body, shown)
        labels = np.array(found.labels)[kept]
        if method == "coral":
            moved = coral(source, features)
            kernel, bias = logistic_regression(moved[None], labels, classes)
        else:
            kernel, bias = dann(source, labels, features, classes, seed=seed)
    else:
        kernel, bias = self_trained(kernel, bias, features)
    return with_head(body, kernel, bias, model.name)


def _features(body, images):
    """Compute what a head takes, `(images, features)`, the images batch by batch."""
    from rkd_keras.data import evaluation_dataset

    found = body.predict(evaluation_dataset(images), verbose=0)
    return found.astype("float32")


def self_trained(kernel, bias, features):
    """Fit a head to its own surest answers, to more of them each time.

    Args:
        kernel: of the head, `(features, classes)`.
        bias: of the head, `(classes,)`.
        features: of line B's images, `(images, features)`, float32; no labels.

    Returns:
        Pair of `kernel` and `bias`.
    """
    for share in SHARES:
        answers = softmax(features @ kernel + bias)
        chosen, labels = confident_answers(answers, share)
        kernel, bias = logistic_regression(features[None, chosen], labels, len(bias))
    return kernel, bias
