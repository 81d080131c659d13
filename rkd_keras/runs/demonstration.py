"""The demo: the pipeline on strips that the package draws, or on a folder."""

from pathlib import Path
from typing import Annotated

from rkd_keras.errors import InputError
from rkd_keras.options import AnyPath, Option, Overwrite, Quiet, Seed, checked
from rkd_keras.runs.pipelining import STRIPS, Pipeline, pipeline

MINUTES = 5.0
# Strips are drawn as the student sees them, and from near: at 64 pixels a fine crack
# of a whole image of NEU is a shade.
SIDE = 64


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
        int, Option("Drawn images of each class, without --data.", at_least=6)
    ] = 100,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> Pipeline:
    """Train a small teacher, distil it, check, export and time the student.

    The pipeline on strips that are drawn first, with the same student trained alone
    beside it. Ends with a report.html, after a few minutes on two processor cores.

    Returns:
        A `Pipeline`.

    Raises:
        InputError: when the folder holds something else, or the data cannot be used.

    Example:
        >>> demo(per_class=2)
        Traceback (most recent call last):
        rkd_keras.errors.OptionError: per_class must be at least 6, not 2
    """
    from rkd_keras.data.synthetic import write_dataset

    drawn = data is None
    if out.exists() and any(out.iterdir()) and not overwrite:
        raise InputError(
            f"{out} is not empty; begin again with --overwrite or give another --out"
        )
    if drawn:
        data = out / STRIPS
        if not data.exists():
            options = {"size": SIDE, "view": SIDE, "plain": True, "seed": seed}
            write_dataset(data, per_class=per_class, quiet=quiet, **options)
    # The larger student that comes with the package, tuned, teaches the smaller one:
    # both know strips before, for the minutes are few.
    shown = {"teacher": "neu", "model": "edge_resnet_tiny"}
    return pipeline(
        data,
        out,
        minutes=minutes,
        compare=drawn,
        **(shown if drawn else {}),
        epochs=epochs,
        seed=seed,
        overwrite=overwrite,
        quiet=quiet,
    )
