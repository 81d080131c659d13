"""The demo: the pipeline on strips that the package draws, or on a folder."""

import csv
from pathlib import Path
from typing import Annotated

from rkd_keras.errors import InputError
from rkd_keras.options import AnyPath, Option, Overwrite, Quiet, Seed, checked
from rkd_keras.runs.pipelining import STRIPS, Pipeline, pipeline

MINUTES = 5.0
# Strips are drawn as the student sees them, and from near: at 64 pixels a fine crack
# of a whole image of NEU is a shade.
SIDE = 64
# Of so many strips of each class so many have a label to learn from: on a line images
# are many and labels few, and that is what a teacher is for.
PER_CLASS, LABELLED = 150, 20


@checked
def demo(
    data: Annotated[
        AnyPath | None, Option("Real images; strips are drawn when this is left out.")
    ] = None,
    out: Annotated[AnyPath, Option("Folder to write.")] = Path("runs/demo"),
    epochs: Annotated[
        int | None,
        Option("Epochs of teacher and student; planned if left out.", at_least=1),
    ] = None,
    minutes: Annotated[float, Option("Minutes that it may take.", above=0)] = MINUTES,
    per_class: Annotated[
        int, Option("Drawn images of each class, without --data.", at_least=9)
    ] = PER_CLASS,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> Pipeline:
    """Train a small teacher, distil it, check, export and time the student.

    The pipeline on strips that are drawn first, few of which have a label, with the
    same student trained alone beside it. Ends with a report.html, after a few minutes
    on two processor cores.

    Returns:
        A `Pipeline`.

    Raises:
        InputError: when the folder holds something else, or the data cannot be used.

    Example:
        >>> demo(per_class=2)
        Traceback (most recent call last):
        rkd_keras.errors.OptionError: per_class must be at least 9, not 2
    """
    from rkd_keras.data.synthetic import write_dataset

    drawn = data is None
    if out.exists() and any(out.iterdir()) and not overwrite:
        raise InputError(
            f"{out} is not empty; begin again with --overwrite or give another --out"
        )
    options = {}
    if drawn:
        strips = out / STRIPS
        shown = {"size": SIDE, "view": SIDE, "plain": True, "seed": seed}
        shown |= {"overwrite": overwrite, "quiet": quiet}
        write_dataset(strips, per_class=per_class, **shown)
        data = _labelled(strips, per_class)
        # The larger student that comes with the package, tuned, teaches the smaller
        # one: both know strips before, for the minutes are few.
        options = {"teacher": "neu", "model": "edge_resnet_tiny", "unlabelled": strips}
    return pipeline(
        data,
        out,
        minutes=minutes,
        compare=drawn,
        **options,
        epochs=epochs,
        seed=seed,
        overwrite=overwrite,
        quiet=quiet,
    )


def _labelled(strips, per_class):
    """List the strips that have a label: few to learn from, and a third to test on."""
    from rkd_keras.data.synthetic.truth import CLASS_NAMES

    test = per_class // 3
    train = max(per_class * LABELLED // PER_CLASS, 2)
    parts = [*["train"] * train, *["val"] * max(train // 4, 1), *["test"] * test]
    path = strips / "labelled.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "label", "split"))
        for name in CLASS_NAMES:
            for number, part in enumerate(parts, start=1):
                writer.writerow((f"IMAGES/{name}_{number}.jpg", name, part))
    return path
