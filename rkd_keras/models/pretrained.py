"""The weights that come with the package."""

import hashlib
import json
from pathlib import Path

import keras

import rkd_keras
from rkd_keras.errors import InputError

FOLDER = Path(rkd_keras.__file__).parent / "weights"
NEU = "neu"


def load_weights(model, weights, **shape):
    """Load weights into a model; `None` leaves it as it is.

    With another number of classes than the package's own weights have, the head
    keeps its fresh values and everything else is loaded: a start for classes of
    one's own.

    Args:
        model: a fresh `keras.Model`.
        weights: path of a `.weights.h5` or `.keras` file, `"neu"` for the weights
            that come with the package, or `None`.
        **shape: what decides which of the package's weights fit: `block` (the name
            of its function), `depths`, `width`, `stem_stride`, `stage_strides`.

    Raises:
        InputError: when the package has no weights for this shape, or their file is
            not the one that it was built with, and for `"imagenet"`, which few
            networks have.
    """
    if weights is None:
        return
    if weights == "imagenet":
        raise InputError(
            f"there are no ImageNet weights for {model.name}; take "
            "efficientnet_lite0, efficientnet_lite1 or efficientnet_lite2"
        )
    if weights != NEU:
        model.load_weights(weights)
        return
    wanted = json.loads(json.dumps(shape))
    for entry in neu_presets().values():
        if {**entry["network"], **entry["shape"]} == wanted:
            _load_entry(model, entry)
            return
    given = [f"{n}={v}" for n, v in shape.items() if n not in ("block", "depths")]
    shown = f" with {', '.join(given)}" if given else ""
    raise InputError(
        f"the package carries no NEU weights for {model.name}{shown}; it has some for "
        f"{_known()}"
    )


def _load_entry(model, entry):
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
        Dict of name to a dict with `network` (`block` and `depths`), `shape`,
        `weights` (the file's name), `sha256` and `class_names`; empty when the
        package was built without.
    """
    path = FOLDER / "neu.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def find_seen(files):
    """Find images that the weights of the package have learnt from.

    Args:
        files: list of paths of images; copies of other sizes and formats are found
            too, mirrored and turned ones as well.

    Returns:
        List of those paths.

    Example:
        >>> find_seen([])
        []
    """
    import numpy as np

    from rkd_keras.files.fingerprints import find_known
    from rkd_keras.files.images import read_image

    known = np.load(FOLDER / "neu_images.npy", allow_pickle=False)
    places = find_known((read_image(file) for file in files), known)
    return [files[place] for place in places]


def _known():
    shapes = [
        f"{name} ({', '.join(f'{k}={v}' for k, v in entry['shape'].items())})"
        for name, entry in neu_presets().items()
    ]
    return " and ".join(shapes) or "none in this installation"
