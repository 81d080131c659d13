"""From one line to another on frozen features: with few labels and with none."""

from ..numbers import mean, mean_sd
from ..tables import table
from . import query
from .migration import ARMS, migrated

FILE = "line_shift/rows.jsonl"
SHIFT = "lines"
METHODS = {
    "as it is": "line A's head as it is",
    "coral": "coral",
    "pseudo": "pseudo",
    "coral and pseudo": "coral, then pseudo",
    "few: prototype": "few, prototypes",
    "few: linear": "few, linear head",
}
SHOTS = (0, 5, 20)


def _rows(results, method, shots):
    return results.read(FILE).where(shift=SHIFT, method=method, shots=shots)


@query
def shift_table(results):
    """Show the accuracy of every method, by the number of labelled images."""
    lines = []
    for method, title in METHODS.items():
        rows = [_rows(results, method, shots) for shots in SHOTS]
        counts = {len(each) for each in rows if each}
        if len(counts) > 1:
            raise LookupError(f"{method} has cells of {sorted(counts)} seeds")
        if counts:
            lines.append([title, counts.pop(), *map(_cell, rows)])
    return table(["method", "seeds", *(f"k = {shots}" for shots in SHOTS)], lines)


def _cell(rows):
    return mean_sd(rows.values("accuracy"), digits=1) if rows else ""


@query
def shift_mean(results, method, shots):
    """Return the mean accuracy of a method, in per cent, as text."""
    return mean(_rows(results, method, shots).values("accuracy"), digits=1)


@query
def migrated_best(results, shots):
    """Return the best mean accuracy of the trainings from scratch, as text."""
    means = [mean(migrated(results, a, shots).values("accuracy"), 1) for a in ARMS]
    return max(means, key=float)


@query
def shift_gain(results, shots):
    """Return how far prototypes are ahead of the best of these, in points."""
    return float(shift_mean(results, "few: prototype", shots)) - float(
        migrated_best(results, shots)
    )
