"""`rkd-keras migrate`: bring defect samples of one line to another."""

import typer

from rkd_keras.cli.migrate_apply import apply
from rkd_keras.cli.migrate_blend import blend
from rkd_keras.cli.migrate_evaluate import evaluate
from rkd_keras.cli.migrate_train import train

app = typer.Typer(
    help="Migrate defect samples from one production line to another.",
    no_args_is_help=True,
)
app.command()(train)
app.command()(apply)
app.command()(blend)
app.command()(evaluate)
