"""`rkd-keras compare`: models, losses and splits under one budget."""

from rkd_keras import studies
from rkd_keras.cli.command import command
from rkd_keras.cli.table import print_table


def show(compared):
    """Print the main table, and where the rest is."""
    from rich.console import Console

    print_table(*compared.table)
    Console(markup=False).print(f"written to {compared.path}")


compare = command(
    studies.compare,
    show,
    example="rkd-keras compare --data NEU-DET --split neu-600 --models paper "
    "--epochs 15 --seeds 1 --out runs/table6",
)
