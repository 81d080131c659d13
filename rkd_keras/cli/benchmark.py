"""`rkd-keras benchmark`: time models of any kind side by side."""

from pathlib import Path

from rkd_keras.cli.command import command
from rkd_keras.export.timing.side_by_side import benchmark


def show(results):
    """Print a table of the times, a line a model and runtime."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from rkd_keras.files.names import printable

    threads = results[0]["threads"]
    table = Table(title=f"one image, {threads} thread{'s' if threads > 1 else ''}")
    for title in ("model", "runtime"):
        table.add_column(title)
    for title in ("median ms", "p95 ms", "p99 ms", "images/s", "MB", "peak MB"):
        table.add_column(title, justify="right")
    for r in results:
        table.add_row(
            escape(printable(Path(r["model"]).name)),
            r["runtime"],
            f"{r['median_ms']:.3f}",
            f"{r['p95_ms']:.3f}",
            f"{r['p99_ms']:.3f}",
            f"{r['images_per_s']:.0f}",
            f"{r['size_bytes'] / 1e6:.2f}",
            "-" if r["peak_mb"] is None else f"{r['peak_mb']:.0f}",
        )
    Console().print(table)


benchmark = command(
    benchmark,
    show,
    "rkd-keras benchmark student_int8.tflite student.onnx --json times.json",
)
