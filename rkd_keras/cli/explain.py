"""`rkd-keras explain`: show and score where a classifier looks."""

from rkd_keras.cli.command import INCOMPLETE, command
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
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    shown = Table("class", "images", "pointing", "energy", "chance", title=method)
    for row in table:
        values = (f"{100 * row[k]:.1f} %" for k in ("pointing", "energy", "chance"))
        shown.add_row(escape(row["class"]), str(row["images"]), *values)
    Console().print(shown)


explain = command(
    explain, show, "rkd-keras explain strips/ --model runs/student --out explained"
)
