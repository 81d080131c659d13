"""A model of line A for line B, or a first one for line B from a few labels."""

from dataclasses import dataclass
from typing import Annotated, Any

from rkd_keras.errors import InputError, OptionError
from rkd_keras.options import (
    AnyPath,
    AnySize,
    Option,
    Overwrite,
    Quiet,
    Seed,
    checked,
)

METHODS = ("adabn", "coral", "dann", "pseudo", "few")
FACTS = "adapted.json"


@dataclass(frozen=True)
class Adapted:
    """A classifier for line B.

    Attributes:
        run: its `rkd_keras.runs.Run`, with `model.keras` and `split.json`.
        method: how it was made.
        images: number of line B's images that it was made with.
        changed: share of these that are called otherwise than before, in [0, 1];
            `None` for a model that is new.

    Example:
        >>> from rkd_keras.runs import Run
        >>> Adapted(Run("runs/lineB"), "coral", 400, 0.12).method
        'coral'
    """

    run: Any
    method: str
    images: int
    changed: float | None = None


@checked
def adapt(
    b: Annotated[
        AnyPath,
        Option("Images of line B; for few a labelled data set, a few images a class."),
    ],
    out: Annotated[AnyPath, Option("Run directory to write.")],
    method: Annotated[
        str,
        Option(
            "few: a head for line B's labels; without labels adabn: batch statistics "
            "of B; coral: line A's features moved onto B's; dann: a head of what does "
            "not tell the lines apart; pseudo: the model's own confident answers on "
            "B.",
            choices=METHODS,
        ),
    ],
    run: Annotated[
        AnyPath | None,
        Option(
            "Run directory of line A's model; for few the network that ImageNet "
            "taught, if left out."
        ),
    ] = None,
    head: Annotated[
        str,
        Option(
            "Of few: linear (logistic regression) or prototype (cosine to the classes' "
            "means).",
            choices=("linear", "prototype"),
        ),
    ] = "linear",
    any_size: AnySize = False,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> Adapted:
    """Fit a classifier to another production line, with few labels of it or none.

    Writes a run directory with the model and a split.json of line B's images, for
    export. Without labels these are the surest answers of the model itself, and the
    record says so. The run of line A is not changed.

    Returns:
        An `Adapted`.

    Raises:
        InputError: when there is no image, one is of another size or depth than the
            run's, or the model cannot be adapted.
        OptionError: when a method without labels is given no run.

    Example:
        >>> adapt("lineB", "runs/lineB", method="coral")
        Traceback (most recent call last):
        rkd_keras.errors.OptionError: run is needed by coral: the model of line A
    """
    from rkd_keras.files.results import check_targets, make_folder
    from rkd_keras.runs import Run, open_run
    from rkd_keras.runs.start_tensorflow import start_tensorflow

    if run is None and method != "few":
        raise OptionError("run", f"is needed by {method}: the model of line A")
    old = None if run is None else open_run(run)
    images = _checked_images(b, method, old, any_size)
    target = Run(out)
    files = [target.model_path, target.split_path, target.path / FACTS]
    check_targets(files, [b, *([old.path] if old else [])], overwrite)
    start_tensorflow()
    from rkd_keras.studies.migrate.adapting import adapted

    network, names, labels, before = adapted(images, method, old, head, seed, quiet)
    make_folder(target.path)
    target.write_json("split.json", _recorded(images, labels, names, method))
    target.write_model(network, names)
    changed = None if before is None else float((before != labels.answers).mean())
    facts = {"method": method, "images": len(images.files), "changed": changed}
    target.write_json(FACTS, {**facts, "from": str(old.path) if old else None})
    return Adapted(target, method, len(images.files), changed)


@dataclass(frozen=True)
class LineImages:
    """Line B's files, and for `few` their classes.

    Attributes:
        files: list of paths.
        class_names: names, or `None`.
        labels: array `(files,)`, or `None`.
    """

    files: list
    class_names: tuple | None = None
    labels: Any = None


def _checked_images(b, method, old, any_size):
    """Find line B's images; refuse what cannot be adapted to."""
    from rkd_keras.data import open_dataset
    from rkd_keras.files.images import list_images
    from rkd_keras.runs.image_kinds import check_kinds

    if method == "few":
        index = open_dataset(b)
        if len(index.class_names) < 2:
            raise InputError(
                f"{b} has one class only ({index.class_names[0]}); give a folder for "
                "each class, at least two"
            )
        found = LineImages(index.files, index.class_names, index.labels)
    else:
        found = LineImages(list_images(b))
        if len(found.files) < 2:
            raise InputError(f"{b} holds one image; give some hundreds, at least two")
    if old is not None:
        old.check_finished()
        if not any_size:
            check_kinds([row["file"] for row in old.split["train"]], found.files)
    return found


def _recorded(images, labels, names, method):
    """Make the dict of a split.json of line B's images."""
    from rkd_keras.data.reading.identity import digests_of
    from rkd_keras.data.reading.splits import recorded_image

    files = [images.files[i] for i in labels.members]
    rows = [
        recorded_image(f, n, f.name, d)
        for f, n, d in zip(files, labels.labels, digests_of(files), strict=True)
    ]
    told = "given" if method == "few" else "the surest answers of the model itself"
    return {
        "class_names": list(names),
        "groups": {"by": "none", "together": []},
        "labels": told,
        "train": rows,
        "val": [],
        "test": [],
    }
