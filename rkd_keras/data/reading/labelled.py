"""Find the labelled images of one part, by a record, by folders or by a protocol."""

import json
from dataclasses import dataclass
from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.files.names import printable

PARTS = ("train", "val", "test")


@dataclass
class Labelled:
    """Labelled images to score, to calibrate on or to measure.

    Attributes:
        files: list of paths.
        labels: list of indices into `class_names`.
        class_names: list of names.
        part: `"test"`, `"val"`, `"train"` or `"all"`: what they are.
        own: whether they are of the data set that the record is of.
        guessed: whether neither a record, nor the data set, nor a protocol told which
            images the part is of, so that it was drawn by `"holdout"`.
    """

    files: list
    labels: list
    class_names: list
    part: str
    own: bool
    guessed: bool = False


def read_recorded(path):
    """Read the record of a split.

    Args:
        path: of a `split.json`.

    Returns:
        Dict as `Split.write` writes it, `None` when there is no such file.

    Raises:
        InputError: when it is damaged.
    """
    path = Path(path)
    if not path.is_file():
        return None
    try:
        recorded = json.loads(path.read_text(encoding="utf-8"))
        if recorded["class_names"] and all(p in recorded for p in PARTS):
            return recorded
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is damaged: {error!r}") from error
    raise InputError(f"{path} is damaged: it lacks a part or the classes")


def find_labelled(
    data,
    part,
    recorded=None,
    record="the run",
    protocol=None,
    seed=0,
    split_seed=0,
    groups=None,
):
    """Find the labelled images of one part.

    Args:
        data: data set in any layout, or `None` for the recorded files.
        part: `"test"`, `"val"`, `"train"` or `"all"`.
        recorded: dict as `Split.write` writes it, or `None`. Defaults to `None`.
        record: what to call it in messages. Defaults to `"the run"`.
        protocol: split protocol where there is no record. Defaults to `None`.
        seed: seed of the protocol. Defaults to `0`.
        split_seed: seed of the protocol's test part. Defaults to `0`.
        groups: what the protocol does not divide, see `make_split`. Defaults to
            `None`.

    Returns:
        A `Labelled`. A data set that is not the recorded one is taken whole: its
        `part` is `"all"`, whatever was asked for.

    Raises:
        InputError: when nothing tells which images are meant, or some of them are
            not there any more.

    Example:
        >>> recorded = {"class_names": ["dent"], "train": [], "val": []}
        >>> recorded["test"] = [{"file": "a.png", "label": 0}]
        >>> find_labelled(None, "test", recorded).labels
        [0]
    """
    from rkd_keras.data.reading.open_dataset import open_dataset
    from rkd_keras.data.reading.recorded_split import match_recorded
    from rkd_keras.data.reading.splits import make_split

    if data is None:
        if recorded is None:
            raise InputError(f"there is no {record}; give the images with --data")
        rows = [r for p in (PARTS if part == "all" else (part,)) for r in recorded[p]]
        _check_content(rows, part, record)
        return Labelled(
            [Path(row["file"]) for row in rows],
            [row["label"] for row in rows],
            recorded["class_names"],
            part,
            own=True,
        )
    index, own, guessed = open_dataset(data), False, False
    if part == "all":
        members = range(len(index))
    elif recorded is not None:
        match = match_recorded(index, recorded, part)
        own = match.is_own
        if own and (match.missing or match.changed):
            gone = [*match.missing, *match.changed]
            raise InputError(
                f"{len(gone)} images of the {part} part of {record} are missing in "
                f"{data} or have another content (such as {gone[0]}); give the data "
                "set that it was trained on, or --split all"
            )
        part = part if own else "all"
        members = match.indices if own else range(len(index))
    elif protocol is None and any(p is not None for p in index.parts):
        members = [i for i, p in enumerate(index.parts) if p == part]
    else:
        guessed = protocol is None
        protocol = protocol or "holdout"
        split = make_split(index, protocol, seed, split_seed, groups=groups)
        members = getattr(split, part)
    if len(members) == 0:
        raise InputError(f"{data} holds no image of the {part} part; try --split all")
    return Labelled(
        [index.files[i] for i in members],
        [int(index.labels[i]) for i in members],
        list(index.class_names),
        part,
        own,
        guessed,
    )


def _check_content(rows, part, record):
    """Refuse images that are no longer those of the record, or not there any more."""
    from rkd_keras.data.reading.identity import digests_of

    # Older versions kept no digests.
    rows = [row for row in rows if row.get("sha256")]
    digests = digests_of([row["file"] for row in rows])
    gone = [
        row["file"]
        for row, digest in zip(rows, digests, strict=True)
        if digest != row["sha256"]
    ]
    if gone:
        where = "all parts" if part == "all" else f"the {part} part"
        raise InputError(
            f"{len(gone)} images of {where} of {record} are missing or have another "
            f"content (such as {printable(gone[0])}); bring the old ones back, or give "
            "the place that they were moved to with --data"
        )
