"""`rkd-keras migrate evaluate`: does migration help a line with few labels?"""

from pathlib import Path
from typing import Annotated

import typer

from rkd_keras.cli import options as o
from rkd_keras.errors import InputError


def evaluate(
    a: Annotated[Path, typer.Option(help="Labelled data set of line A.")],
    b: Annotated[Path, typer.Option(help="Labelled data set of line B.")],
    rename: Annotated[
        list[str],
        typer.Option("--map", help="Class of A=class of B; repeatable, at least two."),
    ],
    background: Annotated[
        list[Path],
        typer.Option(help="Defect-free images of line B: folder or glob; repeatable."),
    ],
    out: o.Out,
    run: Annotated[
        Path | None,
        typer.Option(
            help="Run directory of migrate train, A to B; it must not have seen line "
            "B's images of the mapped classes. Without it CycleGAN is left out."
        ),
    ] = None,
    classifier: Annotated[
        Path | None,
        typer.Option(
            help="Classifier (.keras) in whose embedding FID and KID are measured."
        ),
    ] = None,
    shots: Annotated[
        str, typer.Option(help="Real line-B samples of each class, with commas.")
    ] = "0,5,20",
    seeds: Annotated[int, typer.Option(help="Trainings of each, seeds 0, 1, ...")] = 3,
    steps: Annotated[int, typer.Option(help="Training steps, the same for all.")] = 800,
    made_first: Annotated[
        bool,
        typer.Option(
            "--made-first",
            help="Half of the steps on line A's, blended or migrated samples, then the "
            "real ones alone. Together if left out.",
        ),
    ] = False,
    model: o.Model = "resnet18",
    width: o.Width = 0.5,
    stem_stride: o.StemStride = 2,
    size: o.Size = 64,
    figure10: Annotated[
        bool,
        typer.Option(
            help="Also the paper's Figure 10: a classifier trained and tested on the "
            "original, another on the migrated samples of all classes."
        ),
    ] = True,
    precision: o.Precision = "auto",
    resume: o.Resume = False,
    overwrite: o.Overwrite = False,
    quiet: o.Quiet = False,
):
    """Train with few real line-B samples, alone and with migrated ones, and compare.

    All trainings of a seed are tested on the same line-B images, which nothing was
    trained on. Writes results.jsonl (a row per training), table.md, metrics.json
    and figures; a killed evaluation goes on with --resume.

    Example: rkd-keras migrate evaluate --a NEU-DET --b lineB --background clean
    --map inclusion=inclusions --map scratches=linear --run runs/migrate --out out
    """
    from rkd_keras.runs.start_tensorflow import start_tensorflow
    from rkd_keras.studies.migrate.experiment import (
        EvaluationSettings,
        evaluate_migration,
    )

    try:
        counts = sorted({int(word) for word in shots.split(",")})
    except ValueError as error:
        raise InputError(
            f"--shots must be numbers with commas, not {shots!r}"
        ) from error
    if min(counts) < 0 or seeds < 1 or steps < 1:
        raise InputError("--shots must not be negative, --seeds and --steps at least 1")
    if made_first and steps < 2:
        raise InputError("--made-first divides the steps; --steps must be at least 2")
    settings = EvaluationSettings(
        a=str(a),
        b=str(b),
        rename=list(rename),
        background=[str(path) for path in background],
        out=str(out),
        run=str(run) if run else None,
        classifier=str(classifier) if classifier else None,
        shots=counts,
        seeds=seeds,
        steps=steps,
        made_first=made_first,
        model=model,
        model_options=o.model_options(width, stem_stride),
        size=size,
        figure10=figure10,
        precision=precision,
        resume=resume,
        overwrite=overwrite,
        quiet=quiet,
    )
    start_tensorflow()
    typer.echo(evaluate_migration(settings))
    typer.echo(f"written to {out}")
