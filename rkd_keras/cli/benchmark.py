"""`rkd-keras benchmark`: time models of any kind side by side."""

from pathlib import Path
from typing import Annotated

import typer

from rkd_keras.errors import InputError


def benchmark(
    models: Annotated[
        list[Path],
        typer.Argument(help="Model files of any kind, or run directories."),
    ],
    json: Annotated[
        Path | None, typer.Option(help="File to write the numbers to.")
    ] = None,
    threads: Annotated[int, typer.Option(help="Processor threads of each.")] = 1,
    runs: Annotated[int, typer.Option(help="Timed single images of each.")] = 1000,
    batch: Annotated[int, typer.Option(help="Images a call, for throughput.")] = 64,
    reference: Annotated[
        Path | None,
        typer.Option(
            help=".keras file to time under Keras, ONNX Runtime and PyTorch as well; "
            "the first .keras given, or model.keras beside the first file."
        ),
    ] = None,
    references: Annotated[
        bool,
        typer.Option(
            "--references/--no-references", help="Time the reference runtimes too."
        ),
    ] = True,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an existing JSON file.")
    ] = False,
):
    """Time models: latency of one image, throughput, size, peak memory.

    Each model runs in a process of its own, and the processes take turns in
    short rounds, so that a busy machine slows all of them alike and their ratios
    hold. The same network is timed under plain Keras, ONNX Runtime and, where it
    is installed, PyTorch for comparison.

    Example: rkd-keras benchmark student_int8.tflite student.onnx --json times.json
    """
    import tempfile

    from rkd_keras.export.timing.processes import measure
    from rkd_keras.predict.quiet_stderr import quiet_stderr

    for name, value in (("threads", threads), ("runs", runs), ("batch", batch)):
        if value < 1:
            raise InputError(f"--{name} must be at least 1, not {value}")
    if json is not None and json.exists() and not overwrite:
        raise InputError(
            f"{json} exists already; replace it with --overwrite or give another --json"
        )
    models = [m / "model.keras" if (m / "model.keras").is_file() else m for m in models]
    with tempfile.TemporaryDirectory() as folder:
        subjects = [_subject(model) for model in models]
        if references:
            with quiet_stderr():
                subjects += _references(models, reference, Path(folder))
        results = measure(subjects, threads, runs, batch)
    print_results(results, threads)
    if json is not None:
        write_results(json, results, threads, runs, batch)


def _subject(model):
    from rkd_keras.predict.containers import kind_of

    kind = kind_of(model)
    runtime = {
        "keras": "Keras call",
        "saved_model": "TensorFlow",
        "tflite": "LiteRT",
        "onnx": "ONNX Runtime",
    }[kind]
    return {"model": str(model), "runtime": runtime, "role": "predictor"}


def _references(models, reference, folder):
    """Say how else the reference network is to be run."""
    from importlib.util import find_spec

    from rkd_keras.predict.containers import kind_of

    if reference is None:
        keras = [model for model in models if kind_of(model) == "keras"]
        beside = models[0].parent / "model.keras"
        reference = keras[0] if keras else beside if beside.is_file() else None
    if reference is None:
        return []
    if kind_of(reference) != "keras":
        raise InputError(f"--reference must be a .keras file, not {reference}")
    name = str(reference)
    subjects = [{"model": name, "runtime": "Keras predict", "role": "keras"}]
    if not any(kind_of(model) == "onnx" for model in models):
        onnx = folder / "reference.onnx"
        subjects.append(
            {
                "model": name,
                "file": str(_converted(reference, onnx)),
                "runtime": "ONNX Runtime",
                "role": "predictor",
            }
        )
    if find_spec("torch") is not None:
        subjects.append({"model": name, "runtime": "PyTorch", "role": "torch"})
    return subjects


def _converted(reference, path):
    from rkd_keras.export.onnx import convert_to_onnx
    from rkd_keras.export.serving_model import serving_model
    from rkd_keras.models import load_model
    from rkd_keras.predict import read_card, write_card

    card = read_card(reference)
    serving = serving_model(load_model(reference, threads=1), card["temperature"])
    path.write_bytes(convert_to_onnx(serving))
    write_card(path, card)
    return path


def print_results(results, threads):
    """Print the table of `measure`'s results."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=f"one image, {threads} thread{'s' if threads > 1 else ''}")
    for title in ("model", "runtime"):
        table.add_column(title)
    for title in ("median ms", "p95 ms", "p99 ms", "images/s", "MB", "peak MB"):
        table.add_column(title, justify="right")
    for r in results:
        table.add_row(
            escape(Path(r["model"]).name),
            r["runtime"],
            f"{r['median_ms']:.3f}",
            f"{r['p95_ms']:.3f}",
            f"{r['p99_ms']:.3f}",
            f"{r['images_per_s']:.0f}",
            f"{r['size_bytes'] / 1e6:.2f}",
            "-" if r["peak_mb"] is None else f"{r['peak_mb']:.0f}",
        )
    Console().print(table)


def write_results(path, results, threads, runs, batch):
    """Write results, settings and the machine as JSON."""
    import json
    import os
    import platform

    from rkd_keras.export.timing.machine import processor
    from rkd_keras.files.replacing import replacing

    content = {
        "settings": {"threads": threads, "runs": runs, "batch": batch},
        "machine": {
            "processor": processor(),
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "results": results,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
