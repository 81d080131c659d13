"""The weights that come with the package."""

import hashlib
import json
from pathlib import Path

import keras

import rkd_keras
from rkd_keras.errors import InputError

FOLDER = Path(rkd_keras.__file__).parent / "weights"
NEU = "neu"


def load_weights(model, weights):
    """Load a weights file into a model; `None` leaves it as it is.

    Args:
        model: `keras.Model`.
        weights: path of a `.weights.h5` or `.keras` file, or `None`.

    Raises:
        InputError: for `"neu"`, which only the networks of the edge presets have,
            and `"imagenet"`, which these have not.
    """
    if weights is None:
        return
    if weights == NEU:
        raise InputError(
            f"the package carries no NEU weights for {model.name}; it has some for "
            f"{_known()}"
        )
    if weights == "imagenet":
        raise InputError(
            f"there are no ImageNet weights for {model.name}; take "
            "efficientnet_lite0, efficientnet_lite1 or efficientnet_lite2"
        )
    model.load_weights(weights)


def load_neu_weights(model, **shape):
    """Load the package's NEU weights into a model of their shape.

    With another number of classes than the weights', the head keeps its fresh
    values and everything else is loaded: a start for classes of one's own.

    Args:
        model: a fresh `keras.Model` of `ResNet18`.
        **shape: what decides which weights fit: `width`, `stem_stride` and
            `stage_strides`.

    Raises:
        InputError: when there are no weights for this shape, or the file is not
            the one that the package was built with.
    """
    shape["stage_strides"] = list(shape["stage_strides"])
    fitting = [entry for entry in neu_presets().values() if entry["shape"] == shape]
    if not fitting:
        given = ", ".join(f"{name}={value}" for name, value in shape.items())
        raise InputError(
            f"the package carries no NEU weights for {model.name} with {given}; it "
            f"has some for {_known()}"
        )
    entry = fitting[0]
    path = FOLDER / entry["weights"]
    if hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
        raise InputError(
            f"{path} is not the file that the package was built with; install "
            "rkd-keras again"
        )
    classes = len(entry["class_names"])
    if model.get_layer("logits").units == classes:
        model.load_weights(path)
        return
    body = keras.Model(model.inputs, model.get_layer("embedding").output)
    head = keras.layers.Dense(classes, dtype="float32", name="logits")
    donor = keras.Model(body.inputs, head(body.output))
    donor.load_weights(path)


def neu_presets():
    """Return what is known of each bundled preset, by name.

    Returns:
        Dict of name to a dict with `shape`, `weights` (the file's name),
        `sha256` and `class_names`; empty when the package was built without.
    """
    path = FOLDER / "neu.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _known():
    shapes = [
        f"{name} ({', '.join(f'{k}={v}' for k, v in entry['shape'].items())})"
        for name, entry in neu_presets().items()
    ]
    return " and ".join(shapes) or "none in this installation"
