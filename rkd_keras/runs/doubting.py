"""Which labels of a data set are wrong: doubts, a sheet, and a manifest of repairs."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from rkd_keras.errors import InputError, OptionError
from rkd_keras.options import (
    AnyPath,
    Data,
    Groups,
    Option,
    Overwrite,
    Quiet,
    Seed,
    checked,
)

TABLE, SHEET, MANIFEST = "doubts.csv", "doubts.png", "corrected.csv"
# Side of the images that a small student sees.
STUDENT_SIDE = 64


@dataclass(frozen=True)
class Doubts:
    """What `doubt` found, or did.

    Attributes:
        images: number of images that were looked at.
        judge: what judged the labels: `"imagenet"` or `"student"`; `None` where
            corrections were applied.
        agreement: share of images whose class it names as given, out of fold.
        doubted: number of labels that are taken for wrong.
        rows: list of dicts, those of `doubts.csv`: the doubted ones first, then images
            that share pixels with one of another class.
        contradictions: number of pairs that share pixels, but not their class.
        table: path of the CSV to edit, or `None`.
        sheet: path of the contact sheet, or `None`.
        changed: dict from the name of an image to a pair: class before and after.
        manifest: path of the corrected manifest, or `None`.

    Example:
        >>> Doubts(images=12).changed
        {}
    """

    images: int
    judge: str | None = None
    agreement: float | None = None
    doubted: int = 0
    rows: list = field(default_factory=list)
    contradictions: int = 0
    table: Path | None = None
    sheet: Path | None = None
    changed: dict = field(default_factory=dict)
    manifest: Path | None = None


@checked
def doubt(
    data: Data,
    out: Annotated[AnyPath, Option("Folder to write.")] = Path("runs/doubt"),
    judge: Annotated[
        str,
        Option(
            "Who judges: imagenet (a linear head on frozen features, seconds), student "
            "(a small network a fold, minutes); auto: imagenet where its extra is "
            "installed.",
            choices=("auto", "imagenet", "student"),
        ),
    ] = "auto",
    folds: Annotated[
        int, Option("Parts that are judged by the others.", at_least=2, at_most=100)
    ] = 5,
    groups: Groups = None,
    epochs: Annotated[
        int, Option("Epochs of each training of a student.", at_least=1)
    ] = 30,
    most: Annotated[int, Option("Images on the contact sheet.", at_least=1)] = 60,
    seed: Seed = 0,
    apply: Annotated[
        AnyPath | None,
        Option(
            "Edited doubts.csv: write a manifest with what its column accept says, and "
            "do nothing else."
        ),
    ] = None,
    manifest: Annotated[
        AnyPath | None,
        Option(
            "Corrected manifest to write, with --apply; beside the CSV if left out."
        ),
    ] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> Doubts:
    """Find labels that are probably wrong, and write down what a person decides.

    A classifier that was trained on the other folds names each image; images that
    belong together (those that share pixels, by default) are in one fold. Labels that
    it finds improbable are ranked, and cleanlab (extra doubt) estimates how many of
    them are wrong. Written are doubts.csv, whose column accept waits for yes or for a
    class's name, and doubts.png, a contact sheet in the same order. Images that share
    pixels with one of another class are listed after them. With --apply what was
    accepted goes into a manifest that --data of every command takes. No image and no
    annotation is touched.

    Returns:
        A `Doubts`.

    Raises:
        InputError: when the data set, a package or the CSV cannot be used, or a result
            exists already.
        OptionError: for a manifest without apply.

    Example:
        >>> import pathlib, tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> data = write_dataset(folder / "strips", per_class=4, size=32, quiet=True)
        >>> found = doubt(data, folder / "doubt", judge="imagenet", folds=2, quiet=True)
        >>> found.images, found.table.name
        (24, 'doubts.csv')
        >>> done = doubt(data, apply=found.table, quiet=True)
        >>> done.changed, done.manifest.name
        ({}, 'corrected.csv')
    """
    from rkd_keras.data import open_dataset
    from rkd_keras.evaluate.label_doubts import require_cleanlab
    from rkd_keras.files.results import check_targets, make_folder
    from rkd_keras.models.imagenet_weights import imagenet_arrays, is_installed
    from rkd_keras.runs.start_tensorflow import start_tensorflow

    if apply is not None:
        return _applied(data, apply, manifest, overwrite)
    if manifest is not None:
        raise OptionError("manifest", "goes with --apply alone")
    check_targets([out / TABLE, out / SHEET], [data], overwrite)
    index = open_dataset(data)
    if len(index.class_names) < 2:
        raise InputError(
            f"{data} has one class only ({index.class_names[0]}); a label can be "
            "doubted where there is another"
        )
    for name, count in zip(index.class_names, index.counts(), strict=True):
        if count < 2:
            raise InputError(
                f"class {name!r} has one image only; at least two are needed, so that "
                "one can judge the other"
            )
    require_cleanlab()
    start_tensorflow()
    network = "efficientnet_lite0"
    if judge == "auto":
        judge = "imagenet" if is_installed(network) else "student"
    elif judge == "imagenet":
        imagenet_arrays(network)
    found = _judged(index, judge, folds, groups, epochs, seed, quiet)
    make_folder(out)
    return _written(index, judge, most, out, *found)


def _applied(data, table, manifest, overwrite):
    from rkd_keras.data import open_dataset
    from rkd_keras.data.reading.corrections import read_accepted
    from rkd_keras.data.reading.manifest import write_index
    from rkd_keras.files.results import check_targets

    manifest = manifest or table.with_name(MANIFEST)
    check_targets([manifest], [data, table], overwrite, "--manifest")
    index = open_dataset(data)
    accepted = read_accepted(table, index)
    labels = index.labels.copy()
    for i, label in accepted.items():
        labels[i] = label
    write_index(manifest, index, labels)
    names, classes = index.names(), index.class_names
    changed = {
        names[i]: (classes[index.labels[i]], classes[label])
        for i, label in accepted.items()
    }
    return Doubts(len(index), changed=changed, manifest=manifest)


def _judged(index, judge, folds, by, epochs, seed, quiet):
    """Return members, probabilities of these, and pairs that contradict each other."""
    from rkd_keras.data.reading.contradictions import find_contradictions
    from rkd_keras.data.reading.groups import find_groups, of_lists
    from rkd_keras.data.reading.identity import find_duplicates
    from rkd_keras.data.reading.loading import open_images
    from rkd_keras.data.reading.overlap_cache import overlapping_groups
    from rkd_keras.progress import shown_progress
    from rkd_keras.trainers.imagenet_embedding import SIDE, imagenet_features
    from rkd_keras.trainers.out_of_fold import (
        group_folds,
        head_probabilities,
        student_probabilities,
    )

    shared = overlapping_groups(index, quiet)
    groups = of_lists("overlap", shared, len(index))
    if by not in (None, "overlap"):
        groups = find_groups(index, by, quiet).joined(find_duplicates(index))
    _check_groups(index, groups)
    side = SIDE if judge == "imagenet" else STUDENT_SIDE
    # The features are computed once; a training reads each image again and again.
    store = tempfile.gettempdir() if judge == "student" else None
    images, kept = open_images(index.files, (side, side), store=store)
    labels = index.labels[kept]
    fold = group_folds(labels, groups.ids[kept], folds, seed)
    done = 0
    with shown_progress("judging", quiet) as show:

        def progress(count=1):
            nonlocal done
            done += count
            show(done, len(images) if judge == "imagenet" else folds)

        classes = len(index.class_names)
        if judge == "imagenet":
            features = imagenet_features(images, progress)
            found = head_probabilities(features, labels, fold, classes)
        else:
            found = student_probabilities(
                images, labels, fold, classes, epochs, seed, progress
            )
    return images, kept, found, find_contradictions(index, shared, quiet)


def _check_groups(index, groups):
    """A class that belongs together as a whole has nobody to judge it."""
    for label, name in enumerate(index.class_names):
        found = {*groups.ids[index.labels == label].tolist()}
        if len(found) < 2:
            raise InputError(
                f"all images of class {name!r} belong together (groups: {groups.by}); "
                "at least two that do not are needed, so that one can judge the other"
            )


def _written(index, judge, most, out, images, kept, probabilities, pairs):
    import numpy as np

    from rkd_keras.data.reading.corrections import write_doubts
    from rkd_keras.evaluate.doubt_sheet import doubt_sheet
    from rkd_keras.evaluate.label_doubts import rank_labels
    from rkd_keras.files.images import write_image

    labels, names = index.labels[kept], index.names()
    order, quality, wrong = rank_labels(labels, probabilities)
    partners = _partners(index, names, pairs)
    listed = [i for i in order if wrong[i]]
    doubted = len(listed)
    known = {*listed}
    listed += [i for i in order if kept[i] in partners and i not in known]
    suggested = probabilities.argmax(1)
    rows = [
        {
            "file": names[kept[i]],
            "given": index.class_names[labels[i]],
            "suggested": index.class_names[suggested[i]],
            "probability_given": round(float(quality[i]), 4),
            "probability_suggested": round(float(probabilities[i].max()), 4),
            "shares_pixels_with": partners.get(kept[i], ""),
        }
        for i in listed
    ]
    write_doubts(out / TABLE, rows)
    (out / SHEET).unlink(missing_ok=True)
    if rows:
        sheet = doubt_sheet(images[np.array(listed[:most])], rows[:most])
        write_image(out / SHEET, sheet, is_result=True)
    return Doubts(
        len(kept),
        judge,
        float((suggested == labels).mean()),
        doubted,
        rows,
        len(pairs),
        out / TABLE,
        out / SHEET if rows else None,
    )


def _partners(index, names, pairs):
    """Say of each image with which of another class it shares most."""
    told = {}
    for pair in pairs:
        for one, other in (pair.first, pair.second), (pair.second, pair.first):
            name = index.class_names[index.labels[other]]
            told.setdefault(one, f"{names[other]} ({name}), {pair.area:.0%}")
    return told
