"""The `rkd-keras` command: one file per command, loaded when it is called."""

import errno
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
from rkd_keras.cli.extend import extend
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

# What a disk refuses, where a command has no better sentence.
WRITE_ERRORS = {
    errno.ENOSPC: "the disk is full; make room, or write elsewhere with --out",
    errno.EDQUOT: "the disk quota is used up; make room, or write elsewhere with --out",
    errno.EFBIG: "the file would be too large; write elsewhere with --out",
    errno.EROFS: "the disk is read-only; write elsewhere with --out",
    errno.EACCES: "no permission; write elsewhere with --out, or ask for it",
    errno.EPERM: "no permission; write elsewhere with --out, or ask for it",
    errno.ENAMETOOLONG: "the name is too long for this disk; give a shorter one",
    errno.ENOENT: "it is not there, or not any more",
    errno.ENOTDIR: "what lies above it is a file; give a folder",
    errno.EEXIST: "it is there already; give another",
    errno.EISDIR: "it is a folder; give a file",
    errno.ELOOP: "it is a link in a circle; give what it should lead to",
    errno.EIO: "the disk does not answer; look after it, or write elsewhere",
}

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
app.command()(extend)
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
    # OpenCV's own lines on a damaged image would stand beside our sentence.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    # A file's name that the terminal cannot show must not end a command.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except InputError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(2)
    except WorkerLostError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(3)
    except OSError as error:
        reason = WRITE_ERRORS.get(error.errno)
        if reason is None:
            raise
        where = f"{error.filename}: " if error.filename else ""
        print(f"Error: {where}{reason}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
