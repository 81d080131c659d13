"""`rkd-keras compare`: models, losses and splits under one budget."""

from pathlib import Path
from typing import Annotated

import typer

from rkd_keras.cli import options as o
from rkd_keras.errors import InputError


def compare(
    data: o.Data,
    out: Annotated[Path, typer.Option(help="Folder of the comparison.")],
    models: Annotated[
        str | None,
        typer.Option(
            help="Sets (paper, fig15, thresholds, classical, distilled, edge) and "
            "names, separated by commas: resnet18:width=0.5, resnet18@sarsn34 (a "
            "student and its teacher), lbp+svm; resnet18 when left out."
        ),
    ] = None,
    losses: Annotated[
        str, typer.Option(help="Loss names, NAME+SAMPLING (see train), or all.")
    ] = "cross_entropy",
    split: Annotated[
        str, typer.Option(help="Split protocols, separated by commas.")
    ] = "holdout",
    seeds: Annotated[int, typer.Option(help="Trainings of each, seeds 0, 1, ...")] = 1,
    epochs: o.Epochs = None,
    preset: o.Preset = "fast",
    batch_size: o.BatchSize = None,
    learning_rate: o.LearningRate = None,
    width: o.Width = 1.0,
    stem_stride: o.StemStride = 1,
    size: o.Size = 64,
    split_seed: o.SplitSeed = 0,
    val_fraction: o.ValFraction = None,
    precision: o.Precision = "auto",
    noise: Annotated[
        bool, typer.Option("--noise", help="Score on noisy test images as well.")
    ] = False,
    teachers: Annotated[
        list[Path] | None,
        typer.Option(help="Run directory, or folder of them, to take teachers from."),
    ] = None,
    finished: Annotated[
        list[Path] | None,
        typer.Option(
            help="Run directory, or folder of them: take these runs as the rows and "
            "train nothing. --models, when given, and --split choose among them."
        ),
    ] = None,
    latency: Annotated[
        bool, typer.Option(help="Export and time the networks at the end.")
    ] = True,
    latency_only: Annotated[
        bool,
        typer.Option(
            "--latency-only", help="Train nothing; size and time fresh networks."
        ),
    ] = False,
    runs: Annotated[int, typer.Option(help="Timed single images of each.")] = 1000,
    resume: o.Resume = False,
    overwrite: o.Overwrite = False,
    strict: o.Strict = False,
    quiet: o.Quiet = False,
):
    """Train, score and time models under one budget, beside the paper's numbers.

    Every finished row is written at once; a killed comparison goes on with
    --resume, which may also add models, losses, splits and seeds. Ends with
    report.md, figures and, for networks, latency.json. The set edge ends in the
    Pareto plot of accuracy against int8 latency, beside the paper's two networks.

    Example: rkd-keras compare --data NEU-DET --split neu-600 --models paper
    --epochs 15 --seeds 1 --out runs/table6
    """
    from rkd_keras.runs.settings import Settings
    from rkd_keras.runs.start_tensorflow import start_tensorflow
    from rkd_keras.studies.compare.comparison import Comparison
    from rkd_keras.studies.compare.finished import finished_rows
    from rkd_keras.studies.compare.grid import (
        make_rows,
        parse_losses,
        parse_models,
        parse_names,
    )

    start_tensorflow()
    if seeds < 1:
        raise InputError(f"--seeds must be at least 1, not {seeds}")
    common = Settings(
        data=str(data),
        out=str(out),
        model_options=o.model_options(width, stem_stride),
        size=size,
        split_seed=split_seed,
        val_fraction=val_fraction,
        preset=preset,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        precision=precision,
        strict=strict,
        quiet=quiet,
    )
    names = parse_names(split, "--split")
    taken = None
    if finished:
        if len(names) > 1:
            raise InputError("--finished compares on one --split; name one")
        taken = finished_rows(finished, _with_paper_pair(models), names[0])
    rows = list(taken or ()) or make_rows(
        parse_models(models or "resnet18"), parse_losses(losses), names, range(seeds)
    )
    comparison = Comparison(
        common, rows, teachers, noise, resume, overwrite, finished=taken
    )
    if latency_only:
        comparison.time(runs, trained=False)
    else:
        comparison.take() if taken else comparison.train()
        if latency and any(row.network for row in comparison.rows):
            comparison.time(runs, True, _paper_pair(models, comparison.rows))
    comparison.print()


def _with_paper_pair(models):
    """Read `--models` for finished runs: the edge set may hold the paper's pair."""
    from rkd_keras.studies.compare.grid import parse_models
    from rkd_keras.studies.compare.published import PAIR

    if models is None:
        return None
    more = ",".join(PAIR) if _has_edge(models) else ""
    return parse_models(f"{models},{more}")


def _paper_pair(models, rows):
    """Make rows of the paper's teacher and student for the edge set's plot."""
    from rkd_keras.studies.compare.grid import make_rows, parse_models
    from rkd_keras.studies.compare.published import PAIR

    if models is None or not _has_edge(models):
        return []
    first = rows[0]
    pair = make_rows(parse_models(",".join(PAIR)), [first.loss], [first.split], [0])
    present = {row.label for row in rows}
    return [row for row in pair if row.label not in present]


def _has_edge(models):
    return "edge" in [name.strip() for name in models.split(",")]
