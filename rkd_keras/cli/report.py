"""`rkd-keras report`: write a run's report as one HTML file."""

from pathlib import Path
from typing import Annotated

import typer

from rkd_keras.errors import InputError


def report(
    run: Annotated[Path, typer.Argument(help="Run directory.")],
    out: Annotated[
        Path | None, typer.Option(help="File to write; report.html in the run.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an existing --out.")
    ] = False,
):
    """Write a run's report: verdict, scores, mistakes, files, how it was made.

    One HTML file that needs no other and no network, made of what the run
    directory holds; evaluate, export and benchmark add their part to it. The run's own
    report.html is written anew each time.

    Example: rkd-keras report runs/student
    """
    from rkd_keras.runs import write_report

    if out is not None and out.exists() and not overwrite:
        raise InputError(
            f"{out} exists already; replace it with --overwrite or give another --out"
        )
    typer.echo(f"written to {write_report(run, out)}")
