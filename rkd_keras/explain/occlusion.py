"""Where a verdict rests, told by hiding one place after the other.

Needs no gradients, so that it works with every kind of model file.
"""

import numpy as np

from rkd_keras.files.images import to_rgb_uint8

# Patches of a quarter of the side, so that a defect of the usual size is hidden
# whole, at so many places along each side.
PATCH, PLACES = 0.25, 11


def occlusion_heat(predictor, image):
    """Tell how much of a verdict each place of an image carries.

    A patch of the image's median grey hides one place after the other; what the
    probability of the verdict loses by it is the place's heat, the mean over all
    patches that cover it.

    Args:
        predictor: a `rkd_keras.predict.Predictor`.
        image: array `(H, W)` or `(H, W, 3)`, uint8, RGB.

    Returns:
        Pair: the heat, array `(H, W)` in [0, 1], and the class's name.

    Reference:
        - Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks",
          ECCV 2014.

    Example:
        >>> from rkd_keras.predict import load
        >>> heat, name = occlusion_heat(load(), np.eye(64, dtype="uint8") * 200)
        >>> heat.shape
        (64, 64)
    """
    image = to_rgb_uint8(image)
    height, width = image.shape[:2]
    plain = np.median(image, axis=(0, 1)).astype(np.uint8)
    size = [max(round(PATCH * n), 1) for n in (height, width)]
    tops, lefts = (
        np.linspace(0, n - s, PLACES).round().astype(int)
        for n, s in zip((height, width), size, strict=True)
    )
    patches = [
        (slice(t, t + size[0]), slice(x, x + size[1])) for t in tops for x in lefts
    ]
    covered = [image]
    for patch in patches:
        hidden = image.copy()
        hidden[patch] = plain
        covered.append(hidden)
    verdicts = predictor.predict(covered)
    name = verdicts[0].class_name
    chosen = predictor.class_names.index(name)
    whole = verdicts[0].probabilities[chosen]
    heat, count = np.zeros((height, width)), np.zeros((height, width))
    for patch, verdict in zip(patches, verdicts[1:], strict=True):
        heat[patch] += max(whole - verdict.probabilities[chosen], 0.0)
        count[patch] += 1
    heat /= np.maximum(count, 1)
    return heat / max(heat.max(), 1e-6), name
