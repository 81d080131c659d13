"""`rkd-keras launch`: several workers of one training on this machine."""

from typing import Annotated

import typer

SPREAD = ("train", "distill")


def launch(
    command: Annotated[
        list[str], typer.Argument(help="train or distill, with its options.")
    ],
    workers: Annotated[int, typer.Option(min=1, help="Number of workers.")] = 2,
    threads: Annotated[
        int | None,
        typer.Option(
            min=1, help="Threads of each worker (processors / workers if left out)."
        ),
    ] = None,
):
    """Train with several workers on this machine, to try it out.

    Starts the command once for each worker, with a TF_CONFIG that names them all
    on free ports, and puts the worker's number before each line it prints. When
    one worker fails, the others are ended; so does one Ctrl-C. On several machines
    start the command on each, with a TF_CONFIG of your own.

    Example: rkd-keras launch --workers 2 -- distill --teacher runs/teacher --data
    NEU-DET --split neu-600 --model resnet18 --out runs/student
    """
    import os
    import sys

    from rkd_keras.errors import InputError
    from rkd_keras.runs.worker_group import WorkerGroup

    if command[0] not in SPREAD:
        raise InputError(
            f"only {' and '.join(SPREAD)} run on several workers, not {command[0]!r}"
        )
    program = [sys.executable, "-m", "rkd_keras.cli.app"]
    if threads is None:
        threads = max(1, (os.cpu_count() or 1) // workers)
    raise typer.Exit(WorkerGroup(command, workers, threads, program).run())
