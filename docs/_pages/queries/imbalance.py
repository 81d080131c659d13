"""Unbalanced data: losses and samplings."""

from ..figures import figure
from ..numbers import difference, geometric_recall, holm, mean_sd
from ..rows import Rows
from ..tables import best, table
from . import query

NAMES = {
    "cross_entropy": "cross-entropy",
    "weighted_cross_entropy": "weighted cross-entropy",
    "focal": "focal (Keras's)",
    "class_balanced": "class-balanced",
    "ldam": "LDAM with late re-weighting, plain head",
    "logit_adjusted": "logit adjusted",
    "balanced_softmax": "balanced softmax",
    "adaptive_gmean": "`adaptive_gmean`, our default",
    "adaptive_gmean_paper": "`adaptive_gmean_paper`, as printed",
    "cross_entropy+balanced": "cross-entropy, balanced sampling",
    "cross_entropy+copy": "cross-entropy, copies",
    "cross_entropy+mosaic": "cross-entropy, mosaic",
    "cross_entropy+fusion": "cross-entropy, fusion",
    "cross_entropy+mosaic+fusion": "cross-entropy, mosaic and fusion",
}


@query
def imbalance(results, ratio, loss):
    """Return the rows of a loss, the geometric mean of the recalls added."""
    rows = results.read(f"lt{ratio}/rows.jsonl").where(loss=loss)
    return Rows(
        {**row, "geometric": geometric_recall(row["confusion_matrix"])} for row in rows
    )


@query
def imbalance_gain(results, ratio, loss, other="cross_entropy", of="gmean"):
    """Return how far a loss is ahead of another, seed by seed."""
    return difference(
        imbalance(results, ratio, loss), imbalance(results, ratio, other), of
    )


@query
def imbalance_table(results, ratio):
    """Show all losses; the best of each column is bold."""
    found = {loss: imbalance(results, ratio, loss) for loss in NAMES}
    gains = {
        loss: imbalance_gain(results, ratio, loss)
        for loss in NAMES
        if loss != "cross_entropy"
    }
    corrected = dict(zip(gains, holm([gain.p for gain in gains.values()]), strict=True))
    columns = []
    for name in ("accuracy", "gmean", "geometric", "worst_recall"):
        means = [sum(rows.values(name)) for rows in found.values()]
        columns.append(best(means, [mean_sd(r.values(name)) for r in found.values()]))
    accuracy, gmean, geometric, worst = columns
    lines = [
        [
            NAMES[loss],
            accuracy[i],
            gmean[i],
            gains[loss].text if loss in gains else "",
            f"{corrected[loss]:.3f}" if loss in gains else "",
            geometric[i],
            worst[i],
        ]
        for i, loss in enumerate(NAMES)
    ]
    titles = ["loss, sampling", "accuracy %", "GMean %", "gain in GMean", "p"]
    return table([*titles, "geometric %", "worst class %"], lines)


@query
def imbalance_order(results, ratio, of="gmean"):
    """Return losses and their means in per cent, the best first."""
    means = {}
    for loss in NAMES:
        values = imbalance(results, ratio, loss).values(of)
        means[NAMES[loss]] = 100 * sum(values) / len(values)
    return sorted(means.items(), key=lambda item: -item[1])


def _losses_figure(results, ratio):
    from rkd_keras.studies.comparison.figures import plot_losses
    from rkd_keras.studies.comparison.report import group_rows

    rows = results.read(f"lt{ratio}/rows.jsonl")
    return plot_losses(group_rows(rows), f"neu-lt{ratio}")


@figure("lt20/losses.png", "lt20/rows.jsonl")
def draw_lt20(results):
    """Draw the losses at imbalance 20."""
    return _losses_figure(results, 20)


@figure("lt10/losses.png", "lt10/rows.jsonl")
def draw_lt10(results):
    """Draw the losses at imbalance 10."""
    return _losses_figure(results, 10)
