"""`rkd-keras benchmark`: time models of any kind side by side."""

from pathlib import Path

from rkd_keras.cli.command import command
from rkd_keras.cli.table import print_table
from rkd_keras.export.timing.side_by_side import benchmark


def show(results):
    """Print a table of the times, a line a model and runtime."""
    threads = results[0]["threads"]
    scored = [r for r in results if r.get("accuracy") is not None]
    rows = [
        (
            Path(r["model"]).name,
            r["runtime"],
            f"{r['median_ms']:.3f}",
            f"{r['p95_ms']:.3f}",
            f"{r['p99_ms']:.3f}",
            f"{r['images_per_s']:.0f}",
            f"{r['size_bytes'] / 1e6:.2f}",
            "-" if r["peak_mb"] is None else f"{r['peak_mb']:.0f}",
            *(_scores(r) if scored else ()),
        )
        for r in results
    ]
    print_table(
        (
            "model",
            "runtime",
            "median ms",
            "p95 ms",
            "p99 ms",
            "images/s",
            "MB",
            "peak MB",
            *(("acc. %", "equal") if scored else ()),
        ),
        rows,
        f"one image, {threads} thread{'s' if threads > 1 else ''}",
        names=("model", "runtime"),
    )
    if scored:
        print(
            f"accuracy on {scored[0]['images']} images; equal: verdicts as the first "
            "line's"
        )


def _scores(result):
    if result["accuracy"] is None:
        return "-", "-"
    return f"{100 * result['accuracy']:.2f}", str(result["equal_verdicts"])


benchmark = command(
    benchmark,
    show,
    "rkd-keras benchmark student_int8.tflite student.onnx --json times.json",
)
