"""What `rkd-keras measure` prints: tables of images, of classes, of methods."""

import os

from rkd_keras.cli.table import print_table
from rkd_keras.files.names import printable

SPREADS = {"area": 0, "perimeter": 0, "area_ratio": 2, "k": 3, "count": 1}


def print_images(rows):
    """Print one line per image.

    Args:
        rows: list of dicts of an image's values.
    """
    columns = (
        "file",
        "class",
        "defects",
        "area %",
        "K",
        "longest",
        "severity",
        "decision",
    )
    lines = []
    # What all share would fold every name.
    folder = os.path.commonpath([os.path.dirname(row["file"]) for row in rows])
    for row in rows:
        class_name = row.get("label") or row["true_class"] or "-"
        k = "-" if row["k"] is None else f"{row['k']:.3f}"
        if row["count"] is None:
            decision = f"{row['decision']}: {row['decisive_rule']}"
            cells = ("-", "-", k, "-", "-", decision)
        else:
            cells = (
                row["count"],
                f"{row['area_ratio']:.2f}",
                k,
                f"{row['longest']:.4g} {row['unit']}",
                row["severity"],
                row["decision"],
            )
        name = os.path.relpath(row["file"], folder) if folder else row["file"]
        lines.append((name, class_name, *cells))
    title = f"in {printable(folder)}" if folder else None
    print_table(columns, lines, title, names=("file", "class", "decision"))


def print_class_table(table, separation):
    """Print Table 7 beside the paper's, and what separates the classes.

    Args:
        table: as of `rkd_keras.measure.class_table`.
        separation: as of `rkd_keras.measure.class_separation`.
    """
    from rich.console import Console

    from rkd_keras.measure import PAPER_TABLE_7

    lines = []
    for row in table:
        paper = PAPER_TABLE_7.get(row["class"])
        theirs = [f"{paper['area_ratio']:.2f}", f"{paper['k']:.3f}"] if paper else "--"
        spreads = (_spread(row, *column) for column in SPREADS.items())
        lines.append((row["class"], row["images"], *spreads, *theirs))
    print_table(
        ("class", "images", "area", "perimeter", "ratio %", "K", "defects")
        + ("paper: ratio %", "K"),
        lines,
        "Table 7 (mean ± standard deviation over images; ratio: share of the area)",
    )
    if len(table) < 2:
        return
    explained = sorted(separation["explained"].items(), key=lambda item: -item[1])
    text = ", ".join(f"{name} {100 * share:.0f} %" for name, share in explained)
    Console().print(f"share of the variance (of ranks) between classes: {text}")
    pairs = [
        (" / ".join(pair["classes"]), pair["feature"], f"{pair['auc']:.3f}")
        for pair in separation["pairs"]
    ]
    print_table(
        ("classes", "told apart best by", "area under ROC"),
        pairs,
        names=("classes", "told apart best by"),
    )


def _spread(row, name, digits):
    if row[name] is None:
        return "-"
    return f"{row[name]:.{digits}f} ± {row[name + '_sd']:.{digits}f}"


def print_methods(comparison):
    """Print how well segmentations agree with masks, the best first.

    Args:
        comparison: `MaskComparison`.
    """
    methods = comparison.methods
    classes = [key for key in next(iter(methods.values()))["all"] if key != "mean"]
    lines = [
        (
            name,
            *(f"{result['all'][c]:.3f}" for c in (*classes, "mean")),
            *(f"{result.get(h, {}).get('mean', 0):.3f}" for h in ("tune", "check")),
            f"{result['ms']:.1f}",
        )
        for name, result in sorted(methods.items(), key=lambda r: -r[1]["all"]["mean"])
    ]
    print_table(
        ("method", *classes, "mean", "tune half", "check half", "ms/image"),
        lines,
        f"Intersection over union, {comparison.count} images",
    )
