"""Put defects of one line onto defect-free images of another."""

import cv2
import numpy as np

MODES = {"mixed": cv2.MIXED_CLONE, "normal": cv2.NORMAL_CLONE}
# Poisson's equation needs known pixels around what it solves for.
RIM = 2
# OpenCV takes the source's gradients only 3 pixels and more inside the region; a
# tight region would lose the defect's outline, and with it the defect.
MARGIN = 6


def blend_defect(source, mask, target, rng, mode="mixed", margin=MARGIN):
    """Blend a defect into another image by solving Poisson's equation.

    The defect's region is cut out, mirrored at random, shrunk if it does not fit,
    and put at a random place of `target`, whose pixels stay as they are outside
    the region. Inside, the gradients are the source's (`"normal"`), or at each
    pixel the stronger of both images' (`"mixed"`, which keeps the texture of
    `target` where the defect has none).

    Args:
        source: array `(H, W, 3)`, uint8, the image with the defect.
        mask: array `(H, W)`, bool, the defect's region.
        target: array `(h, w, 3)`, uint8, the defect-free image.
        rng: `numpy.random.Generator`.
        mode: `"mixed"` or `"normal"`. Defaults to `"mixed"`.
        margin: pixels by which the region is widened. Defaults to `6`.

    Returns:
        Pair: array `(h, w, 3)`, uint8, and the region in it `(h, w)`, bool.

    Raises:
        ValueError: for an unknown mode, an empty mask, or images of other types.

    Reference:
        - Perez et al. 2003, Poisson Image Editing (OpenCV's `seamlessClone`).

    Example:
        >>> import numpy as np
        >>> source = np.full((32, 32, 3), 150, "uint8")
        >>> source[10:16, 10:16] = 60
        >>> target = np.full((32, 32, 3), 100, "uint8")
        >>> rng = np.random.default_rng(0)
        >>> blended, region = blend_defect(source, source[..., 0] < 100, target, rng)
        >>> int(blended.min()) < 40, int(blended[~region].min())
        (True, 100)
    """
    if mode not in MODES:
        raise ValueError(f"`mode` must be one of {tuple(MODES)}. Received: mode={mode}")
    mask = np.asarray(mask, bool)
    if mask.shape != source.shape[:2] or not mask.any():
        raise ValueError(
            "`mask` must have the size of `source` and mark at least one pixel. "
            f"Received: shape={mask.shape}, pixels={int(mask.sum())}"
        )
    if any(image.dtype != np.uint8 or image.ndim != 3 for image in (source, target)):
        raise ValueError(
            "`source` and `target` must be (H, W, 3) of uint8. Received: "
            f"{source.shape} of {source.dtype}, {target.shape} of {target.dtype}"
        )
    patch, region = _cut(source, mask, margin)
    patch, region = _mirror(patch, region, rng)
    patch, region = _fit(patch, region, target.shape[:2])
    height, width = region.shape
    top = rng.integers(RIM, target.shape[0] - height - RIM + 1)
    left = rng.integers(RIM, target.shape[1] - width - RIM + 1)
    # The whole target is the canvas, so that places need no convention.
    canvas = np.zeros_like(target)
    canvas[top : top + height, left : left + width] = patch
    placed = np.zeros(target.shape[:2], bool)
    placed[top : top + height, left : left + width] = region
    rows, columns = np.flatnonzero(placed.any(1)), np.flatnonzero(placed.any(0))
    centre = (
        int(columns[0] + (columns[-1] - columns[0] + 1) // 2),
        int(rows[0] + (rows[-1] - rows[0] + 1) // 2),
    )
    blended = cv2.seamlessClone(
        _extend(canvas, top, left, height, width),
        target,
        placed.astype("uint8") * 255,
        centre,
        MODES[mode],
    )
    return np.where(placed[..., None], blended, target), placed


def blend_samples(sources, masks, targets, count, seed=0, mode="mixed", progress=None):
    """Make samples of one class by blending its defects into other images.

    Args:
        sources: list of arrays `(H, W, 3)`, uint8, images of the class.
        masks: list of arrays `(H, W)`, bool; images whose mask is empty are
            passed over.
        targets: list of arrays `(h, w, 3)`, uint8, defect-free images.
        count: number of samples.
        seed: integer. Defaults to `0`.
        mode: see `blend_defect`.
        progress: function called after each sample with no argument, or `None`.

    Returns:
        Pair: list of arrays `(h, w, 3)` and list of `(source, target)` indices.

    Raises:
        ValueError: when there is no usable source or no target.

    Example:
        >>> import numpy as np
        >>> image = np.zeros((16, 16, 3), "uint8")
        >>> mask = np.eye(16, dtype=bool)
        >>> samples, used = blend_samples([image], [mask], [image], count=2)
        >>> len(samples), used[0]
        (2, (0, 0))
    """
    usable = [i for i, mask in enumerate(masks) if np.any(mask)]
    if not usable or len(targets) == 0:
        raise ValueError(
            "Blending needs a source with a defect's region and a target. Received: "
            f"{len(usable)} sources, {len(targets)} targets"
        )
    rng = np.random.default_rng(seed)
    samples, used = [], []
    # In turn, in random order, so that every source is used about as often.
    order = np.concatenate(
        [rng.permutation(usable) for _ in range(-(-count // len(usable)))]
    )
    for i in order[:count]:
        j = int(rng.integers(len(targets)))
        samples.append(blend_defect(sources[i], masks[i], targets[j], rng, mode)[0])
        used.append((int(i), j))
        if progress is not None:
            progress()
    return samples, used


def _cut(source, mask, margin):
    """Cut out the region and a rim around it."""
    if margin:
        kernel = np.ones((2 * margin + 1, 2 * margin + 1), "uint8")
        mask = cv2.dilate(mask.astype("uint8"), kernel).astype(bool)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return source[window], mask[window]


def _mirror(patch, region, rng):
    for axis in (0, 1):
        if rng.random() < 0.5:
            patch, region = np.flip(patch, axis), np.flip(region, axis)
    return patch, region


def _fit(patch, region, shape):
    """Shrink what is larger than the target leaves room for."""
    room = [side - 2 * RIM for side in shape]
    factor = min(1.0, *(r / side for r, side in zip(room, region.shape, strict=True)))
    if factor == 1.0:
        return patch, region
    size = tuple(max(1, int(side * factor)) for side in region.shape[::-1])
    patch = cv2.resize(np.ascontiguousarray(patch), size, interpolation=cv2.INTER_AREA)
    region = cv2.resize(region.astype("uint8"), size, interpolation=cv2.INTER_NEAREST)
    if not region.any():
        region[:] = 1
    return patch, region.astype(bool)


def _extend(canvas, top, left, height, width):
    """Repeat the patch's edge outwards: a black surrounding would be a gradient."""
    patch = canvas[top : top + height, left : left + width]
    bottom, right = canvas.shape[0] - top - height, canvas.shape[1] - left - width
    return cv2.copyMakeBorder(
        np.ascontiguousarray(patch), top, bottom, left, right, cv2.BORDER_REPLICATE
    )
