"""Better ranges for int8: of more images of all classes, and without rare values."""

import math

import numpy as np

from rkd_keras.export.int8.layer_errors import Reader
from rkd_keras.export.int8.tensors import operations

# Values of a tensor that are kept, drawn from all images alike.
SAMPLED = 65_536
LEVELS = 255
PERCENT = 99.95
# Shares of the whole range that are tried, the widest first.
SHARES = np.linspace(1.0, 0.2, 33)
KINDS = ("widest", "percentile", "least error")


def stratified(images, scores, count):
    """Choose images of all classes alike, by what the model names them.

    Args:
        images: array `(n, H, W, 3)`, uint8.
        scores: array `(n, C)`, the float model's answers.
        count: number to choose at most.

    Returns:
        Array `(m, H, W, 3)`; classes take turns, so that also its beginning has all.

    Example:
        >>> images = np.arange(6, dtype="uint8").reshape(6, 1, 1, 1)
        >>> scores = np.eye(2)[[0, 0, 0, 0, 1, 1]]
        >>> stratified(images, scores, 4).ravel().tolist()
        [0, 4, 1, 5]
    """
    labels = np.argmax(scores, axis=-1)
    turns = np.empty(len(labels), int)
    for label in np.unique(labels):
        where = np.flatnonzero(labels == label)
        turns[where] = np.arange(len(where))
    return images[np.lexsort((labels, turns))[:count]]


def observed_values(calibrated, images, sampled=SAMPLED, tracked=lambda items: items):
    """Run images through the float32 graph and keep what its tensors hold.

    Args:
        calibrated: bytes, as of `calibrated_tflite`.
        images: array `(n, H, W, 3)`, uint8.
        sampled: values of a tensor to keep beside its extremes. Defaults to `65536`.
        tracked: function that shows how far a loop over a sequence is.

    Returns:
        Dict of a tensor's name to a sorted array of values, both extremes among them.
    """
    reader = Reader(calibrated)
    names = list(dict.fromkeys(operation.name for operation in operations(calibrated)))
    rng = np.random.default_rng(0)
    kept = {name: [] for name in names}
    share = math.ceil(sampled / len(images))
    for image in tracked(images):
        reader.run(image)
        for name in names:
            values = reader.values(name).ravel()
            ends = values.min(), values.max()
            if values.size > share:
                values = values[rng.integers(0, values.size, share)]
            kept[name].append(np.append(values, ends).astype(np.float32))
    return {name: np.sort(np.concatenate(parts)) for name, parts in kept.items()}


def chosen_ranges(observed, kind):
    """Choose a range for every tensor.

    Args:
        observed: dict, as of `observed_values`.
        kind: `"widest"` (both extremes), `"percentile"` (99.95 % of the values), or
            `"least error"` (the range of the least mean square error of rounding).

    Returns:
        Dict of a tensor's name to `(low, high)`; 0 always lies between.
    """
    choose = {"widest": _widest, "percentile": _percentile, "least error": _least}[kind]
    return {
        name: (min(float(low), 0.0), max(float(high), 0.0))
        for name, (low, high) in ((n, choose(v)) for n, v in observed.items())
    }


def _widest(values):
    return values[0], values[-1]


def _percentile(values):
    rest = (100 - PERCENT) / 2
    return np.percentile(values, [rest, 100 - rest])


def _least(values):
    low, high = min(values[0], 0.0), max(values[-1], 0.0)
    if high == low:
        return low, high
    errors = [rounding_error(values, low * s, high * s) for s in SHARES]
    share = SHARES[int(np.argmin(errors))]
    return low * share, high * share


def rounding_error(values, low, high):
    """Return the mean square error of values that are rounded to 8 bits of a range."""
    scale = (high - low) / LEVELS
    zero = np.round(-low / scale)
    levels = np.clip(np.round(values / scale) + zero, 0, LEVELS)
    return float(np.mean(np.square((levels - zero) * scale - values)))
