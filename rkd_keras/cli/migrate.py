"""`rkd-keras migrate`: bring defect samples of one line to another."""

import typer

from rkd_keras.cli.command import command
from rkd_keras.studies import migrate

app = typer.Typer(
    help="Migrate defect samples from one production line to another.",
    no_args_is_help=True,
)


def _show_run(run):
    typer.echo(
        f"written to {run.path}; use it with rkd-keras migrate apply --run {run.path}"
    )


def _show_samples(written):
    typer.echo(
        f"{written.count} samples written to {written.path}, listed in "
        f"{written.manifest}"
    )


def _show_adapted(adapted):
    changed = ""
    if adapted.changed is not None:
        changed = f"; {adapted.changed:.1%} are called otherwise than before"
    typer.echo(
        f"adapted by {adapted.method} to {adapted.images} images{changed}; written to "
        f"{adapted.run.path}"
    )


def _show_table(evaluated):
    typer.echo(evaluated.table)
    typer.echo(f"written to {evaluated.path}")


for _function, _show, _words in (
    (migrate.train, _show_run, "--a lineA --b lineB --out runs/migrate"),
    (
        migrate.apply,
        _show_samples,
        "--run runs/migrate --data NEU-DET --out migrated",
    ),
    (
        migrate.blend,
        _show_samples,
        "--data NEU-DET --background lineB/clean --out blended --per-class 200",
    ),
    (
        migrate.adapt,
        _show_adapted,
        "--method few --b lineB --out runs/lineB",
    ),
    (
        migrate.evaluate,
        _show_table,
        "--a NEU-DET --b lineB --background clean --map inclusion=inclusions "
        "--map scratches=linear --run runs/migrate --out out",
    ),
):
    _example = f"rkd-keras migrate {_function.__name__} {_words}"
    app.command()(command(_function, _show, _example))
