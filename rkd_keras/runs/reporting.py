"""Write a run's report."""

from pathlib import Path
from typing import Annotated

from rkd_keras.options import AnyPath, Option, checked


@checked
def report(
    run: Annotated[AnyPath, Option("Run directory.", positional=True)],
    out: Annotated[
        AnyPath | None, Option("File to write; report.html in the run.")
    ] = None,
    overwrite: Annotated[bool, Option("Replace an existing --out.")] = False,
) -> Path:
    """Write a run's report: summary, scores, mistakes, files, how it was made.

    One HTML file that needs no other and no network, made of what the run
    directory holds; evaluate, export and benchmark add their part to it. The run's
    own report.html is written anew each time.

    Returns:
        The path of the file.

    Raises:
        InputError: when the directory is no run, or `out` exists.

    Example:
        >>> report("nowhere")
        Traceback (most recent call last):
        rkd_keras.errors.InputError: nowhere is no folder; give a run directory
    """
    from rkd_keras.files.results import check_targets
    from rkd_keras.runs.report_page import write_report

    if out is not None:
        own = run.iterdir() if run.is_dir() else ()
        inputs = [file for file in own if file.name != "report.html"]
        check_targets([out], inputs, overwrite)
    return write_report(run, out)
