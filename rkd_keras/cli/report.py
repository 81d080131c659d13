"""`rkd-keras report`: write a run's report as one HTML file."""

import typer

from rkd_keras.cli.command import command
from rkd_keras.runs.reporting import report

report = command(
    report,
    lambda path: typer.echo(f"written to {path}"),
    "rkd-keras report runs/student",
)
