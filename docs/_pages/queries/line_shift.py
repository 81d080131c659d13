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
    lines = [
        [title, *(_cell(_rows(results, method, shots)) for shots in SHOTS)]
        for method, title in METHODS.items()
    ]
    return table(["method", *(f"k = {shots}" for shots in SHOTS)], lines)


def _cell(rows):
    return mean_sd(rows.values("accuracy"), digits=1) if rows else ""


@query
def shift_seeds(results):
    """Return the number of seeds of every cell; all must have as many."""
    rows = results.read(FILE).where(shift=SHIFT)
    counts = {len(each) for each in rows.groups("method", "shots").values()}
    if len(counts) != 1:
        raise LookupError(f"cells of {sorted(counts)} seeds stand in one table")
    return counts.pop()


@query
def shift_unlabelled(results):
    """Return how many images a method without labels sees."""
    rows = results.read(FILE).where(shift=SHIFT, method="coral")
    return rows[0]["unlabelled_b"]


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
