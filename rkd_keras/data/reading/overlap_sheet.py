"""Look at overlapping images: a contact sheet, and sentences on what they spoil."""

import numpy as np

# By how much what differs is made brighter.
BRIGHTENED = 8
TILE = 200


def overlap_sheet(overlaps, index, count=24):
    """Show the pairs that share most, side by side.

    Each row holds the first image, the second one as it lies on the first, and their
    difference, 8 times as bright, where they share pixels. So a black right side
    stands for the same surface.

    Args:
        overlaps: the `Overlaps` of a data set.
        index: its `ImageIndex`.
        count: number of pairs. Defaults to `24`.

    Returns:
        Array `(height, width, 3)`, uint8, RGB.

    Raises:
        InputError: when there is no pair, or an image cannot be read.

    Example:
        >>> from rkd_keras.data.reading.overlaps import Overlaps
        >>> overlap_sheet(Overlaps(), None)
        Traceback (most recent call last):
        rkd_keras.errors.InputError: no images share pixels; there is nothing to show
    """
    from rkd_keras.data.samples.contact_sheet import contact_sheet
    from rkd_keras.errors import InputError

    if not overlaps.pairs:
        raise InputError("no images share pixels; there is nothing to show")
    rows = []
    for pair in worst(overlaps.pairs)[:count]:
        names = [overlaps.names[i] for i in (pair.first, pair.second)]
        names = " / ".join(name.rpartition("/")[2] for name in names)
        caption = f"{names}  {describe_pair(pair)}"
        rows.append((caption, _shown(pair, index)))
    return contact_sheet(rows, scale=1)


def worst(pairs):
    """Sort pairs by the area that they share, the largest first."""
    return sorted(pairs, key=lambda pair: (-pair.area, pair.first, pair.second))


def describe_pair(pair):
    """Say in a few words what an `Overlap` is: its area and what was done to it."""
    placement = pair.placement
    words = [f"{pair.area:.0%} shared"]
    if placement.mirrored:
        words.append("mirrored")
    if placement.turns:
        words.append(f"turned by {90 * placement.turns} degrees")
    if abs(placement.scale - 1) > 0.01:
        words.append(f"scaled by {placement.scale:.2f}")
    words.append(f"difference {pair.difference:.1f}")
    return ", ".join(words)


def _shown(pair, index):
    import cv2

    from rkd_keras.files.images import read_image, resize_image

    first, second = (read_image(index.files[i]) for i in (pair.first, pair.second))
    height, width = first.shape[:2]
    matrix = pair.placement.matrix(second.shape[:2])
    # Pixels are counted from their middles there, places from the corner here.
    matrix[:2, 2] += 0.5 * matrix[:2, :2].sum(axis=1) - 0.5
    laid = cv2.warpAffine(
        second, matrix[:2], (width, height), borderMode=cv2.BORDER_CONSTANT
    )
    ones = np.ones(second.shape[:2], np.uint8)
    shared = cv2.warpAffine(ones, matrix[:2], (width, height)) > 0
    apart = first.astype(np.float32) - laid
    if shared.any():
        apart -= apart[shared].mean(axis=0)
    apart = np.clip(BRIGHTENED * np.abs(apart), 0, 255) * shared[..., None]
    shown = (first, laid, apart.astype(np.uint8))
    return np.stack([resize_image(image, (TILE, TILE)) for image in shown])


def overlap_findings(overlaps, index):
    """Say what overlaps would spoil: parts and classes that they join.

    Args:
        overlaps: the `Overlaps` of a data set.
        index: its `ImageIndex`.

    Returns:
        List of sentences, each with an example.
    """
    joined = {"parts": [], "classes": []}
    for pair in worst(overlaps.pairs):
        i, j = pair.first, pair.second
        if index.parts[i] != index.parts[j]:
            joined["parts"].append(pair)
        if index.labels[i] != index.labels[j]:
            joined["classes"].append(pair)
    return [
        f"{len(pairs)} pairs of images of different {what} share pixels, such as "
        f"{index.files[pairs[0].first]} and {index.files[pairs[0].second]} "
        f"({describe_pair(pairs[0])})"
        for what, pairs in joined.items()
        if pairs
    ]
