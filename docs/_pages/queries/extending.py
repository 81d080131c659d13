"""A class more from a few images: what the others lose, and how it is found."""

import statistics

from ..numbers import mean, mean_sd
from ..tables import table
from . import query

FILE = "extend/rows.jsonl"
NAMES = {"neu": "NEU", "cr7": "CR7"}


def _groups(results):
    groups = results.read(FILE).where(network="imagenet").groups("data", "shown")
    return sorted(
        groups.items(), key=lambda item: ([*NAMES].index(item[0][0]), item[0][1])
    )


def _lost(rows):
    return [row["accuracy_before"] - row["accuracy_after"] for row in rows]


@query
def extend_table(results):
    """Show what is lost and found, by data set and number of images."""
    lines = [
        [
            f"{NAMES[data]}, {shown} image{'s' if shown > 1 else ''}",
            mean(rows.values("accuracy_before")),
            mean_sd(_lost(rows)),
            mean_sd(rows.values("recall"), digits=1),
        ]
        for (data, shown), rows in _groups(results)
    ]
    return table(
        ["new class from", "old classes' accuracy", "lost", "recall of the new class"],
        lines,
    )


@query
def extend_seeds(results):
    """Return the number of seeds of every class; all rows must have as many."""
    rows = results.read(FILE).where(network="imagenet")
    counts = {len(each) for each in rows.groups("data", "new", "shown").values()}
    if len(counts) != 1:
        raise LookupError(f"rows of {sorted(counts)} seeds stand in one table")
    return counts.pop()


@query
def extend_most_lost(results):
    """Return the largest mean loss of a row, in points."""
    return max(100 * statistics.fmean(_lost(rows)) for _, rows in _groups(results))


@query
def extend_extremes(results):
    """Say which class is found best and worst from five images."""
    rows = results.read(FILE).where(network="imagenet", shown=5)
    recalls = {
        (data, new): statistics.fmean(each.values("recall"))
        for (data, new), each in rows.groups("data", "new").items()
    }
    worst, best = (pick(recalls, key=recalls.get) for pick in (min, max))
    return (
        " and ".join(
            f"{name} of {NAMES[data]} {100 * recalls[data, name]:.0f} %"
            for data, name in (best, worst)
        )
        + " from five images"
    )
