"""Look at a data set before it is trained on."""

from dataclasses import dataclass, field
from typing import Annotated

from rkd_keras.errors import FindingsError, InputError
from rkd_keras.options import Data, Option, Quiet, checked


@dataclass(frozen=True)
class DataCheck:
    """What `check` says of a data set.

    Attributes:
        images: number of images.
        counts: dict from class name to its number of images.
        boxed: dict from class name to its number of images with boxes.
        split: name of the split that was tried, or `None`.
        parts: dict from part to a dict from class name to its number of images.
        findings: list of sentences on what would spoil a training or cannot be
            used.

    Example:
        >>> DataCheck(1, {"dent": 1}, {"dent": 0}).findings
        []
    """

    images: int
    counts: dict
    boxed: dict
    split: str | None = None
    parts: dict = field(default_factory=dict)
    findings: list = field(default_factory=list)


@checked
def check(
    data: Data,
    split: Annotated[str | None, Option("Also try this split protocol.")] = None,
    strict: Annotated[bool, Option("Fail when anything was found.")] = False,
    quiet: Quiet = False,
):
    """Count the images of each class and report what would spoil a training.

    Files that cannot be decoded, boxes that cannot be used, empty classes, classes
    that only the test part has, and files that stand in two parts are named, one line
    each.

    Returns:
        A `DataCheck`.

    Raises:
        InputError: when the data set cannot be opened or split.
        FindingsError: when `strict` and anything was found; its `result` is the
            `DataCheck`.

    Example:
        >>> import tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     found = check(write_dataset(folder, per_class=2, size=32), quiet=True)
        >>> found.images, found.counts["patches"], found.findings
        (12, 2, [])
    """
    from rkd_keras.data.reading.open_dataset import open_dataset
    from rkd_keras.data.reading.splits import make_split

    index = open_dataset(data)
    names = index.class_names
    found = [
        *_damaged_shards(data),
        *_faulty_images(index, quiet),
        *_empty_folders(data),
        *_test_only(index),
        *_duplicates(index),
    ]
    # A damaged record is met by its image and by its boxes.
    findings = list(dict.fromkeys(found))
    parts = {}
    if split is not None:
        made = make_split(index, split)
        for part in ("train", "val", "test"):
            parts[part] = _by_class(names, index.counts(getattr(made, part)))
    found = DataCheck(
        len(index),
        _by_class(names, index.counts()),
        _by_class(names, index.counts(sorted(index.boxes))),
        split,
        parts,
        findings,
    )
    if strict and findings:
        raise FindingsError(
            f"{len(findings)} findings in {data}; mend them first", found
        )
    return found


def _by_class(names, counts):
    return dict(zip(names, counts.tolist(), strict=True))


def _damaged_shards(data):
    from rkd_keras.files.packs import is_pack, open_pack

    return list(open_pack(data).damaged_shards()) if is_pack(data) else []


def _faulty_images(index, quiet):
    """Decode all images; compare their sizes with their boxes."""
    from rkd_keras.files.images import read_image
    from rkd_keras.progress import shown_progress

    findings = []
    with shown_progress("decoding", quiet) as progress:
        for i, file in enumerate(index.files):
            shape = None
            try:
                shape = read_image(file).shape[:2]
            except InputError as error:
                findings.append(str(error))
            findings += _faulty_boxes(index, i, shape)
            progress(i + 1, len(index))
    return findings


def _faulty_boxes(index, i, shape):
    from rkd_keras.data.reading.boxes import VocObject, read_objects

    try:
        name, source = _annotation(index, i)
        if source is not None:
            objects = read_objects(source, name)
        else:
            boxes = index.boxes.get(i, ())
            objects = [
                VocObject(f"{name}, box {number}", tuple(box))
                for number, box in enumerate(boxes, start=1)
            ]
    except InputError as error:
        return [str(error)]
    faults = [each.fault for each in objects]
    misfits = [each.misfit(shape) for each in objects] if shape else []
    return [sentence for sentence in (*faults, *misfits) if sentence]


def _annotation(index, i):
    """Return the name and the path or bytes of an image's annotation, or `None`."""
    import os

    from rkd_keras.files.packs import find_packed

    file = index.files[i]
    if i in index.annotations:
        return str(index.annotations[i]), index.annotations[i]
    if not file.is_file() and (packed := find_packed(file)):
        pack, image = packed
        features = pack.features(image)
        if "annotation/encoded" in features:
            name = os.fsdecode(features["annotation/filename"][0])
            return str(pack.directory / name), features["annotation/encoded"][0]
    return str(file), None


def _empty_folders(data):
    if not data.is_dir():
        return []
    return [
        f"the folder {folder} holds no image"
        for folder in sorted(p for p in data.rglob("*") if p.is_dir())
        if not any(folder.iterdir())
    ]


def _test_only(index):
    findings = []
    for label, name in enumerate(index.class_names):
        parts = {
            p for p, y in zip(index.parts, index.labels, strict=True) if y == label
        }
        if parts == {"test"}:
            findings.append(f"class {name!r} is seen in test only")
    return findings


def _duplicates(index):
    from rkd_keras.data.reading.splits import find_duplicates

    findings = []
    for group in find_duplicates(index):
        names = ", ".join(str(index.files[i]) for i in group)
        parts = {index.parts[i] for i in group}
        labels = {index.class_names[index.labels[i]] for i in group}
        if len(labels) > 1:
            findings.append(f"the same file in classes {sorted(labels)}: {names}")
        elif len(parts) > 1:
            findings.append(
                f"the same file in parts {sorted(map(str, parts))}: {names}"
            )
        else:
            findings.append(f"the same file twice: {names}")
    return findings
