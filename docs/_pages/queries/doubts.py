"""Planted wrong labels: how many are found, and what their repair is worth."""

from ..numbers import mean_sd
from ..tables import table
from . import query

FILE = "label_doubts/rows.jsonl"
NAMES = {"neu": "NEU", "cr7": "CR7"}
COLUMNS = {
    "precision_at_k": "found in the first k",
    "precision": "of the doubted, planted",
    "recall": "of the planted, doubted",
    "accuracy_clean": "accuracy, no label planted",
    "accuracy_before": "planted",
    "accuracy_looked": "looked at",
    "accuracy_accepted": "accepted unseen",
}


@query
def doubts_table(results):
    """Show what was found and what the accuracy is, by data set and share."""
    groups = results.read(FILE).groups("data", "share")
    lines = [
        [
            f"{NAMES[data]}, {100 * share:g} %",
            *(mean_sd(rows.values(column)) for column in COLUMNS),
        ]
        for (data, share), rows in sorted(groups.items(), key=_order)
    ]
    return table(["labels planted", *COLUMNS.values()], lines)


def _order(item):
    (data, share), _ = item
    return list(NAMES).index(data), share


@query
def doubts_seeds(results):
    """Return how many seeds each row of the table has."""
    counts = {len(rows) for rows in results.read(FILE).groups("data", "share").values()}
    if len(counts) != 1:
        raise LookupError(f"rows of {sorted(counts)} seeds stand in one table")
    return counts.pop()


@query
def doubts_looking_gains(results):
    """Whether looking at what is doubted raises the mean accuracy everywhere."""
    return _gains(results, "accuracy_looked")


@query
def doubts_accepting_gains(results):
    """Whether accepting everything raises the mean accuracy everywhere."""
    return _gains(results, "accuracy_accepted")


def _gains(results, column):
    return all(
        sum(rows.values(column)) > sum(rows.values("accuracy_before"))
        for rows in results.read(FILE).groups("data", "share").values()
    )
