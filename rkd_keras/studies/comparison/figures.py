"""Draw a comparison: Figures 13, 15, 16 and 17, losses, and the Pareto plot."""

import re
from pathlib import Path

from rkd_keras.evaluate.figure_style import (
    COLORS,
    INK,
    PALE,
    legend_outside,
    new_figure,
    save_figure,
    styled,
)
from rkd_keras.evaluate.plots import plot_comparison
from rkd_keras.runs.run import Run
from rkd_keras.studies.comparison.published import PAIR, TABLE_6
from rkd_keras.studies.comparison.report import group_rows
from rkd_keras.studies.tables import mean_and_spread


def write_figures(folder, results, latency):
    """Draw what the finished rows allow, into `folder/figures`.

    Args:
        folder: folder of the comparison.
        results: finished rows.
        latency: dict of entry to times, may be empty.
    """
    folder = Path(folder)
    figures = {}
    for split in dict.fromkeys(row["split"] for row in results):
        rows = [row for row in results if row["split"] == split]
        groups = group_rows(rows)
        losses = {row["loss"] for row in rows} - {"-"}
        if len(losses) > 1:
            figures[f"losses_{split}"] = plot_losses(groups, split)
            continue
        figures[f"curves_{split}"] = plot_curves(groups, folder)
        figures[f"per_class_{split}"] = plot_recalls(groups)
        figures[f"depths_{split}"] = plot_depths(groups)
        figures[f"pareto_{split}"] = plot_pareto(groups, latency)
    for name, figure in figures.items():
        if figure is not None:
            save_figure(figure, folder / "figures" / f"{name}.png")


def plot_curves(groups, folder):
    """Draw accuracy over the epochs of every network (Figure 16).

    The paper draws test accuracy. The test part is looked at once, so this is
    accuracy on the validation part or, without one, on the training part.

    Args:
        groups: as of `group_rows`; of several seeds the mean is drawn.
        folder: folder of the comparison.

    Returns:
        A `matplotlib.figure.Figure`, `None` where no row has a history.
    """
    found, validated = {}, False
    for (entry, _, _), rows in groups.items():
        curves = []
        for row in rows:
            history = Run(Path(folder) / "runs" / row["key"]).history
            names = [n for n in ("val_accuracy", "accuracy") if n in history]
            names += [n for n in history if n.endswith("accuracy")]
            if names:
                validated = validated or names[0].startswith("val_")
                curves.append(history[names[0]])
        if curves:
            length = min(map(len, curves))
            found[entry] = sum(curve[:length] for curve in curves) / len(curves)
    if not found:
        return None
    column = "val_accuracy" if validated else "accuracy"
    histories = {
        entry: {"epoch": range(1, len(curve) + 1), column: curve}
        for entry, curve in found.items()
    }
    return plot_comparison(histories, column)


@styled
def plot_recalls(groups):
    """Recall of each class, a bar a row (Figures 13 and 17)."""
    names = list(next(iter(groups.values()))[0]["per_class"])
    figure = new_figure(max(6, 1.5 + 1.3 * len(names)), 3.6)
    axes = figure.add_subplot()
    width = 0.84 / len(groups)
    for index, ((entry, _, _), rows) in enumerate(groups.items()):
        means, spreads = zip(
            *(mean_and_spread([100 * r["per_class"][n] for r in rows]) for n in names),
            strict=True,
        )
        places = [i - 0.42 + width * (index + 0.5) for i in range(len(names))]
        axes.bar(
            places,
            means,
            width,
            yerr=None if spreads[0] is None else spreads,
            color=COLORS[index % len(COLORS)],
            alpha=1.0 if index < len(COLORS) else 0.55,
            label=entry,
            error_kw={"linewidth": 0.8, "ecolor": INK},
        )
    axes.set_xticks(range(len(names)), names)
    axes.set_ylabel("recall (%)")
    axes.set_ylim(0, 105)
    legend_outside(figure)
    return figure


@styled
def plot_depths(groups):
    """Accuracy of the families at each depth (Figure 15); `None` without depths."""
    found = {}
    for (entry, _, _), rows in groups.items():
        match = re.fullmatch(r"(resnet|se_resnet|sarsn)(34|50|101)(:.*)?", entry)
        if match:
            family = match[1] + (match[3] or "")
            values = [100 * row["accuracy"] for row in rows]
            found.setdefault(family, {})[match[2]] = mean_and_spread(values)
    if len(found) < 2:
        return None
    depths = sorted({d for points in found.values() for d in points}, key=int)
    figure = new_figure(6.5, 3.6)
    axes = figure.add_subplot()
    for index, (family, points) in enumerate(found.items()):
        present = [d for d in depths if d in points]
        shift = 0.06 * (index - (len(found) - 1) / 2)
        axes.errorbar(
            [depths.index(d) + shift for d in present],
            [points[d][0] for d in present],
            [points[d][1] or 0 for d in present],
            fmt="o-",
            color=COLORS[index % len(COLORS)],
            capsize=3,
            label=family,
        )
    axes.set_xticks(range(len(depths)), depths)
    axes.set_xlabel("depth")
    axes.set_ylabel("test accuracy (%)")
    axes.grid(color=PALE, linewidth=0.6)
    legend_outside(figure)
    return figure


@styled
def plot_losses(groups, split):
    """GMean, macro recall and worst recall of every loss, with spread."""
    order = sorted(
        groups, key=lambda g: mean_and_spread([r["gmean"] for r in groups[g]])[0]
    )
    models = {entry for entry, _, _ in order}
    names = [
        loss if len(models) == 1 else f"{entry} {loss}" for entry, loss, _ in order
    ]
    figure = new_figure(7, 1.2 + 0.34 * len(order))
    axes = figure.add_subplot()
    for index, (title, key) in enumerate(
        (
            ("GMean", "gmean"),
            ("macro recall", "macro_recall"),
            ("worst", "worst_recall"),
        )
    ):
        points = [mean_and_spread([100 * r[key] for r in groups[g]]) for g in order]
        axes.errorbar(
            [mean for mean, _ in points],
            [i + 0.18 * (1 - index) for i in range(len(order))],
            xerr=[spread or 0 for _, spread in points],
            fmt="o",
            color=COLORS[index],
            capsize=2,
            markersize=4,
            label=title if title != "worst" else "worst class's recall",
        )
    axes.set_yticks(range(len(order)), names)
    axes.set_xlabel("per cent of the test part")
    axes.set_title(split)
    axes.grid(axis="x", color=PALE, linewidth=0.6)
    legend_outside(figure)
    return figure


def _mark_published(axes, entry, ms):
    """Mark the paper's accuracy of a network at the time that it takes here.

    Where it was not timed here, at the paper's own time.
    """
    name, accuracy, _, published = TABLE_6[entry]
    place = (ms or published, 100 * accuracy)
    role = "student" if "@" in entry else "teacher"
    here = f"{ms:.1f} ms here, " if ms else ""
    axes.plot(*place, "*", color=COLORS[1], markersize=9)
    axes.annotate(
        f"the paper's {role}: {100 * accuracy:g} %\n"
        f"({here}{published:g} ms on a GTX 1080 Ti)",
        place,
        xytext=(-6, -3),
        textcoords="offset points",
        fontsize=6,
        ha="right",
        va="top",
    )


@styled
def plot_pareto(groups, latency):
    """Accuracy against int8 latency, the best ones joined; the paper's two beside.

    `None` where fewer than two networks were timed.
    """
    points = {}
    for (entry, _, _), rows in groups.items():
        times = latency.get(entry, {})
        if "int8_ms" in times:
            accuracy = mean_and_spread([100 * row["accuracy"] for row in rows])[0]
            accuracy = 100 * times.get("int8_accuracy", accuracy / 100)
            points[entry] = (times["int8_ms"], accuracy, rows[0])
    if len(points) < 2:
        return None
    figure = new_figure(8, 4.6)
    axes = figure.add_subplot()
    front, best = [], float("-inf")
    order = sorted(points, key=lambda entry: (points[entry][0], -points[entry][1]))
    for number, entry in enumerate(order, start=1):
        ms, accuracy, row = points[entry]
        efficient = accuracy > best
        best = max(best, accuracy)
        if efficient:
            front.append((ms, accuracy))
        megabytes = latency[entry]["int8_bytes"] / 1e6
        facts = (
            f"{number}  {entry}: {row['parameters'] / 1e6:.2f} M parameters, "
            f"{row['multiply_adds'] / 1e6:.0f} M multiply-adds, {megabytes:.2f} MB"
        )
        color = COLORS[0] if efficient else "#8a949d"
        axes.plot(ms, accuracy, "o", color=color, markersize=4, label=facts)
        axes.annotate(
            number, (ms, accuracy), (4, 3), textcoords="offset points", fontsize=8
        )
    axes.plot(*zip(*front, strict=True), color=COLORS[0], linewidth=1)
    for entry in PAIR:
        _mark_published(axes, entry, latency.get(entry, {}).get("int8_ms"))
    axes.set_xscale("log")
    # Room below the lowest point for the two lines that say whose it is.
    axes.margins(y=0.15)
    axes.set_xlabel("milliseconds per image, int8, one core")
    axes.set_ylabel("test accuracy (%)")
    axes.grid(color=PALE, linewidth=0.6)
    legend_outside(figure)
    return figure
