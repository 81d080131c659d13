"""The images of a run: opened, split, decoded."""

from dataclasses import dataclass
from pathlib import Path

from rkd_keras.errors import InputError

PARTS = ("train", "val", "test")


@dataclass
class Parts:
    """Files, images and labels of the three parts, and the classes' names.

    Attributes:
        class_names: names, in the order of the labels.
        files: dict from part to list of paths.
        images: dict from part to array `(images, size, size, 3)`, uint8.
        labels: dict from part to array `(images,)`.
    """

    class_names: tuple
    files: dict
    images: dict
    labels: dict


def open_split(settings, class_names=None):
    """Open and split the data set of some settings.

    Args:
        settings: a `Settings`.
        class_names: order in which the classes are to be labelled, `None` for the
            data set's own.

    Returns:
        Pair of the `ImageIndex` and the `Split`.

    Raises:
        InputError: when the data cannot be used, or has other classes.
    """
    from rkd_keras.data import make_split, open_dataset

    index = open_dataset(settings.data)
    if class_names is not None:
        index = _relabelled(index, tuple(class_names), settings.data)
    split = make_split(
        index,
        settings.split,
        settings.seed,
        settings.split_seed,
        settings.val_fraction,
    )
    if settings.keep == "best" and len(split.val) == 0:
        raise InputError(
            f"keep best needs validation images, and the split {settings.split} has "
            "none here; give --val-fraction, or --keep last"
        )
    return index, split


def _relabelled(index, class_names, data):
    """Return the index with its labels counted in another order of the classes."""
    from dataclasses import replace

    import numpy as np

    if set(class_names) != set(index.class_names):
        raise InputError(
            f"{data} has the classes {', '.join(index.class_names)}, and the teacher "
            f"knows {', '.join(class_names)}; distil it on images of its own classes"
        )
    order = np.array([class_names.index(name) for name in index.class_names])
    return replace(index, labels=order[index.labels], class_names=class_names)


def check_same_images(run, index, split):
    """Refuse to go on with a run whose images are no longer the same.

    Args:
        run: the `Run` that is continued.
        index: the `ImageIndex` of today.
        split: its `Split`.

    Raises:
        InputError: when the parts differ from those of the run's `split.json`.
    """
    recorded = run.split
    if recorded is None:
        return
    before = {(r["file"], p): r["label"] for p in PARTS for r in recorded[p]}
    now = {
        (str(index.files[i].resolve()), part): int(index.labels[i])
        for part in PARTS
        for i in getattr(split, part)
    }
    if before == now:
        return
    old, new = ({file for file, _ in rows} for rows in (before, now))
    changes = [
        f"{len(files)} images were {what} (such as {min(files)})"
        for what, files in (("added", new - old), ("removed", old - new))
        if files
    ]
    raise InputError(
        f"the images are not those that {run.path} was begun with: "
        f"{' and '.join(changes) or 'their parts or classes differ'}; bring back the "
        "old ones, or begin again with --overwrite"
    )


def load_parts(settings, index=None, split=None):
    """Decode the images of all three parts.

    Args:
        settings: a `Settings`.
        index: as of `open_split`, which is called when it is left out.
        split: as of `open_split`.

    Returns:
        The `Parts`.
    """
    from rkd_keras.data import load_images

    if index is None:
        index, split = open_split(settings)
    decoded, images, labels = {}, {}, {}
    for part in PARTS:
        members = getattr(split, part)
        if len(members) == 0:
            decoded[part], images[part], labels[part] = (), (), ()
            continue
        files = [index.files[i] for i in members]
        size = (settings.size, settings.size)
        images[part], kept = load_images(files, size, settings.strict)
        labels[part] = index.labels[members[kept]]
        decoded[part] = [files[i] for i in kept]
    return Parts(index.class_names, decoded, images, labels)


def labelled_files(model, data, part, protocol=None, seed=0, split_seed=0):
    """Return files, labels and class names of one part.

    Args:
        model: the model's path; a `split.json` beside it decides the parts.
        data: folder or manifest, or `None` for the run's own files.
        part: `"test"`, `"val"`, `"train"` or `"all"`.
        protocol: split protocol without `split.json`.
        seed: seed of the protocol.
        split_seed: seed of the protocol's test part.

    Returns:
        Triple of paths, labels and class names.

    Raises:
        InputError: when nothing tells which images are meant.
    """
    from rkd_keras.data import make_split, open_dataset
    from rkd_keras.runs.run import Run

    run = Run(Path(model).parent)
    recorded = run.split if protocol is None else None
    if data is None:
        if recorded is None:
            raise InputError(
                f"there is no {run.split_path}; give the images with --data"
            )
        rows = _rows(recorded, part)
        return (
            [Path(row["file"]) for row in rows],
            [row["label"] for row in rows],
            recorded["class_names"],
        )
    index = open_dataset(data)
    if part == "all":
        members = range(len(index))
    elif recorded is not None:
        wanted = {Path(row["file"]).name for row in _rows(recorded, part)}
        members = [i for i, f in enumerate(index.files) if f.name in wanted]
    elif protocol is None and any(p is not None for p in index.parts):
        members = [i for i, p in enumerate(index.parts) if p == part]
    else:
        split = make_split(index, protocol or "holdout", seed, split_seed)
        members = getattr(split, part)
    if len(members) == 0:
        raise InputError(f"{data} holds no image of the {part} part; try --split all")
    return (
        [index.files[i] for i in members],
        [int(index.labels[i]) for i in members],
        list(index.class_names),
    )


def _rows(recorded, part):
    parts = PARTS if part == "all" else (part,)
    return [row for name in parts for row in recorded[name]]
