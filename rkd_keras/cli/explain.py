"""`rkd-keras explain`: show and score where a classifier looks."""

from rkd_keras.cli.command import INCOMPLETE, command
from rkd_keras.cli.table import print_table
from rkd_keras.runs.explaining import EXAMPLES, SCORES, explain


def show(found):
    """Print where the pictures are, or how well heat maps find the boxes.

    Args:
        found: an `Explained`.
    """
    from rich.console import Console

    console = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
    for message in found.skipped:
        console.print(f"! {message}")
    if not found.scores:
        count = len({row["picture"] for row in found.rows})
        console.print(f"{count} images explained in {found.path}")
        return INCOMPLETE if found.skipped else 0
    for method, table in found.scores.items():
        _print_scores(method, table)
    console.print(f"{SCORES} and {EXAMPLES} written to {found.path}")
    return 0


def _print_scores(method, table):
    shares = ("pointing", "energy", "chance")
    rows = [
        (row["class"], row["images"], *(f"{100 * row[k]:.1f} %" for k in shares))
        for row in table
    ]
    print_table(("class", "images", *shares), rows, title=method)


explain = command(
    explain, show, "rkd-keras explain strips/ --model runs/student --out explained"
)
