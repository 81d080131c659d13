"""Bring any image to one grey channel."""

import cv2
import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.files.images import to_rgb_uint8


def as_grey(image):
    """Bring an image to `(H, W)` uint8.

    Args:
        image: array `(H, W)`, `(H, W, 1)`, `(H, W, 3)` or `(H, W, 4)` of uint8 or
            uint16; colour in RGB(A) order.

    Returns:
        Array `(H, W)`, uint8; a grey image that was repeated on three channels
        comes back unchanged.

    Raises:
        InputError: for another shape or dtype, or an image without pixels.

    Example:
        >>> import numpy as np
        >>> as_grey(np.full((2, 3, 3), 7, "uint8")).tolist()
        [[7, 7, 7], [7, 7, 7]]
    """
    image = np.asarray(image)
    if image.ndim == 3 and image.shape[-1] == 1:
        image = image[..., 0]
    if image.ndim == 2 and image.dtype == np.uint8 and image.size:
        return np.ascontiguousarray(image)
    return cv2.cvtColor(to_rgb_uint8(image), cv2.COLOR_RGB2GRAY)


def as_mask(mask, shape):
    """Check that `mask` is a boolean (or 0/1, 0/255) array of an image's shape.

    Args:
        mask: array `(H, W)`, bool or integer; true where not zero.
        shape: the `(H, W)` that is expected, or `None` for any.

    Returns:
        Array `(H, W)`, bool.

    Raises:
        InputError: for another shape or a dtype that is no mask.
    """
    mask = np.asarray(mask)
    if mask.ndim != 2 or mask.size == 0 or mask.dtype.kind not in "bui":
        raise InputError(
            "A mask must be (H, W), bool or integer, with at least one pixel. "
            f"Received: shape={mask.shape}, dtype={mask.dtype}"
        )
    if shape is not None and mask.shape != tuple(shape):
        raise InputError(
            f"A mask must be of its image's size {tuple(shape)}. "
            f"Received: shape={mask.shape}"
        )
    return np.ascontiguousarray(mask if mask.dtype == bool else mask != 0)
