"""The students that come with the package, for their cards."""

import statistics

from . import query
from .neu600 import CARDS, PRESETS


@query
def card_names(results, preset):
    """Return how a preset is called: its run, its builder, what `load` takes."""
    run = next(run for run, name in CARDS.items() if name == preset)
    load = "" if preset == "edge_resnet_small" else f'"{preset}"'
    return {"run": run, "builder": PRESETS[run], "load": load}


@query
def megabytes(results, size):
    """Write a size in bytes."""
    return f"{size / 1e6:.2f} MB"


@query
def options_text(results, options, quote=""):
    """Write arguments of a network, as in `width=0.5, stem_stride=2`."""
    return ", ".join(f"{quote}{k}={v}{quote}" for k, v in options.items())


@query
def geometric(results, recall):
    """Return the geometric mean of a dict of recalls."""
    return statistics.geometric_mean(recall.values())
