"""Find the images of a recorded split (`split.json`) in a data set."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rkd_keras.data.reading.identity import digests_of, relative_names

PARTS = ("train", "val", "test")


@dataclass(frozen=True)
class RecordedMatch:
    """Which images of a data set are those of a recorded part.

    Attributes:
        indices: the part's images, indices into the `ImageIndex`, int64, sorted.
        missing: list of the recorded paths of the part that the data set lacks.
        changed: list of those that the data set has with another content.
        is_own: whether the data set is the recorded one: at least one image of any
            part is there. If not, the recorded parts mean nothing for it.
        trained: images with the content of one that was trained or validated on,
            whatever their path, indices, int64; without recorded digests those
            that were found by path.

    Example:
        >>> RecordedMatch(np.array([0]), [], [], True, np.array([], int)).is_own
        True
    """

    indices: np.ndarray
    missing: list
    changed: list
    is_own: bool
    trained: np.ndarray


def match_recorded(index, recorded, part="test"):
    """Find a recorded part's images in a data set.

    An image is the same if its path within the data set and the content of its file
    are. So a data set that was moved or packed is known again, another one with the
    same file names is not. Records of older versions hold absolute paths alone: there
    an image is known by that, or, when the data set has images at all the recorded
    paths (relative to the folder that holds all of them), by these.

    Args:
        index: the `ImageIndex` of the data set.
        recorded: dict as `Split.write` writes it.
        part: `"train"`, `"val"`, `"test"` or `"all"`. Defaults to `"test"`.

    Returns:
        A `RecordedMatch`.

    Example:
        >>> import json, tempfile
        >>> from pathlib import Path
        >>> from rkd_keras.data import make_split, open_dataset
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> folder = Path(tempfile.mkdtemp())
        >>> index = open_dataset(write_dataset(folder / "strips", 3, 32, quiet=True))
        >>> make_split(index).write(folder / "split.json", index)
        >>> recorded = json.loads((folder / "split.json").read_text())
        >>> moved = (folder / "strips").rename(folder / "moved")
        >>> match = match_recorded(open_dataset(moved), recorded)
        >>> len(match.indices), match.missing, match.is_own
        (6, [], True)
    """
    rows = [(p, row) for p in PARTS for row in recorded.get(p, ())]
    if all("sha256" in row for _, row in rows):
        found, trained = _by_content(index, rows)
    else:
        found = _by_path(index, rows)
        seen = [i for i, (p, _) in zip(found, rows, strict=True) if p != "test"]
        trained = {i for i in seen if i is not None}
    wanted = PARTS if part == "all" else (part,)
    names = set(index.names())
    indices, missing, changed = set(), [], []
    for (p, row), i in zip(rows, found, strict=True):
        if p not in wanted:
            continue
        if i is not None:
            indices.add(i)
            continue
        name = row.get("path", row["file"])
        (changed if name in names else missing).append(name)
    return RecordedMatch(
        np.array(sorted(indices), np.int64),
        missing,
        changed,
        any(i is not None for i in found),
        np.array(sorted(trained), np.int64),
    )


def _by_content(index, rows):
    digests = digests_of(index.files)
    known = {}
    for i, (file, name) in enumerate(zip(index.files, index.names(), strict=True)):
        known[_absolute(file), digests[i]] = i
        known[name, digests[i]] = i
    found = [
        known.get((row["path"], row["sha256"]), known.get((row["file"], row["sha256"])))
        for _, row in rows
    ]
    by_digest = defaultdict(list)
    for i, digest in enumerate(digests):
        by_digest[digest].append(i)
    seen = {row["sha256"] for p, row in rows if p != "test"} - {None}
    return found, {i for digest in seen for i in by_digest[digest]}


def _by_path(index, rows):
    known = {_absolute(file): i for i, file in enumerate(index.files)}
    found = [known.get(row["file"]) for _, row in rows]
    if any(i is not None for i in found):
        return found
    known = {name: i for i, name in enumerate(relative_names(index.files))}
    found = [known.get(n) for n in relative_names([row["file"] for _, row in rows])]
    return found if None not in found else [None] * len(rows)


def _absolute(file):
    return str(Path(file).resolve())
