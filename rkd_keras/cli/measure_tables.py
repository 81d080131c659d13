"""What `rkd-keras measure` prints: tables of images, of classes, of methods."""

import sys


def print_images(rows):
    """Print one line per image.

    Args:
        rows: list of dicts of an image's values.
    """
    from rich.markup import escape
    from rich.table import Table

    columns = ("file", "class", "defects", "area %", "K", "longest", "severity", "")
    table = Table(*columns)
    for row in rows:
        k = "-" if row["k"] is None else f"{row['k']:.3f}"
        if row["count"] is None:
            cells = (
                "-",
                "-",
                k,
                "-",
                "-",
                f"{row['decision']}: {row['decisive_rule']}",
            )
        else:
            cells = (
                str(row["count"]),
                f"{row['area_ratio']:.2f}",
                k,
                f"{row['longest']:.4g} {row['unit']}",
                str(row["severity"]),
                row["decision"],
            )
        table.add_row(
            escape(row["file"]),
            escape(row.get("label") or row["true_class"] or "-"),
            *cells,
        )
    _console(90 + max(len(row["file"]) for row in rows)).print(table)


def _console(width=120):
    """In a file or a pipe there is room for the whole table."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else width)


def print_class_table(table, separation):
    """Print Table 7 beside the paper's, and what separates the classes.

    Args:
        table: as of `rkd_keras.measure.class_table`.
        separation: as of `rkd_keras.measure.class_separation`.
    """
    from rich.markup import escape
    from rich.table import Table

    from rkd_keras.measure import PAPER_TABLE_7

    shown = Table(
        "class",
        "images",
        "area",
        "perimeter",
        "area ratio %",
        "K",
        "defects",
        "paper: ratio %",
        "K",
        title="Table 7 (mean ± standard deviation over images)",
    )
    for row in table:
        paper = PAPER_TABLE_7.get(row["class"])
        shown.add_row(
            escape(row["class"]),
            str(row["images"]),
            *(
                _spread(row, *column)
                for column in (
                    ("area", 0),
                    ("perimeter", 0),
                    ("area_ratio", 2),
                    ("k", 3),
                    ("count", 1),
                )
            ),
            f"{paper['area_ratio']:.2f}" if paper else "-",
            f"{paper['k']:.3f}" if paper else "-",
        )
    console = _console(140)
    console.print(shown)
    if len(table) < 2:
        return
    explained = sorted(separation["explained"].items(), key=lambda item: -item[1])
    text = ", ".join(f"{name} {100 * share:.0f} %" for name, share in explained)
    console.print(f"share of the variance (of ranks) between classes: {text}")
    shown = Table("classes", "told apart best by", "area under ROC")
    for pair in separation["pairs"]:
        shown.add_row(
            " / ".join(pair["classes"]), pair["feature"], f"{pair['auc']:.3f}"
        )
    console.print(shown)


def _spread(row, name, digits):
    if row[name] is None:
        return "-"
    return f"{row[name]:.{digits}f} ± {row[name + '_sd']:.{digits}f}"


def print_methods(comparison):
    """Print how well segmentations agree with masks, the best first.

    Args:
        comparison: `MaskComparison`.
    """
    from rich.table import Table

    methods = comparison.methods
    classes = [key for key in next(iter(methods.values()))["all"] if key != "mean"]
    table = Table(
        "method",
        *classes,
        "mean",
        "tune half",
        "check half",
        "ms/image",
        title=f"Intersection over union, {comparison.count} images",
    )
    for name, result in sorted(methods.items(), key=lambda r: -r[1]["all"]["mean"]):
        table.add_row(
            name,
            *(f"{result['all'][c]:.3f}" for c in (*classes, "mean")),
            *(f"{result.get(h, {}).get('mean', 0):.3f}" for h in ("tune", "check")),
            f"{result['ms']:.1f}",
        )
    _console().print(table)
