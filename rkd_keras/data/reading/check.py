"""Look at a data set before it is trained on."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from rkd_keras.errors import FindingsError, InputError
from rkd_keras.options import AnyPath, Data, Groups, Option, Overwrite, Quiet, checked


@dataclass(frozen=True)
class DataCheck:
    """What `check` says of a data set.

    Attributes:
        layout: sentence on how the data set was understood.
        images: number of images.
        counts: dict from class name to its number of images.
        boxed: dict from class name to its number of images with boxes.
        split: name of the split that was tried, or `None`.
        kept: what the split keeps together, in a sentence, or `None`.
        parts: dict from part to a dict from class name to its number of images.
        findings: list of sentences on what would spoil a training or cannot be
            used.
        unused: list of sentences on what else lies there.
        notes: dict from what reading does to pixels (such as "16 bits a channel,
            divided by 257") to the number of images to which it does it.
        manifest: path of the manifest that was written, or `None`.
        overlaps: the `Overlaps`, or `None` where they were not looked for.
        sheet: path of the contact sheet that was written, or `None`.

    Example:
        >>> DataCheck("a folder for each class", 1, {"dent": 1}, {"dent": 0}).findings
        []
    """

    layout: str
    images: int
    counts: dict
    boxed: dict
    split: str | None = None
    kept: str | None = None
    parts: dict = field(default_factory=dict)
    findings: list = field(default_factory=list)
    unused: list = field(default_factory=list)
    notes: dict = field(default_factory=dict)
    manifest: Path | None = None
    overlaps: object = None
    sheet: Path | None = None


@checked
def check(
    data: Data,
    split: Annotated[str | None, Option("Also try this split protocol.")] = None,
    groups: Groups = None,
    strict: Annotated[bool, Option("Fail when anything was found.")] = False,
    class_from: Annotated[
        str,
        Option(
            "What tells the class in a folder: auto, name, annotation, folder (the "
            "innermost) or the number of a level of folders."
        ),
    ] = "auto",
    manifest: Annotated[
        AnyPath | None,
        Option("CSV manifest to write of what was understood; --data takes it."),
    ] = None,
    overlaps: Annotated[
        bool, Option("Also look for images that share pixels, see find_overlaps.")
    ] = False,
    sheet: Annotated[
        AnyPath | None, Option("Picture to write of the overlaps that share most.")
    ] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
):
    """Count the images of each class and report what would spoil a training.

    Files that cannot be decoded, boxes that cannot be used, empty classes, classes
    that only the test part has, files that stand in two parts, and everything that is
    not used are named, one line each. Where a folder can be read in several ways, it
    is said which one was taken; --class-from takes another, and --manifest writes it
    down for the other commands. With --overlaps or --sheet images that share pixels
    are looked for, and named where they stand in two parts or classes.

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
    from rkd_keras.data.reading.manifest import write_index
    from rkd_keras.data.reading.open_dataset import read_any
    from rkd_keras.data.reading.overlap_sheet import overlap_findings, overlap_sheet
    from rkd_keras.data.reading.overlaps import find_overlaps
    from rkd_keras.data.reading.splits import make_split
    from rkd_keras.files.images import write_image
    from rkd_keras.files.results import check_targets

    targets = [path for path in (manifest, sheet) if path is not None]
    check_targets(targets, [data], overwrite)
    index = read_any(data, class_from)
    names = index.class_names
    faulty, notes = _faulty_images(index, quiet)
    found = [
        *_damaged_shards(data),
        *(str(each) for each in index.unused if each.is_loss),
        *faulty,
        *_test_only(index),
        *_alike(names),
        *_taken(names),
        *_duplicates(index),
    ]
    shared = None
    if overlaps or sheet is not None:
        shared = find_overlaps(index, quiet=quiet)
        found += overlap_findings(shared, index)
    # A damaged record is met by its image and by its boxes.
    findings = list(dict.fromkeys(found))
    parts, kept = {}, None
    if split is not None:
        made = make_split(index, split, groups=groups, quiet=quiet)
        kept = made.groups.summary if made.groups.together() else None
        for part in ("train", "val", "test"):
            parts[part] = _by_class(names, index.counts(getattr(made, part)))
    if manifest is not None:
        write_index(manifest, index)
    if sheet is not None and shared.pairs:
        picture = overlap_sheet(shared, index)
        write_image(sheet, picture, is_result=sheet.suffix.lower() == ".png")
    found = DataCheck(
        index.layout,
        len(index),
        _by_class(names, index.counts()),
        _by_class(names, index.counts(sorted(index.boxes))),
        split,
        kept,
        parts,
        findings,
        [str(each) for each in index.unused if not each.is_loss],
        notes,
        manifest,
        shared,
        sheet if shared and shared.pairs else None,
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
    from rkd_keras.files.images import describe_image, read_image
    from rkd_keras.progress import shown_progress

    findings, notes = [], Counter()
    with shown_progress("decoding", quiet) as progress:
        for i, file in enumerate(index.files):
            shape = None
            try:
                shape = read_image(file).shape[:2]
                notes.update(describe_image(file))
            except InputError as error:
                findings.append(str(error))
            findings += _faulty_boxes(index, i, shape)
            progress(i + 1, len(index))
    return findings, dict(notes)


def _faulty_boxes(index, i, shape):
    from rkd_keras.data.reading.pascal_voc import VocObject, other_scale, read_objects

    scale = None
    try:
        name, source = _annotation(index, i)
        if source is not None:
            objects = read_objects(source, name)
            scale = other_scale(source, shape, name) if shape else None
        else:
            boxes = index.boxes.get(i, ())
            objects = [
                VocObject(f"{name}, box {number}", box=tuple(box))
                for number, box in enumerate(boxes, start=1)
            ]
    except InputError as error:
        return [str(error)]
    faults = [each.fault for each in objects]
    misfits = [each.misfit(shape) for each in objects] if shape else []
    return [sentence for sentence in (scale, *faults, *misfits) if sentence]


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


def _test_only(index):
    findings = []
    for label, name in enumerate(index.class_names):
        parts = {
            p for p, y in zip(index.parts, index.labels, strict=True) if y == label
        }
        if parts == {"test"}:
            findings.append(f"class {name!r} is seen in test only")
    return findings


def _alike(names):
    """Classes whose names differ in case only are one class to people."""
    by_name = defaultdict(list)
    for name in names:
        by_name[name.casefold()].append(name)
    groups = [each for each in by_name.values() if len(each) > 1]
    return [
        f"the classes {each} differ in upper and lower case only" for each in groups
    ]


def _taken(names):
    """A class must not be called as the verdict on what is none of them."""
    if "unknown" not in names:
        return []
    return ["the class 'unknown' has the name of a verdict; give it another"]


def _duplicates(index):
    from rkd_keras.data.reading.identity import find_duplicates

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
