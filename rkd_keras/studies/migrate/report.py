"""The tables and figures of `migrate evaluate`."""

from collections import defaultdict
from itertools import cycle

from rkd_keras.evaluate.figure_style import (
    BLUE,
    COLORS,
    YELLOW,
    new_figure,
    save_figure,
    styled,
)
from rkd_keras.files.replacing import replacing
from rkd_keras.studies.tables import markdown, mean_and_spread, percent_cell

NAMES = {
    "real": "real alone",
    "classic": "real, classic augmentation",
    "source": "+ line A as it is",
    "blend": "+ blended",
    "cyclegan": "+ CycleGAN",
    "frozen_source": "frozen features, line A's head",
    "frozen_coral": "frozen features, coral",
    "frozen_dann": "frozen features, dann",
    "frozen_pseudo": "frozen features, pseudo",
    "few_prototype": "frozen features, prototypes",
    "few_linear": "frozen features, linear head",
}


def write_results(folder, rows, distances, class_names):
    """Write `table.md`, `metrics.json` and the figures.

    Args:
        folder: the `EvaluationFolder`.
        rows: list of dicts with `arm`, `shots`, `seed`, `accuracy`, `recall`.
        distances: dict from set to `fid`, `kid` and `images`, or `None`.
        class_names: line B's classes.

    Returns:
        The tables, as markdown.
    """
    groups = defaultdict(list)
    for row in rows:
        groups[row["arm"], row["shots"]].append(row)
    tables = [_accuracy_table(groups)]
    figure = plot_shots(groups)
    if figure is not None:
        save_figure(figure, folder.figures / "shots.png")
    if distances:
        tables.append(_distance_table(distances))
    pair = [groups.get((f"figure10_{word}", None)) for word in ("original", "migrated")]
    if all(pair):
        tables.append(_figure10_table(*pair))
        save_figure(plot_figure10(*pair), folder.figures / "figure10.png")
    text = "\n".join(tables)
    with replacing(folder.table_path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    summary = [
        {"arm": arm, "shots": shots, **_summary(group)}
        for (arm, shots), group in groups.items()
    ]
    folder.write_json(
        "metrics.json",
        {
            "class_names": list(class_names),
            "summary": summary,
            "distances": distances,
        },
    )
    return text


@styled
def plot_shots(groups):
    """Draw accuracy over the number of real samples, a line for each arm.

    Args:
        groups: dict from `(arm, shots)` to the rows of its seeds.

    Returns:
        A `matplotlib.figure.Figure`, `None` without shots.
    """
    shots = sorted({s for _, s in groups if s is not None})
    if not shots:
        return None
    figure = new_figure(5.4, 3.4)
    axes = figure.add_subplot()
    for color, (arm, name) in zip(cycle(COLORS), NAMES.items(), strict=False):
        points = [(s, _summary(groups[arm, s])) for s in shots if (arm, s) in groups]
        if points:
            axes.errorbar(
                [shots.index(s) for s, _ in points],
                [100 * p["accuracy"] for _, p in points],
                [100 * p["accuracy_spread"] for _, p in points],
                marker="o",
                markersize=4,
                capsize=3,
                color=color,
                label=name,
            )
    axes.set_xticks(range(len(shots)), [str(s) for s in shots])
    axes.set_xlabel("real samples of line B in each class")
    axes.set_ylabel("test accuracy (%)")
    axes.legend(fontsize=8)
    return figure


@styled
def plot_figure10(original, migrated):
    """Draw each class's recall on original and on migrated samples as bars.

    Args:
        original: rows of the trainings on original samples.
        migrated: rows of those on migrated ones.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    import numpy as np

    names = list(original[0]["recall"])
    figure = new_figure(6.4, 3.2)
    axes = figure.add_subplot()
    for offset, color, label, group in (
        (-0.2, YELLOW, "original", original),
        (0.2, BLUE, "migrated", migrated),
    ):
        values = 100 * np.array([[r["recall"][n] for n in names] for r in group])
        axes.bar(
            np.arange(len(names)) + offset,
            values.mean(0),
            0.38,
            yerr=values.std(0, ddof=1) if len(group) > 1 else None,
            color=color,
            label=label,
            capsize=2,
        )
    axes.set_xticks(range(len(names)), names, rotation=20, ha="right")
    axes.set_ylabel("test accuracy (%)")
    axes.set_ylim(0, 109)
    axes.legend(ncols=2)
    return figure


def _summary(group):
    accuracy, spread = mean_and_spread([row["accuracy"] for row in group])
    return {
        "seeds": len(group),
        "accuracy": accuracy,
        "accuracy_spread": spread or 0.0,
        "recall": {
            name: mean_and_spread([row["recall"][name] for row in group])[0]
            for name in group[0]["recall"]
        },
        "test_images": group[0]["images"],
    }


def _cell(group):
    return percent_cell([row["accuracy"] for row in group], digits=1)


def _accuracy_table(groups):
    shots = sorted({s for _, s in groups if s is not None})
    seeds = max((len(g) for g in groups.values()), default=0)
    lines = []
    for arm, name in NAMES.items():
        cells = [_cell(groups[arm, s]) if (arm, s) in groups else "-" for s in shots]
        if any(cell != "-" for cell in cells):
            lines.append([name, *cells])
    titles = ["trained on", *(f"k = {s}" for s in shots)]
    return (
        f"Test accuracy on line B (%), mean and standard deviation of {seeds} seeds\n\n"
        f"{markdown(titles, lines)}"
    )


def _distance_table(distances):
    images = next(iter(distances.values()))["images"]
    lines = [
        [name, f"{row['fid']:.3f}", f"{row['kid']:.4f}"]
        for name, row in distances.items()
    ]
    return (
        "Distance to line B's real images in the classifier's embedding "
        f"({images} images of each)\n\n{markdown(['samples', 'FID', 'KID'], lines)}"
    )


def _figure10_table(original, migrated):
    before, after = _summary(original), _summary(migrated)
    lines = [
        [name, *(f"{100 * s['recall'][name]:.1f}" for s in (before, after))]
        for name in before["recall"]
    ]
    lines.append(["**all**", _cell(original), _cell(migrated)])
    return (
        "Figure 10: classifier trained and tested on original and on migrated samples "
        f"(%, {before['seeds']} seeds)\n\n"
        f"{markdown(['class', 'original', 'migrated'], lines)}"
    )
