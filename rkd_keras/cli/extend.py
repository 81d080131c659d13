"""`rkd-keras extend`: a class more for a finished run, from a few images."""

import typer

from rkd_keras.cli.command import command
from rkd_keras.cli.export import show as show_export
from rkd_keras.runs.extending import extend


def show(extended):
    """Print what the old classes lose, and what was written."""
    typer.echo(
        f"{extended.run.path} knows {extended.new!r} from {extended.images} images; of "
        f"the old classes' validation images {extended.accuracy_after:.2%} are right, "
        f"{extended.accuracy_before:.2%} before"
    )
    show_export(extended.exported)


extend = command(
    extend, show, "rkd-keras extend runs/student --new rust path/to/rust/images"
)
