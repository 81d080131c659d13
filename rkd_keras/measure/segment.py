"""Separate defects from the surface."""

import cv2
import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.measure.contrast_segmentation import POLARITIES, segment_by_contrast
from rkd_keras.measure.enhance import enhance, otsu_mask
from rkd_keras.measure.grey import as_grey

METHODS = ("default", "paper")
# Larger images are cut into tiles of this side; neighbours share the margin, so
# that a defect near a cut is seen whole by one of them.
TILE = 1024
MARGIN = 64


def segment(
    image: np.ndarray,
    method: str = "default",
    prior: np.ndarray | None = None,
    polarity: str = "auto",
    min_contrast: float = 0.03,
    tile: int = TILE,
) -> np.ndarray:
    """Return the pixels that belong to defects.

    `"default"` removes a planar and a local background from the logarithm of the
    grey values, decides between dark and bright defects, keeps the outlines with
    the highest contrast and sets each outline halfway between the local means
    inside and outside (`rkd_keras.measure.contrast_segmentation` tells the
    steps). Images over `tile` pixels are done tile by tile, in bounded memory;
    each tile decides for itself. A surface without defects gives an empty mask.

    `"paper"` is what section 3.1.1 of the paper does: bilateral filter, contrast
    stretch, Otsu's threshold. The paper does not say which side of the threshold
    is the defect: here it is the one with fewer pixels. It always finds something
    unless the image is flat.

    Args:
        image: array `(H, W)` or `(H, W, 3)`, uint8 (16-bit images are reduced).
        method: `"default"` or `"paper"`. Defaults to `"default"`.
        prior: array `(h, w)` of any size, finite and not negative: where a model
            looks, such as a heat map of `rkd_keras.explain`. Components are
            weighted by its mean inside them. Only for `"default"`. Defaults to
            `None`.
        polarity: `"dark"` or `"bright"` when the kind of defect is known,
            `"auto"` decides per image. Only for `"default"`. Defaults to
            `"auto"`.
        min_contrast: least mean contrast of the defects, relative to the grey
            values around them, in [0, 1]; what has less is surface. Only for
            `"default"`. Defaults to `0.03`.
        tile: side of the tiles in pixels, at least 256. Only for `"default"`.
            Defaults to `1024`.

    Returns:
        Array `(H, W)`, bool.

    Raises:
        InputError: for an image that is none, an unknown method or polarity, or
            a prior that is no heat map.

    Example:
        >>> import numpy as np
        >>> image = np.full((200, 200), 180, "uint8")
        >>> image[80:120, 90:110] = 60
        >>> mask = segment(image)
        >>> mask.dtype, bool(abs(int(mask.sum()) - 40 * 20) < 80)
        (dtype('bool'), True)
        >>> bool(segment(np.full((200, 200), 180, "uint8")).any())
        False
    """
    grey = as_grey(image)
    if method not in METHODS:
        raise InputError(
            f"`method` must be one of {', '.join(METHODS)}. Received: method={method}"
        )
    if polarity not in POLARITIES:
        raise InputError(
            f"`polarity` must be one of {', '.join(POLARITIES)}. "
            f"Received: polarity={polarity}"
        )
    if method == "paper":
        if prior is not None:
            raise InputError('`prior` is for method="default" only')
        return otsu_mask(enhance(grey))
    if not 0 <= min_contrast <= 1:
        raise InputError(
            f"`min_contrast` must be in [0, 1]. Received: min_contrast={min_contrast}"
        )
    if tile < 4 * MARGIN:
        raise InputError(f"`tile` must be at least {4 * MARGIN}. Received: tile={tile}")
    prior = _checked_prior(prior)
    height, width = grey.shape
    if max(height, width) <= tile:
        weights = _prior_of(prior, grey.shape, (0, height, 0, width))
        return segment_by_contrast(grey, weights, polarity, min_contrast)

    mask = np.zeros(grey.shape, bool)
    for top, bottom in _spans(height, tile):
        for left, right in _spans(width, tile):
            y0, y1 = max(0, top - MARGIN), min(height, bottom + MARGIN)
            x0, x1 = max(0, left - MARGIN), min(width, right + MARGIN)
            weights = _prior_of(prior, grey.shape, (y0, y1, x0, x1))
            part = np.ascontiguousarray(grey[y0:y1, x0:x1])
            found = segment_by_contrast(part, weights, polarity, min_contrast)
            inner = found[top - y0 : bottom - y0, left - x0 : right - x0]
            mask[top:bottom, left:right] = inner
    return mask


def _spans(length, tile):
    """Cut a length into equal spans of at most `tile`."""
    cuts = np.linspace(0, length, -(-length // tile) + 1).round().astype(int)
    return list(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True))


def _checked_prior(prior):
    if prior is None:
        return None
    prior = np.asarray(prior, dtype=np.float32)
    if prior.ndim != 2 or prior.size == 0 or not np.isfinite(prior).all():
        raise InputError(
            "`prior` must be a finite array (h, w). Received: "
            f"shape={prior.shape}, finite={bool(np.isfinite(prior).all())}"
        )
    if prior.min() < 0:
        raise InputError(
            f"`prior` must not be negative. Received: minimum={prior.min():.3g}"
        )
    # A heat map without heat says nothing.
    return prior / prior.max() if prior.max() > 0 else None


def _prior_of(prior, shape, window):
    """Resample the part of the prior that lies over a window of the image."""
    if prior is None:
        return None
    y0, y1, x0, x1 = window
    scale_y, scale_x = prior.shape[0] / shape[0], prior.shape[1] / shape[1]
    to_prior = np.array(
        [
            [scale_x, 0, (x0 + 0.5) * scale_x - 0.5],
            [0, scale_y, (y0 + 0.5) * scale_y - 0.5],
        ]
    )
    return cv2.warpAffine(
        prior,
        to_prior,
        (x1 - x0, y1 - y0),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
