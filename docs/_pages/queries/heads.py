"""How a head on ImageNet features is trained: choices on validation images."""

from ..numbers import mean
from ..tables import table
from . import query

FILE = "imagenet_head/choices.csv"
SPLITS = {
    "neu-few10": "NEU-few10",
    "neu-few20": "NEU-few20",
    "neu-few50": "NEU-few50",
    "holdout": "CR7 (70 a class)",
}
CHOSEN = {"network": "efficientnet_lite0", "size": 224, "augmentation": "all"}


@query
def head(results, split, views, strength=1.0):
    """Return the mean validation accuracy of a choice, in per cent, as text."""
    rows = results.read(FILE).where(
        **CHOSEN, split=split, views=views, strength=strength
    )
    return mean(rows.values("accuracy"))


@query
def head_table(results):
    """Show accuracy by the number of views."""
    names = {0: "the images as they are", 1: "1 seeded view", 8: "8 (the default)"}
    lines = [
        [names.get(v, v), *(f"{head(results, s, v)} %" for s in SPLITS)]
        for v in (0, 1, 4, 8)
    ]
    return table(["views trained on", *SPLITS.values()], lines)


@query
def head_strength_effect(results, *strengths):
    """Return by how many points at most a strength is off the default, of 8 views."""
    return max(
        abs(float(head(results, s, 8)) - float(head(results, s, 8, strength)))
        for s in SPLITS
        for strength in strengths
    )
