"""The `rkd-keras` command: one file per command, loaded when it is called."""

import os
import sys

import typer

from rkd_keras.cli import augment, data, migrate
from rkd_keras.cli.benchmark import benchmark
from rkd_keras.cli.compare import compare
from rkd_keras.cli.demo import demo
from rkd_keras.cli.distill import distill
from rkd_keras.cli.evaluate import evaluate
from rkd_keras.cli.explain import explain
from rkd_keras.cli.export import export
from rkd_keras.cli.launch import launch
from rkd_keras.cli.measure import measure
from rkd_keras.cli.models import models
from rkd_keras.cli.pipeline import pipeline
from rkd_keras.cli.predict import predict
from rkd_keras.cli.rate import rate, score
from rkd_keras.cli.report import report
from rkd_keras.cli.serve import serve
from rkd_keras.cli.train import train
from rkd_keras.errors import InputError, WorkerLostError

app = typer.Typer(
    name="rkd-keras",
    help=(
        "Classify strip-steel surface defects: train a shrinkage network, distil "
        "it into a small student, check, export and run it."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
app.command()(demo)
app.command()(pipeline)
app.add_typer(data.app, name="data")
app.add_typer(augment.app, name="augment")
app.add_typer(migrate.app, name="migrate")
app.command()(models)
app.command()(train)
app.command()(distill)
app.command(context_settings={"allow_interspersed_args": False})(launch)
app.command()(evaluate)
app.command()(export)
app.command()(predict)
app.command()(benchmark)
app.command()(measure)
app.command("rate")(rate)
app.command("score", hidden=True)(score)
app.command()(explain)
app.command()(serve)
app.command()(compare)
app.command()(report)


def main():
    """Run the command line; a user's mistake ends in one sentence and status 2."""
    # TensorFlow reports its build at every start; the user asked for none of it.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        app()
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(2)
    except WorkerLostError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(3)


if __name__ == "__main__":
    main()
