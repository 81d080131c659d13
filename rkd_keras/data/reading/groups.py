"""Groups of images that no split divides."""

import re
from dataclasses import dataclass

import numpy as np

from rkd_keras.data.reading.overlap_cache import overlapping_groups
from rkd_keras.errors import InputError


@dataclass(frozen=True, eq=False)
class Groups:
    """Which images of a data set belong together.

    Attributes:
        by: what tells it: `"none"`, `"overlap"`, `"column"` or a pattern.
        ids: array `(images,)`, int64: images of one number are one group.

    Example:
        >>> groups = Groups("column", np.array([0, 1, 1, 2]))
        >>> groups.together()
        [[1, 2]]
        >>> groups.summary
        '2 of 4 images are kept together in 1 groups, by column'
    """

    by: str
    ids: np.ndarray

    def together(self):
        """Return the groups of two or more images, as sorted lists of indices."""
        order = np.argsort(self.ids, kind="stable")
        starts = np.flatnonzero(np.diff(self.ids[order])) + 1
        groups = [part.tolist() for part in np.split(order, starts) if len(part) > 1]
        return sorted(groups)

    @property
    def summary(self):
        """What is kept together, in a sentence."""
        groups = self.together()
        images = sum(len(group) for group in groups)
        return (
            f"{images} of {len(self.ids)} images are kept together in {len(groups)} "
            f"groups, by {self.by}"
        )

    def joined(self, groups):
        """Return the groups that remain when others are not divided either.

        Args:
            groups: lists of indices that belong together as well.

        Returns:
            The `Groups`.
        """
        from rkd_keras.data.reading.overlaps import connected

        if not groups:
            return self
        pairs = [(g[0], i) for g in (*self.together(), *groups) for i in g[1:]]
        return of_lists(self.by, connected(pairs, len(self.ids)), len(self.ids))


def of_lists(by, groups, count):
    """Make `Groups` of lists of indices; all other images stand alone.

    Args:
        by: what told the groups.
        groups: lists of indices, no index twice.
        count: number of images.

    Returns:
        The `Groups`.
    """
    ids = np.arange(count)
    for group in groups:
        ids[group] = group[0]
    return Groups(by, ids)


def find_groups(index, by="none", quiet=False):
    r"""Find which images of a data set belong together.

    Args:
        index: an `ImageIndex`.
        by: `"none"`: every image stands alone. `"overlap"`: images that share pixels,
            see `find_overlaps`; what was found is kept in the user's cache.
            `"column"`: those of one value in the manifest's column `group`, where
            those without a value stand alone. Anything else is a regular expression
            that is searched in each image's path within the data set, and whose
            first group names what belongs together, such as `"coil(\d+)_"`.
        quiet: whether to show no progress. Defaults to `False`.

    Returns:
        The `Groups`.

    Raises:
        InputError: when there is no such column, or a pattern is none, has no group
            or is not found in every path.

    Example:
        >>> from rkd_keras.data import ImageIndex
        >>> files = ["set/coil1_a.png", "set/coil1_b.png", "set/coil2_a.png"]
        >>> index = ImageIndex(files, [0, 1, 0], ("dent", "rust"))
        >>> find_groups(index, r"coil(\d+)").ids.tolist()
        [0, 0, 2]
    """
    if by == "none":
        return Groups(by, np.arange(len(index)))
    if by == "overlap":
        return of_lists(by, overlapping_groups(index, quiet), len(index))
    keys = index.groups if by == "column" else _matched(index, by)
    if not any(key is not None for key in keys):
        raise InputError(
            "the data set has no column group; give --groups overlap, or a pattern "
            "that finds the group in a file's path"
        )
    members = {}
    for i, key in enumerate(keys):
        if key is not None:
            members.setdefault(key, []).append(i)
    return of_lists(by, members.values(), len(index))


def _matched(index, pattern):
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise InputError(
            f"groups {pattern!r} is no regular expression: {error}"
        ) from None
    if not compiled.groups:
        raise InputError(
            "groups must be overlap, none, column or a pattern whose brackets name "
            f"the group, such as 'coil(\\d+)', not {pattern!r}"
        )
    keys = []
    for name in index.names():
        found = compiled.search(name)
        if found is None or found[1] is None:
            raise InputError(
                f"groups: the pattern {pattern!r} finds nothing in {name!r}; every "
                "image's path must tell its group"
            )
        keys.append(found[1])
    return keys


def take_whole(pools, ids, counts):
    """Take whole groups out of pools of images, in the pools' order.

    A group is taken where no class gets too many by it. In the end a group more is
    taken where a class comes nearer to its count by it, if it leaves others of the
    class. Where every image stands alone these are the first `counts` of each pool.

    Args:
        pools: list of arrays of indices, one for each class, `(images,)`.
        ids: each image's group, `(images of the data set,)`.
        counts: how many images of each pool are wanted.

    Returns:
        Pair: what was taken and what was left of each pool, in their order, two lists
        of arrays of indices.

    Example:
        >>> ids = np.array([0, 1, 1, 1, 4])
        >>> take_whole([np.array([2, 0, 1, 4, 3])], ids, [2])
        ([array([0, 4])], [array([2, 1, 3])])
    """
    sizes = {}
    for label, pool in enumerate(pools):
        for group in ids[pool].tolist():
            size = sizes.setdefault(group, np.zeros(len(pools), int))
            size[label] += 1
    missing, rest = np.array(counts), np.array([len(pool) for pool in pools])
    taken, refused = set(), []
    for group, size in sizes.items():
        if (size <= missing).all():
            taken.add(group)
            missing, rest = missing - size, rest - size
        else:
            refused.append(group)
    for group in sorted(refused, key=lambda group: sizes[group].sum()):
        after = missing - sizes[group]
        empties = (rest - sizes[group] == 0) & (sizes[group] > 0)
        if np.abs(after).sum() < np.abs(missing).sum() and not empties.any():
            taken.add(group)
            missing, rest = after, rest - sizes[group]
    inside = [np.isin(ids[pool], list(taken)) for pool in pools]
    return (
        [pool[mask] for pool, mask in zip(pools, inside, strict=True)],
        [pool[~mask] for pool, mask in zip(pools, inside, strict=True)],
    )
