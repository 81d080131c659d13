"""`rkd-keras migrate train`: train a CycleGAN between two lines."""

from pathlib import Path
from typing import Annotated

import typer

from rkd_keras.cli import options as o
from rkd_keras.errors import InputError


def train(
    a: Annotated[
        list[Path],
        typer.Option(help="Images of line A: folder, file or glob; repeatable."),
    ],
    b: Annotated[
        list[Path],
        typer.Option(help="Images of line B, labels not needed; repeatable."),
    ],
    out: o.Out,
    size: Annotated[
        int, typer.Option(help="Side in pixels, a multiple of 4, 64 to 256.")
    ] = 64,
    epochs: Annotated[int, typer.Option(help="Epochs.")] = 100,
    batch_size: Annotated[int, typer.Option(help="Images of each line per step.")] = 1,
    learning_rate: o.LearningRate = 2e-4,
    decay_start: Annotated[
        float,
        typer.Option(
            help="Share of the training after which the rate falls to zero on a line."
        ),
    ] = 0.5,
    cycle_weight: Annotated[
        float, typer.Option(help="Weight of cycle consistency (lambda 1).")
    ] = 10.0,
    identity_weight: Annotated[
        float, typer.Option(help="Weight of the identity loss (lambda 2); 0 is off.")
    ] = 5.0,
    gan_mode: Annotated[str, typer.Option(help="lsgan or vanilla.")] = "lsgan",
    pool_size: Annotated[
        int, typer.Option(help="Generated images kept for the discriminators.")
    ] = 50,
    filters: Annotated[int, typer.Option(help="Filters of the first layers.")] = 64,
    blocks: Annotated[
        int | None,
        typer.Option(help="Residual blocks (6 below 256 pixels, else 9)."),
    ] = None,
    depth: Annotated[
        int, typer.Option(help="Strided layers of the discriminators.")
    ] = 3,
    upsampling: Annotated[
        str, typer.Option(help="transpose, or resize (no checkerboards).")
    ] = "transpose",
    residual: Annotated[
        bool,
        typer.Option("--residual", help="Generators add to the image they are given."),
    ] = False,
    match_levels: Annotated[
        bool,
        typer.Option(
            "--match-levels",
            help="First give all images line B's brightness, and no more contrast.",
        ),
    ] = False,
    grey: Annotated[
        bool | None,
        typer.Option(help="One channel (when both lines are grey, if left out)."),
    ] = None,
    sample_every: Annotated[
        int, typer.Option(help="Epochs between two pictures of samples.")
    ] = 5,
    seed: o.Seed = 0,
    precision: o.Precision = "auto",
    resume: o.Resume = False,
    overwrite: o.Overwrite = False,
    quiet: o.Quiet = False,
):
    """Train a CycleGAN that turns images of line A into images of line B and back.

    Writes a run directory: settings, history of all losses, checkpoints, pictures
    of samples, generator_a2b.keras and generator_b2a.keras. A killed run goes on
    with --resume.

    Example: rkd-keras migrate train --a lineA --b lineB --out runs/migrate
    """
    from rkd_keras.runs.start_tensorflow import start_tensorflow
    from rkd_keras.studies.migrate.training import MigrationSettings, train_migration

    settings = MigrationSettings(
        a=[str(path) for path in a],
        b=[str(path) for path in b],
        out=str(out),
        size=size,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        decay_start=decay_start,
        cycle_weight=cycle_weight,
        identity_weight=identity_weight,
        gan_mode=gan_mode,
        pool_size=pool_size,
        filters=filters,
        blocks=blocks,
        depth=depth,
        upsampling=upsampling,
        residual=residual,
        match_levels=match_levels,
        grey=grey,
        sample_every=sample_every,
        seed=seed,
        precision=precision,
        resume=resume,
        overwrite=overwrite,
        quiet=quiet,
    )
    if size % 4 or not 16 <= size <= 1024:
        raise InputError(f"--size must be a multiple of 4 from 16 on, not {size}")
    for name in ("epochs", "batch_size", "filters", "depth", "sample_every"):
        if getattr(settings, name) < 1:
            raise InputError(
                f"--{name.replace('_', '-')} must be at least 1, not "
                f"{getattr(settings, name)}"
            )
    start_tensorflow()
    train_migration(settings, echo=typer.echo)
    typer.echo(f"written to {out}; use it with rkd-keras migrate apply --run {out}")
