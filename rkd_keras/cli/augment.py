"""`rkd-keras augment`: new samples out of the samples of a class."""

import functools

import typer

from rkd_keras.cli.command import command
from rkd_keras.data import write_fusions, write_mosaics

app = typer.Typer(
    help="Make new samples of the classes that have too few.", no_args_is_help=True
)


def _show(written):
    typer.echo(
        f"{written.count} samples of {len(written.class_names)} classes written to "
        f"{written.path}; train on them with --data {written.manifest}"
        + (" --split given" if written.has_parts else "")
    )


def _after_start(write):
    """Start TensorFlow first, so that it does not report how it was built."""

    @functools.wraps(write)
    def call(**options):
        from rkd_keras.runs.start_tensorflow import start_tensorflow

        start_tensorflow()
        return write(**options)

    return call


for _name, _write in (("mosaic", write_mosaics), ("fusion", write_fusions)):
    _words = f"--data NEU-DET --out {_name}s --per-class 100"
    _example = f"rkd-keras augment {_name} {_words}"
    app.command(_name)(command(_after_start(_write), _show, _example))
