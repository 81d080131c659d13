"""Render a comparison: its tables and its report."""

from pathlib import Path

from rkd_keras.files.replacing import replacing
from rkd_keras.studies.comparison.published import TABLE_6, published_accuracy
from rkd_keras.studies.tables import markdown, mean_and_spread, percent_cell

GAIN = "GMean gain on the first"


def group_rows(results):
    """Gather finished rows over their seeds.

    Args:
        results: list of the dicts that `run_row` returns.

    Returns:
        Dict of `(entry, loss, split)` to its list of rows, in order.
    """
    groups = {}
    for row in results:
        groups.setdefault((row["label"], row["loss"], row["split"]), []).append(row)
    return groups


def score_table(groups, latency):
    """Make the main table: scores with spread, sizes, times, and the paper's.

    Args:
        groups: as of `group_rows`.
        latency: dict of entry to times, may be empty.

    Returns:
        `(titles, lines)`, texts; columns that would be empty are left out.
    """
    columns = {
        "model": lambda g, rows: g[0],
        "loss": lambda g, rows: g[1],
        "split": lambda g, rows: g[2],
        "seeds": lambda g, rows: str(len(rows)),
        "accuracy %": lambda g, rows: _percent(rows, "accuracy"),
        "macro recall %": lambda g, rows: _percent(rows, "macro_recall"),
        "GMean %": lambda g, rows: _percent(rows, "gmean"),
        "worst recall %": lambda g, rows: _percent(rows, "worst_recall"),
        GAIN: lambda g, rows: _gain(groups, g, rows),
        "cross-validation %": lambda g, rows: _validation(rows),
        "chosen": lambda g, rows: _chosen(rows[0].get("options", {})),
        "parameters": lambda g, rows: _whole(rows[0].get("parameters")),
        "multiply-adds (M)": lambda g, rows: _millions(rows[0].get("multiply_adds")),
        "float32 ms": lambda g, rows: _ms(latency, g[0], "float32_ms"),
        "int8 ms": lambda g, rows: _ms(latency, g[0], "int8_ms"),
        "int8 MB": lambda g, rows: _mb(latency, g[0], "int8_bytes"),
        "int8 accuracy %": lambda g, rows: _share(latency, g[0], "int8_accuracy"),
        "paper: accuracy %": lambda g, rows: _paper_accuracy(g[0]),
        "paper: parameters": lambda g, rows: _paper(g[0], 2, _whole),
        "paper: ms": lambda g, rows: _paper(g[0], 3, lambda v: f"{v:g}"),
    }
    lines = [[make(g, rows) for make in columns.values()] for g, rows in groups.items()]
    return _without_empty(list(columns), lines, constant=("loss", "split"))


def size_table(latency):
    """Make the table of sizes and times alone, where nothing was trained."""
    titles = ["model", "parameters", "multiply-adds (M)", "float32 ms", "int8 ms"]
    titles += ["float32 MB", "int8 MB", "paper: parameters", "paper: ms"]
    lines = [
        [
            entry,
            _whole(times["parameters"]),
            _millions(times["multiply_adds"]),
            _ms(latency, entry, "float32_ms"),
            _ms(latency, entry, "int8_ms"),
            _mb(latency, entry, "float32_bytes"),
            _mb(latency, entry, "int8_bytes"),
            _paper(entry, 2, _whole),
            _paper(entry, 3, lambda v: f"{v:g}"),
        ]
        for entry, times in latency.items()
    ]
    return _without_empty(titles, lines)


def class_table(groups):
    """Make the table of recall per class (Figures 13 and 17)."""
    names = list(next(iter(groups.values()))[0]["per_class"])
    titles = ["model", "loss", "split", *(f"{name} %" for name in names)]
    lines = []
    for group, rows in groups.items():
        shares = [
            f"{100 * sum(row['per_class'][name] for row in rows) / len(rows):.1f}"
            for name in names
        ]
        lines.append([*group, *shares])
    return _without_empty(titles, lines, constant=("loss", "split"))


def noise_table(groups):
    """Make the table of accuracies under noise; `None` where none was measured."""
    noisy = {g: [r for r in rows if "noise" in r] for g, rows in groups.items()}
    noisy = {g: rows for g, rows in noisy.items() if rows}
    if not noisy:
        return None
    kinds = list(next(iter(noisy.values()))[0]["noise"])
    titles = ["model", "loss", "split", "seeds", "clean %"]
    titles += [f"{kind.replace(':', ' ')} %" for kind in kinds]
    lines = []
    for group, rows in noisy.items():
        line = [*group, str(len(rows)), _percent(rows, "accuracy")]
        for kind in kinds:
            values = [row["noise"][kind] for row in rows]
            line.append(percent_cell(values))
        lines.append(line)
    return _without_empty(titles, lines, constant=("loss", "split"))


def _without_empty(titles, lines, constant=()):
    """Drop columns without content, and `constant` ones that say one thing only."""
    kept = []
    for index, title in enumerate(titles):
        values = {line[index] for line in lines}
        if values <= {"", "-"} or (title in constant and len(values - {"-"}) < 2):
            continue
        kept.append(index)
    return [titles[i] for i in kept], [[line[i] for i in kept] for line in lines]


def _gain(groups, group, rows):
    """Difference to the split's first row, seed by seed.

    A seed decides which images train (and which class is rare), so that it moves
    all rows alike; the difference is free of that.
    """
    first = next(g for g in groups if g[2] == group[2])
    theirs = {row["seed"]: row["gmean"] for row in groups[first]}
    gains = [r["gmean"] - theirs[r["seed"]] for r in rows if r["seed"] in theirs]
    if group == first or len(gains) < 2:
        return "-"
    mean, spread = mean_and_spread([100 * gain for gain in gains])
    return f"{mean:+.2f} ± {spread:.2f}"


def _percent(rows, name):
    return percent_cell([row[name] for row in rows])


def _validation(rows):
    if "validation_accuracy" not in rows[0]:
        return "-"
    return _percent(rows, "validation_accuracy")


def _chosen(options):
    return ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in options.items()
    )


def _whole(value):
    return "-" if value is None else f"{value:,}"


def _millions(value):
    return "-" if value is None else f"{value / 1e6:,.1f}"


def _ms(latency, entry, name):
    value = latency.get(entry, {}).get(name)
    return "-" if value is None else f"{value:.2f}"


def _mb(latency, entry, name):
    value = latency.get(entry, {}).get(name)
    return "-" if value is None else f"{value / 1e6:.2f}"


def _share(latency, entry, name):
    value = latency.get(entry, {}).get(name)
    return "-" if value is None else f"{100 * value:.2f}"


def _paper_accuracy(entry):
    value = published_accuracy(entry)
    return "-" if value is None else f"{100 * value:.2f}"


def _paper(entry, index, show):
    return show(TABLE_6[entry][index]) if entry in TABLE_6 else "-"


def write_report(folder, budget, results, latency, class_recalls):
    """Write `report.md`: the tables and the figures.

    Args:
        folder: folder of the comparison.
        budget: one line that says what every row was given.
        results: finished rows.
        latency: dict of entry to times, may be empty.
        class_recalls: whether the table of recalls per class belongs in it.

    Returns:
        The path of the report.
    """
    groups = group_rows(results)
    text = f"# Comparison\n\n{budget}\n\n" if results else "# Sizes and times\n\n"
    if results:
        titles, lines = score_table(groups, latency)
        text += f"{markdown(titles, lines)}\n"
        text += "Scores are means ± sample standard deviations over the seeds, on the "
        text += "test part.\n"
        if GAIN in titles:
            text += "The gain is that of each seed, on the first row of its split.\n"
    else:
        text += f"{markdown(*size_table(latency))}\n"
    if latency:
        text += "Times are medians of one image on one core, all of one run.\n"
    for entry, times in latency.items():
        if "int8_error" in times:
            text += f"\n{entry}: {times['int8_error']}.\n"
    if ({group[0] for group in groups} | set(latency)) & set(TABLE_6):
        text += (
            "\nThe paper's columns are its Table 6 (GTX 1080 Ti). It counts "
            "SE-ResNet101 and ResNext101 with 100 classes, and its MobileNetV2, "
            "ResNext101 and ResNet34 are MobileNetV1, ResNeXt50 and ResNet18 by "
            "their parameters.\n"
        )
    noise = noise_table(groups) if groups else None
    if noise:
        text += f"\n## Accuracy under noise\n\n{markdown(*noise)}"
    if groups and class_recalls:
        text += f"\n## Recall per class\n\n{markdown(*class_table(groups))}"
    for figure in sorted((Path(folder) / "figures").glob("*.png")):
        text += f"\n![{figure.stem}](figures/{figure.name})\n"
    path = Path(folder) / "report.md"
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path
