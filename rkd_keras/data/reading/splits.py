"""Split a data set by a named protocol, stratified and seeded."""

import json
import logging
from dataclasses import dataclass

import numpy as np

from rkd_keras.data.reading.groups import Groups, find_groups, take_whole
from rkd_keras.data.reading.identity import digests_of, find_duplicates
from rkd_keras.data.reading.protocols import (
    FEW,
    FEW_VAL_PER_CLASS,
    GROUPED,
    LONG_TAIL,
    PROTOCOLS,
    TEST_PER_CLASS,
    TRAIN_PER_CLASS,
    grouping_of,
)
from rkd_keras.errors import InputError
from rkd_keras.files.replacing import replacing

LOGGER = logging.getLogger(__name__)


class UndividedError(InputError):
    """So many images of a class belong together that no two parts can be made."""


@dataclass
class Split:
    """Which images are trained on, validated on and tested on.

    Attributes:
        train: indices into the `ImageIndex`, int64.
        val: indices, int64; may be empty.
        test: indices, int64; may be empty.
        groups: the `Groups` that it does not divide, or `None`.

    Example:
        >>> split = Split(np.array([0, 1]), np.array([], int), np.array([2]))
        >>> len(split.train), len(split.val), len(split.test)
        (2, 0, 1)
    """

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray
    groups: Groups | None = None

    def write(self, path, index):
        """Write the three lists of files as JSON.

        Each image is recorded as `file` (absolute), `label`, `path` (within the data
        set) and `sha256` of its file (`null` where it cannot be read), by which
        `match_recorded` finds it again. `groups` tells what is kept together, `by`
        what and which images (by their `path`).

        Args:
            path: file to write.
            index: the `ImageIndex` that was split.
        """
        names = index.names()
        parts = {}
        for part in ("train", "val", "test"):
            members = getattr(self, part)
            digests = digests_of([index.files[i] for i in members])
            parts[part] = [
                recorded_image(index.files[i], index.labels[i], names[i], digest)
                for i, digest in zip(members, digests, strict=True)
            ]
        content = {
            "class_names": list(index.class_names),
            "groups": self._recorded_groups(names),
            **parts,
        }
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")

    def _recorded_groups(self, names):
        if self.groups is None:
            return {"by": "none", "together": []}
        used = {int(i) for part in (self.train, self.val, self.test) for i in part}
        kept = [[names[i] for i in g if i in used] for g in self.groups.together()]
        return {"by": self.groups.by, "together": [g for g in kept if len(g) > 1]}


def recorded_image(file, label, name, digest):
    """Return what a split.json says of an image, a dict.

    Args:
        file: its `Path`.
        label: its class index.
        name: its name within the data set.
        digest: SHA-256 of its file, or `None`.
    """
    found = {"file": str(file.resolve()), "label": int(label)}
    return {**found, "path": name, "sha256": digest}


def make_split(
    index,
    protocol="holdout",
    seed=0,
    split_seed=0,
    val_fraction=None,
    groups=None,
    quiet=False,
):
    """Split a data set.

    The test part depends on `split_seed` alone, so that runs with several seeds
    are tested on the same images; validation and the few or unbalanced training
    images are drawn by `seed` out of the training part. Images whose files are
    equal byte for byte are kept on the training side.

    A group of images (see `find_groups`) is never divided between two parts. Where
    groups do not add up to what a protocol asks for, a part gets as near to it as
    they allow.

    Args:
        index: an `ImageIndex`.
        protocol: one of `PROTOCOLS`. `"holdout"`: a third of each class is
            tested. `"given"`: the parts that the data set's own folders or
            manifest tell. `"neu-600"`: per class 100 images are tested and 200
            trained. `"neu-lt10"`, `"neu-lt20"`: the same test part, training
            counts that fall from 200 to 20 or 10 over the classes, whose order
            the seed rotates. `"neu-few10"`, `"neu-few20"`, `"neu-few50"`: the
            same test part, so many training images per class; 50 of the unused ones
            are the validation part. Each `"neu-..."` divides images that share
            pixels, as the field does; `"neu-...-grouped"` does not.
        seed: integer, for validation and subsets. Defaults to `0`.
        split_seed: integer, for the test part. Defaults to `0`.
        val_fraction: fraction of each class's training images that becomes the
            validation part, in [0, 1). `None`: 0.1, and 0 for `"neu-lt..."`, which
            fixes the training counts. Of no effect on `"neu-few..."`. Defaults to
            `None`.
        groups: what must stay together: `"overlap"`, `"none"`, `"column"` or a
            pattern, see `find_groups`. Defaults to `None`: `"overlap"` for
            `"holdout"` and `"neu-...-grouped"`, else `"none"`.
        quiet: whether to show no progress of a search for overlaps. Defaults to
            `False`.

    Returns:
        A `Split`.

    Raises:
        InputError: for an unknown protocol, a data set of one class, a class with
            fewer images than the protocol needs, or groups that are not found or
            that leave a class without test or training images.

    Example:
        >>> import tempfile
        >>> from rkd_keras.data import open_dataset
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     split = make_split(open_dataset(write_dataset(folder, 6, 32)))
        >>> len(split.train), len(split.val), len(split.test)
        (24, 0, 12)
    """
    if protocol not in PROTOCOLS:
        raise InputError(
            f"unknown split {protocol!r}; the known ones are {', '.join(PROTOCOLS)}"
        )
    if len(index.class_names) < 2:
        raise InputError(
            f"the data has one class only ({', '.join(index.class_names)}); "
            "a classifier needs at least two"
        )
    plain = protocol.removesuffix(GROUPED)
    if val_fraction is None:
        val_fraction = 0.0 if plain in LONG_TAIL else 0.1
    if not 0 <= val_fraction < 1:
        raise InputError(f"val_fraction must be in [0, 1), not {val_fraction}")
    _check_counts(index, protocol)
    # Finding what belongs together may take minutes.
    asked, groups = groups, _groups(index, protocol, groups, quiet)
    if protocol == "given":
        return _given(index, seed, val_fraction, groups)
    try:
        pools, test = _train_pools(index, plain, split_seed, groups)
    except UndividedError as error:
        # Nobody asked for groups: drawn images and tiny sets must not fail on them.
        if asked is not None or protocol != "holdout":
            raise
        LOGGER.warning("%s; they are divided at random", error)
        groups = _groups(index, protocol, "none", quiet)
        pools, test = _train_pools(index, plain, split_seed, groups)
    rng = np.random.default_rng([seed, 1])
    pools = [rng.permutation(pool) for pool in pools]
    if plain in LONG_TAIL:
        counts = np.roll(LONG_TAIL[plain], seed)
        if len(pools) != len(counts):
            raise InputError(f"split {protocol} needs {len(counts)} classes")
        pools, _ = take_whole(pools, groups.ids, counts)
    elif plain in FEW:
        return _few(pools, test, FEW[plain], groups)
    return _with_validation(pools, test, val_fraction, groups)


def _groups(index, protocol, by, quiet):
    by = grouping_of(protocol, by)
    if by == "none" and protocol.endswith(GROUPED):
        plain = protocol.removesuffix(GROUPED)
        raise InputError(f"split {protocol} keeps groups together; give {plain}")
    groups = find_groups(index, by, quiet)
    # A copy of an image belongs to its group, whatever it is named.
    return groups if by == "none" else groups.joined(find_duplicates(index))


def _check_counts(index, protocol):
    """Raise `InputError` where a class has too few images for the protocol."""
    if protocol == "given":
        return
    plain = protocol.removesuffix(GROUPED)
    needed = 3 if plain == "holdout" else TEST_PER_CLASS + TRAIN_PER_CLASS
    for name, count in zip(index.class_names, index.counts(), strict=True):
        if count < needed:
            raise InputError(
                f"split {plain} needs {needed} images of each class, and {name!r} has "
                f"{count}"
            )


def _train_pools(index, protocol, split_seed, groups):
    """Return each class's training pool, and the test part."""
    rng = np.random.default_rng([split_seed, 0])
    duplicated = _duplicated(index)
    pools, counts = [], []
    for label in range(len(index.class_names)):
        members = rng.permutation(np.flatnonzero(index.labels == label))
        # Duplicates go last, that is to the training side, together.
        pools.append(np.array(sorted(members, key=lambda i: i in duplicated), int))
        holdout = protocol == "holdout"
        counts.append(len(members) // 3 if holdout else TEST_PER_CLASS)
    test, pools = take_whole(pools, groups.ids, counts)
    for name, *parts in zip(index.class_names, test, pools, strict=True):
        if not all(map(len, parts)):
            raise UndividedError(
                f"the images of class {name!r} cannot be divided into test and "
                f"training images, for too many belong together (groups: {groups.by}); "
                "give --groups none, or more images"
            )
    if protocol != "holdout":
        pools = [pool[-TRAIN_PER_CLASS:] for pool in pools]
    return pools, np.sort(np.concatenate(test))


def _with_validation(pools, test, val_fraction, groups):
    counts = [min(int(round(len(p) * val_fraction)), len(p) - 1) for p in pools]
    val, train = take_whole(pools, groups.ids, counts)
    train, val = (np.sort(np.concatenate(part)) for part in (train, val))
    return Split(train, val, test, groups)


def _few(pools, test, count, groups):
    train, unused = take_whole(pools, groups.ids, [count] * len(pools))
    val, _ = take_whole(unused, groups.ids, [FEW_VAL_PER_CLASS] * len(pools))
    train, val = (np.sort(np.concatenate(part)) for part in (train, val))
    return Split(train, val, test, groups)


def _given(index, seed, val_fraction, groups):
    parts = {
        part: np.array([i for i, p in enumerate(index.parts) if p == part], int)
        for part in ("train", "val", "test")
    }
    if len(parts["train"]) == 0 or len(parts["test"]) == 0:
        raise InputError(
            "split given needs train and test folders (or a split column in the "
            "manifest); use --split holdout to have the data split"
        )
    trained = set(index.labels[parts["train"]])
    for label in sorted(set(index.labels[parts["test"]]) - trained):
        raise InputError(
            f"class {index.class_names[label]!r} is seen in test and not in train"
        )
    for group in groups.together():
        there = {index.parts[i]: index.files[i] for i in group if index.parts[i]}
        if len(there) > 1:
            raise InputError(
                f"split given divides what belongs together (groups: {groups.by}): "
                f"{' and '.join(f'{file} ({part})' for part, file in there.items())}; "
                "give --split holdout, or --groups none"
            )
    if len(parts["val"]):
        return Split(**parts, groups=groups)
    rng = np.random.default_rng([seed, 1])
    train = parts["train"]
    pools = [rng.permutation(train[index.labels[train] == label]) for label in trained]
    return _with_validation(pools, parts["test"], val_fraction, groups)


def _duplicated(index):
    return {i for group in find_duplicates(index) for i in group}
