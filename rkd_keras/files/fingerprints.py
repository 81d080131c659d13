"""Short fingerprints of images: alike ones are one image, also after recompression."""

import cv2
import numpy as np

# Side of the reduced image, and how alike copies are at least; both sides of it are
# measured by benchmarks/fingerprints.py.
SIDE, LEAST = 12, 0.96


def fingerprint(image):
    """Make an image's fingerprint: its fine structure, much reduced.

    Args:
        image: array `(height, width)` or `(height, width, 3)`, any number type.

    Returns:
        Array `(144,)`, int8; all 0 for an image without structure.

    Example:
        >>> fingerprint(np.zeros((40, 40))).any()
        np.False_
        >>> fingerprint(np.random.default_rng(0).normal(size=(40, 40))).max() <= 127
        np.True_
    """
    image = np.asarray(image, "float32")
    if image.ndim == 3:
        image = image.mean(-1)
    small = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    fine = (small - cv2.GaussianBlur(small, (0, 0), 1.5)).ravel()
    largest = np.abs(fine).max()
    if largest < 1e-3:
        return np.zeros(fine.shape, "int8")
    return np.round(fine * (127 / largest)).astype("int8")


def find_known(images, known):
    """Find images that are among known ones, as they are or mirrored or turned.

    Args:
        images: iterable of arrays as of `fingerprint`.
        known: array `(n, 144)` of fingerprints.

    Returns:
        List of the places of those images.

    Example:
        >>> image = np.random.default_rng(0).integers(0, 255, (40, 40))
        >>> known = np.stack([fingerprint(image)])
        >>> find_known([image[::-1], image // 2 + 9, image.T * 0 + 7], known)
        [0, 1]
    """
    known = _unit(known)
    return [n for n, image in enumerate(images) if _likeness(image, known) >= LEAST]


def likeness(image, known):
    """Return how alike an image is to the likest of known ones, in any position.

    Args:
        image: array as of `fingerprint`.
        known: array `(n, 144)` of fingerprints.

    Returns:
        Number in [-1, 1].

    Example:
        >>> image = np.random.default_rng(0).integers(0, 255, (40, 40))
        >>> round(likeness(image[:, ::-1], [fingerprint(image)]), 3)
        1.0
    """
    return _likeness(image, _unit(known))


def _likeness(image, known):
    image = np.asarray(image)
    seen = [
        fingerprint(side)
        for turns in range(4)
        for side in (np.rot90(image, turns), np.rot90(image, turns)[:, ::-1])
    ]
    return float((known @ _unit(seen).T).max())


def _unit(fingerprints):
    rows = np.asarray(fingerprints, "float32")
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
