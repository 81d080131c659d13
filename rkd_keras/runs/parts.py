"""The images of a run: opened, split, decoded."""

from dataclasses import dataclass
from pathlib import Path

from rkd_keras.errors import InputError

PARTS = ("train", "val", "test")
# Label of an image that has none.
NO_LABEL = -1


@dataclass
class Parts:
    """Files, images and labels of the three parts, and the classes' names.

    Attributes:
        class_names: names, in the order of the labels.
        files: dict from part to list of paths.
        images: dict from part to array `(images, size, size, 3)`, uint8, or
            `StreamedImages` where that would be large.
        labels: dict from part to array `(images,)`; `NO_LABEL` for an image without.
        left_out: number of images that could not be decoded.
    """

    class_names: tuple
    files: dict
    images: dict
    labels: dict
    left_out: int = 0


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
    from rich.console import Console

    from rkd_keras.data import make_split, open_dataset
    from rkd_keras.predict.verdict import UNKNOWN

    index = open_dataset(settings.data)
    if UNKNOWN in index.class_names:
        raise InputError(
            f"{settings.data} has a class {UNKNOWN!r}, which is the verdict on what is "
            "none of the classes; give it another name"
        )
    if class_names is not None:
        index = _relabelled(index, tuple(class_names), settings.data)
    split = make_split(
        index,
        settings.split,
        settings.seed,
        settings.split_seed,
        settings.val_fraction,
        _groups(settings),
        settings.quiet,
    )
    if split.groups.together():
        Console(stderr=True, quiet=settings.quiet).print(split.groups.summary)
    if settings.keep == "best" and len(split.val) == 0:
        raise InputError(
            f"keep best needs validation images, and the split {settings.split} has "
            "none here; give --val-fraction, or --keep last"
        )
    return index, split


def _groups(settings):
    """Return what to keep together; a run that goes on keeps to what it began with."""
    from rkd_keras.runs.run import Run

    if settings.groups is None and settings.resume and settings.out:
        begun = Run(settings.out).settings
        return None if begun is None else begun.groups
    return settings.groups


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
        InputError: when the parts differ from those of the run's `split.json`, or it
            is gone although the run has trained.
    """
    from rkd_keras.data import match_recorded

    recorded = run.split
    if recorded is None and run.history_path.exists():
        raise InputError(
            f"{run.split_path} is missing, which tells on which images the run has "
            "trained; bring it back, or begin again with --overwrite"
        )
    if recorded is None:
        return
    changes = []
    for part in PARTS:
        match, now = match_recorded(index, recorded, part), set(getattr(split, part))
        added = sorted(now - set(match.indices.tolist()))
        for what, names in (
            ("are gone", match.missing),
            ("have another content", match.changed),
            ("are new", [str(index.files[i]) for i in added]),
        ):
            if names:
                changes.append(
                    f"{len(names)} images of the {part} part {what} (such as "
                    f"{names[0]})"
                )
    if changes:
        raise InputError(
            f"the images are not those that {run.path} was begun with: "
            f"{'; '.join(changes)}; bring back the old ones, or begin again with "
            "--overwrite"
        )


def load_parts(settings, index=None, split=None, unlabelled=(), store=None):
    """Open the images of all three parts; small ones are decoded into memory.

    Args:
        settings: a `Settings`.
        index: as of `open_split`, which is called when it is left out.
        split: as of `open_split`.
        unlabelled: list of paths of images without labels, which come behind those of
            the training part. Defaults to none.
        store: folder for decoded images that are not kept in memory, see `open_images`.
            Defaults to `None`.

    Returns:
        The `Parts`.
    """
    import numpy as np

    from rkd_keras.data import open_images

    if index is None:
        index, split = open_split(settings)
    decoded, images, labels, left_out = {}, {}, {}, 0
    for part in PARTS:
        members = getattr(split, part)
        if len(members) == 0:
            decoded[part], images[part], labels[part] = (), (), ()
            continue
        files, known = [index.files[i] for i in members], index.labels[members]
        if part == "train":
            files += unlabelled
            known = np.append(known, np.full(len(unlabelled), NO_LABEL, known.dtype))
        size = (settings.size, settings.size)
        images[part], kept = open_images(
            files, size, settings.strict, settings.memory_mb, store
        )
        labels[part] = known[kept]
        decoded[part] = [files[i] for i in kept]
        left_out += len(files) - len(kept)
    return Parts(index.class_names, decoded, images, labels, left_out)


def labelled_images(
    model, data, part, protocol=None, seed=0, split_seed=0, groups=None
):
    """Find the labelled images of one part.

    Args:
        model: the model's path; a `split.json` beside it decides the parts.
        data: folder or manifest, or `None` for the run's own files.
        part: `"test"`, `"val"`, `"train"` or `"all"`.
        protocol: split protocol without `split.json`.
        seed: seed of the protocol.
        split_seed: seed of the protocol's test part.
        groups: what the protocol does not divide.

    Returns:
        A `Labelled`. A data set that is not the run's is taken whole: its `part` is
        `"all"`, whatever was asked for.

    Raises:
        InputError: when nothing tells which images are meant, or some of them are
            not there any more.
    """
    from rkd_keras.data.reading.labelled import find_labelled
    from rkd_keras.runs.run import Run

    run = Run(Path(model).parent)
    recorded = run.split if protocol is None else None
    record = run.split_path if data is None else run.path
    return find_labelled(
        data, part, recorded, record, protocol, seed, split_seed, groups
    )
