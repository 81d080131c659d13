"""Images that share pixels and have different labels: one of the two is wrong."""

from dataclasses import replace

from rkd_keras.data.reading.image_index import ImageIndex
from rkd_keras.data.reading.overlaps import find_overlaps


def find_contradictions(index, groups, quiet=False):
    """Find pairs of images that share pixels, but not their class.

    Args:
        index: the `ImageIndex`.
        groups: lists of indices of images that hang together by shared pixels, see
            `overlapping_groups`.
        quiet: whether to show no progress. Defaults to `False`.

    Returns:
        List of `Overlap`, those that share most first.

    Example:
        >>> find_contradictions(ImageIndex(["a.png"], [0], ("dent",)), [])
        []
    """
    members = [i for g in groups if len({*index.labels[g].tolist()}) > 1 for i in g]
    if not members:
        return []
    part = ImageIndex(
        [index.files[i] for i in members], index.labels[members], index.class_names
    )
    pairs = [
        replace(pair, first=members[pair.first], second=members[pair.second])
        for pair in find_overlaps(part, quiet=quiet).pairs
        if part.labels[pair.first] != part.labels[pair.second]
    ]
    return sorted(pairs, key=lambda pair: (-pair.area, pair.first, pair.second))
