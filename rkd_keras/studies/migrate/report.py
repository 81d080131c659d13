"""The tables and figures of `migrate evaluate`."""

from collections import defaultdict

NAMES = {
    "real": "real alone",
    "classic": "real, classic augmentation",
    "source": "+ line A as it is",
    "blend": "+ blended",
    "cyclegan": "+ CycleGAN",
}


def write_results(run, rows, distances, class_names):
    """Write `table.md`, `metrics.json` and the figures.

    Args:
        run: the `Run`.
        rows: list of dicts with `arm`, `shots`, `seed`, `accuracy`, `recall`.
        distances: dict from set to `fid`, `kid` and `images`, or `None`.
        class_names: line B's classes.

    Returns:
        The tables, as markdown.
    """
    from rkd_keras.evaluate.figure_style import save_figure

    groups = defaultdict(list)
    for row in rows:
        groups[row["arm"], row["shots"]].append(row)
    tables = [_accuracy_table(groups)]
    figure = plot_shots(groups)
    if figure is not None:
        save_figure(figure, run.figures / "shots.png")
    if distances:
        tables.append(_distance_table(distances))
    pair = [groups.get((f"figure10_{word}", None)) for word in ("original", "migrated")]
    if all(pair):
        tables.append(_figure10_table(*pair))
        save_figure(plot_figure10(*pair), run.figures / "figure10.png")
    text = "\n\n".join(tables) + "\n"
    (run.path / "table.md").write_text(text, encoding="utf-8")
    summary = [
        {"arm": arm, "shots": shots, **_summary(group)}
        for (arm, shots), group in groups.items()
    ]
    run.write_json(
        "metrics.json",
        {
            "class_names": list(class_names),
            "summary": summary,
            "distances": distances,
        },
    )
    return text


def plot_shots(groups):
    """Draw accuracy over the number of real samples, a line for each arm."""
    from rkd_keras.evaluate.figure_style import COLORS, new_figure, styled

    shots = sorted({s for _, s in groups if s is not None})
    if not shots:
        return None

    @styled
    def draw():
        figure = new_figure(5.4, 3.4)
        axes = figure.add_subplot()
        for color, (arm, name) in zip(COLORS, NAMES.items(), strict=False):
            points = [
                (s, _summary(groups[arm, s])) for s in shots if (arm, s) in groups
            ]
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

    return draw()


def plot_figure10(original, migrated):
    """Draw each class's recall on original and on migrated samples as bars."""
    import numpy as np

    from rkd_keras.evaluate.figure_style import BLUE, YELLOW, new_figure, styled

    @styled
    def draw():
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

    return draw()


def _summary(group):
    import numpy as np

    values = np.array([row["accuracy"] for row in group])
    recalls = {
        name: [row["recall"][name] for row in group] for name in group[0]["recall"]
    }
    return {
        "seeds": len(values),
        "accuracy": float(values.mean()),
        "accuracy_spread": float(values.std(ddof=1)) if len(values) > 1 else 0.0,
        "recall": {name: float(np.mean(v)) for name, v in recalls.items()},
        "test_images": group[0]["images"],
    }


def _cell(group):
    summary = _summary(group)
    return f"{100 * summary['accuracy']:.1f} ± {100 * summary['accuracy_spread']:.1f}"


def _accuracy_table(groups):
    shots = sorted({s for _, s in groups if s is not None})
    seeds = max((len(g) for g in groups.values()), default=0)
    lines = [
        f"Test accuracy on line B (%), mean and standard deviation of {seeds} seeds",
        "",
        "| trained on | " + " | ".join(f"k = {s}" for s in shots) + " |",
        "|---" * (len(shots) + 1) + "|",
    ]
    for arm, name in NAMES.items():
        cells = [_cell(groups[arm, s]) if (arm, s) in groups else "-" for s in shots]
        if any(cell != "-" for cell in cells):
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _distance_table(distances):
    lines = [
        "Distance to line B's real images in the classifier's embedding "
        f"({next(iter(distances.values()))['images']} images of each)",
        "",
        "| samples | FID | KID |",
        "|---|---|---|",
    ]
    for name, row in distances.items():
        lines.append(f"| {name} | {row['fid']:.3f} | {row['kid']:.4f} |")
    return "\n".join(lines)


def _figure10_table(original, migrated):
    before, after = _summary(original), _summary(migrated)
    lines = [
        "Figure 10: classifier trained and tested on original and on migrated samples "
        f"(%, {before['seeds']} seeds)",
        "",
        "| class | original | migrated |",
        "|---|---|---|",
    ]
    for name in before["recall"]:
        pair = [f"{100 * s['recall'][name]:.1f}" for s in (before, after)]
        lines.append(f"| {name} | {pair[0]} | {pair[1]} |")
    lines.append(f"| **all** | {_cell(original)} | {_cell(migrated)} |")
    return "\n".join(lines)
