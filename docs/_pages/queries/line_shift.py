"""From one line to another on frozen features: with few labels and with none."""

from ..numbers import mean, mean_sd
from ..tables import table
from . import query
from .migration import ARMS, migrated

FILE = "line_shift/rows.jsonl"
METHODS = {
    "as it is": "line A's head as it is",
    "coral": "coral",
    "dann": "dann",
    "pseudo": "pseudo",
    "coral and pseudo": "coral, then pseudo",
    "few: prototype": "few, prototypes",
    "few: linear": "few, linear head",
    "all labels of B": "linear head on all labels of B",
}
ALL = "all labels of B"
UNLABELLED = ("coral", "dann", "pseudo", "coral and pseudo")
TITLES = {0: "k = 0", 5: "k = 5", 20: "k = 20", None: "all labels"}


def _rows(results, method, shots, shift):
    return results.read(FILE).where(shift=shift, method=method, shots=shots)


@query
def shift_table(results, shift="lines"):
    """Show the accuracy of every method, by the number of labelled images."""
    there = [
        shots
        for shots in TITLES
        if any(_rows(results, method, shots, shift) for method in METHODS)
    ]
    lines = []
    for method, title in METHODS.items():
        rows = [_rows(results, method, shots, shift) for shots in there]
        counts = {len(each) for each in rows if each}
        if len(counts) > 1:
            raise LookupError(f"{method} has cells of {sorted(counts)} seeds")
        if counts:
            lines.append([title, counts.pop(), *map(_cell, rows)])
    return table(["method", "seeds", *(TITLES[shots] for shots in there)], lines)


def _cell(rows):
    return mean_sd(rows.values("accuracy"), digits=1) if rows else ""


@query
def shift_measured(results, shift):
    """Tell whether the rows of a shift are there, those of all labels the last."""
    return bool(_rows(results, ALL, None, shift))


@query
def shift_mean(results, method, shots, shift="lines"):
    """Return the mean accuracy of a method, in per cent, as text."""
    return mean(_rows(results, method, shots, shift).values("accuracy"), digits=1)


@query
def shift_best(results, shift, methods=UNLABELLED):
    """Return the method of the highest mean without a label of line B."""
    means = {each: shift_mean(results, each, 0, shift) for each in methods}
    return max(means, key=lambda each: float(means[each]))


@query
def shift_sentence(results, shift):
    """Say how near the best method without labels, and five, come to all labels."""
    best = shift_best(results, shift)
    plain, found = (shift_mean(results, m, 0, shift) for m in ("as it is", best))
    whole = shift_mean(results, ALL, None, shift)
    behind = float(whole) - float(found)
    near = "within a point of" if behind <= 1 else f"{behind:.1f} points behind"
    return (
        f"Line A's head is right in {plain} % of the images, the best method without a "
        f"label, {METHODS[best]}, in {found} %: {near} the head that was trained on "
        f"all labels of line B ({whole} %). Five labelled images a class make "
        f"{shift_mean(results, 'few: prototype', 5, shift)} % by prototypes."
    )


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
