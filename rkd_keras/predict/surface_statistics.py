"""Numbers that describe a surface's grey levels and texture."""

import math

import cv2
import numpy as np

from rkd_keras.errors import InputError

SCALES = 4
COUNT = 2 + 4 * SCALES
MINIMUM_SIDE = 2**SCALES


def surface_statistics(images):
    """Describe images by brightness, contrast and gradients at four scales.

    Of the grey image: its mean over 32, the log of its standard deviation, and at
    full size and three times halved, along rows and along columns, the log of
    the mean absolute difference of neighbours and the log of the differences'
    root mean square over that mean (how spiky they are).

    Args:
        images: array `(N, H, W, 3)`, uint8, or what has its shape and dtype and gives
            one image after the other; both sides at least 16 pixels.

    Returns:
        Array `(N, 18)`, float64.

    Raises:
        InputError: for another shape or dtype.

    Example:
        >>> import numpy as np
        >>> flat = np.full((1, 32, 32, 3), 64, "uint8")
        >>> float(surface_statistics(flat)[0, 0])
        2.0
    """
    if not hasattr(images, "dtype"):
        images = np.asarray(images)
    if (
        images.ndim != 4
        or images.shape[3] != 3
        or images.dtype != np.uint8
        or min(images.shape[1:3]) < MINIMUM_SIDE
    ):
        raise InputError(
            f"images must be (N, H, W, 3) uint8 of at least {MINIMUM_SIDE} pixels a "
            f"side. Received: shape={images.shape}, dtype={images.dtype}"
        )
    return np.array([_statistics(image) for image in images]).reshape(-1, COUNT)


def _statistics(image):
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    mean, deviation = cv2.meanStdDev(grey)
    # The added constants keep flat images finite; they are below a grey level.
    found = [mean[0, 0] / 32, math.log(deviation[0, 0] + 0.5)]
    for scale in range(SCALES):
        if scale:
            # An odd last row or column is left out.
            height, width = (side // 2 for side in grey.shape)
            grey = cv2.resize(
                grey[: 2 * height, : 2 * width],
                (width, height),
                interpolation=cv2.INTER_AREA,
            )
        for first, second in ((grey[1:], grey[:-1]), (grey[:, 1:], grey[:, :-1])):
            step = cv2.norm(first, second, cv2.NORM_L1) / first.size + 0.1
            square = cv2.norm(first, second, cv2.NORM_L2SQR) / first.size
            found += [math.log(step), math.log((math.sqrt(square) + 0.1) / step)]
    return found
