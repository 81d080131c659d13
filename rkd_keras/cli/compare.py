"""`rkd-keras compare`: models, losses and splits under one budget."""

from rkd_keras import studies
from rkd_keras.cli.command import command


def show(compared):
    """Print the main table, and where the rest is."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    titles, lines = compared.table
    table = Table(*titles)
    for line in lines:
        table.add_row(*map(escape, line))
    console = Console()
    console.print(table)
    console.print(f"written to {compared.path}")


compare = command(
    studies.compare,
    show,
    example="rkd-keras compare --data NEU-DET --split neu-600 --models paper "
    "--epochs 15 --seeds 1 --out runs/table6",
)
