"""Split a data set by a named protocol, stratified and seeded."""

import json
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from rkd_keras.data.reading.identity import digest_of, digests_of
from rkd_keras.errors import InputError
from rkd_keras.files.packs import find_packed
from rkd_keras.files.replacing import replacing

TEST_PER_CLASS = 100
TRAIN_PER_CLASS = 200
LONG_TAIL = {
    "neu-lt10": (200, 126, 80, 50, 32, 20),
    "neu-lt20": (200, 110, 60, 33, 18, 10),
}
# For choosing settings; a line with so few images would not have them.
FEW_VAL_PER_CLASS = 50
FEW = {"neu-few10": 10, "neu-few20": 20, "neu-few50": 50}
PROTOCOLS = ("holdout", "given", "neu-600", *LONG_TAIL, *FEW)


@dataclass
class Split:
    """Which images are trained on, validated on and tested on.

    Attributes:
        train: indices into the `ImageIndex`, int64.
        val: indices, int64; may be empty.
        test: indices, int64; may be empty.

    Example:
        >>> split = Split(np.array([0, 1]), np.array([], int), np.array([2]))
        >>> len(split.train), len(split.val), len(split.test)
        (2, 0, 1)
    """

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray

    def write(self, path, index):
        """Write the three lists of files as JSON.

        Each image is recorded as `file` (absolute), `label`, `path` (within the data
        set) and `sha256` of its file (`null` where it cannot be read), by which
        `match_recorded` finds it again.

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
                {
                    "file": str(index.files[i].resolve()),
                    "label": int(index.labels[i]),
                    "path": names[i],
                    "sha256": digest,
                }
                for i, digest in zip(members, digests, strict=True)
            ]
        content = {"class_names": list(index.class_names), **parts}
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def make_split(index, protocol="holdout", seed=0, split_seed=0, val_fraction=None):
    """Split a data set.

    The test part depends on `split_seed` alone, so that runs with several seeds
    are tested on the same images; validation and the few or unbalanced training
    images are drawn by `seed` out of the training part. Images whose files are
    equal byte for byte are kept on the training side.

    Args:
        index: an `ImageIndex`.
        protocol: one of `PROTOCOLS`. `"holdout"`: a third of each class is
            tested. `"given"`: the parts that the data set's own folders or
            manifest tell. `"neu-600"`: per class 100 images are tested and 200
            trained. `"neu-lt10"`, `"neu-lt20"`: the same test part, training
            counts that fall from 200 to 20 or 10 over the classes, whose order
            the seed rotates. `"neu-few10"`, `"neu-few20"`, `"neu-few50"`: the
            same test part, so many training images per class; 50 of the unused ones
            are the validation part.
        seed: integer, for validation and subsets. Defaults to `0`.
        split_seed: integer, for the test part. Defaults to `0`.
        val_fraction: fraction of each class's training images that becomes the
            validation part, in [0, 1). `None`: 0.1, and 0 for `"neu-lt..."`, which
            fixes the training counts. Of no effect on `"neu-few..."`. Defaults to
            `None`.

    Returns:
        A `Split`.

    Raises:
        InputError: for an unknown protocol, a data set of one class, or a class
            with fewer images than the protocol needs.

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
    if val_fraction is None:
        val_fraction = 0.0 if protocol in LONG_TAIL else 0.1
    if not 0 <= val_fraction < 1:
        raise InputError(f"val_fraction must be in [0, 1), not {val_fraction}")
    if protocol == "given":
        return _given(index, seed, val_fraction)
    pools, test = _train_pools(index, protocol, split_seed)
    rng = np.random.default_rng([seed, 1])
    pools = [rng.permutation(pool) for pool in pools]
    if protocol in LONG_TAIL:
        counts = np.roll(LONG_TAIL[protocol], seed)
        if len(pools) != len(counts):
            raise InputError(f"split {protocol} needs {len(counts)} classes")
        pools = [pool[:n] for pool, n in zip(pools, counts, strict=True)]
    elif protocol in FEW:
        return _few(pools, test, FEW[protocol])
    return _with_validation(pools, test, val_fraction)


def _train_pools(index, protocol, split_seed):
    """Return each class's training pool, and the test part."""
    rng = np.random.default_rng([split_seed, 0])
    duplicated = _duplicated(index)
    pools, test = [], []
    for label, name in enumerate(index.class_names):
        members = rng.permutation(np.flatnonzero(index.labels == label))
        # Duplicates go last, that is to the training side, together.
        members = np.array(sorted(members, key=lambda i: i in duplicated), int)
        if protocol == "holdout":
            n_test, n_train = len(members) // 3, len(members)
            needed = 3
        else:
            n_test, n_train = TEST_PER_CLASS, TRAIN_PER_CLASS
            needed = n_test + n_train
        if len(members) < needed:
            raise InputError(
                f"split {protocol} needs {needed} images of each class, and "
                f"{name!r} has {len(members)}"
            )
        test.append(members[:n_test])
        pools.append(members[n_test:][-n_train:])
    return pools, np.sort(np.concatenate(test))


def _with_validation(pools, test, val_fraction):
    train, val = [], []
    for pool in pools:
        n_val = min(int(round(len(pool) * val_fraction)), len(pool) - 1)
        val.append(pool[:n_val])
        train.append(pool[n_val:])
    return Split(np.sort(np.concatenate(train)), np.sort(np.concatenate(val)), test)


def _few(pools, test, count):
    train = np.sort(np.concatenate([pool[:count] for pool in pools]))
    unused = [pool[count : count + FEW_VAL_PER_CLASS] for pool in pools]
    return Split(train, np.sort(np.concatenate(unused)), test)


def _given(index, seed, val_fraction):
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
    if len(parts["val"]):
        return Split(**parts)
    rng = np.random.default_rng([seed, 1])
    train = parts["train"]
    pools = [rng.permutation(train[index.labels[train] == label]) for label in trained]
    return _with_validation(pools, parts["test"], val_fraction)


def find_duplicates(index):
    """Group files that are equal byte for byte.

    Args:
        index: an `ImageIndex`.

    Returns:
        List of lists of indices, each of two or more images.

    Example:
        >>> import shutil, tempfile
        >>> from rkd_keras.data import open_dataset
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     images = write_dataset(folder, 1, 32) / "IMAGES"
        ...     copied = shutil.copy(images / "patches_1.jpg", images / "patches_2.jpg")
        ...     index = open_dataset(folder)
        ...     [[index.files[i].name for i in pair] for pair in find_duplicates(index)]
        [['patches_1.jpg', 'patches_2.jpg']]
    """
    by_size, groups = defaultdict(list), defaultdict(list)
    for i, file in enumerate(index.files):
        if file.is_file():
            by_size[file.stat().st_size].append(i)
        elif found := find_packed(file):
            by_size[found[1].file_bytes].append(i)
    for same_size in by_size.values():
        if len(same_size) > 1:
            for i in same_size:
                if digest := digest_of(index.files[i]):
                    groups[digest].append(i)
    return [group for group in groups.values() if len(group) > 1]


def _duplicated(index):
    return {i for group in find_duplicates(index) for i in group}
