"""`rkd-keras predict`: classify images with a model of any kind."""

from pathlib import Path
from typing import Annotated

import typer

from rkd_keras.cli import options as o
from rkd_keras.errors import InputError


def predict(
    images: Annotated[list[str], typer.Argument(help="Images, folders or globs.")],
    model: Annotated[
        Path | None,
        typer.Option(
            help=".tflite, .onnx, .keras, SavedModel or run directory; the student "
            "that comes with the package when left out."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help=".csv or .json file; a table when left out.")
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Images at a time.")] = 32,
    threads: Annotated[int, typer.Option(help="Processor threads.")] = 1,
    strict: o.Strict = False,
    quiet: o.Quiet = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an existing file.")
    ] = False,
):
    """Classify images: files, folders or globs.

    Every image gets a class with a calibrated probability, or the verdict
    "unknown" where the surface is none of the classes. TFLite and ONNX files
    need no TensorFlow.

    Example: rkd-keras predict strips/ --model student.tflite --out verdicts.csv
    """
    from rich.console import Console

    from rkd_keras.files.images import list_images
    from rkd_keras.predict import load
    from rkd_keras.predict.quiet_stderr import quiet_stderr

    if out is not None and out.suffix.lower() not in (".csv", ".json"):
        raise InputError(f"--out must end in .csv or .json, not {out.name!r}")
    if out is not None and out.exists() and not overwrite:
        raise InputError(
            f"{out} exists already; replace it with --overwrite or give another --out"
        )
    files = list_images(images)
    if model is not None and (model / "model.keras").is_file():
        model = model / "model.keras"
    with quiet_stderr():
        predictor = load(model, threads=threads)
    console = Console(stderr=True)
    rows, skipped = classify(predictor, files, batch_size, strict, quiet, console)
    for message in skipped:
        console.print(f"! {message}", markup=False, highlight=False, soft_wrap=True)
    if skipped:
        console.print(f"{len(skipped)} of {len(files)} images were left out")
    if not rows:
        raise InputError(f"none of {len(files)} images could be decoded")
    if out is None:
        _print_table(rows)
    else:
        write_rows(out, rows, predictor)
        console.print(f"{len(rows)} verdicts written to {out}", markup=False)


def classify(predictor, files, batch_size, strict, quiet, console):
    """Classify files and say which could not be decoded.

    Returns:
        A list of `(file, Verdict)` and a list of messages.
    """
    from rich.progress import track

    kept, skipped = [], []

    def readable():
        shown = track(
            files,
            "classifying",
            console=console,
            transient=True,
            disable=quiet or len(files) < 100,
        )
        for file in shown:
            try:
                image = predictor.prepare(file)
            except InputError as error:
                if strict:
                    raise
                skipped.append(str(error))
                continue
            kept.append(file)
            yield image

    verdicts = list(predictor.stream(readable(), batch_size))
    return list(zip(kept, verdicts, strict=True)), skipped


def write_rows(out, rows, predictor):
    """Write verdicts as CSV or JSON, by the file's suffix."""
    import csv
    import json
    from dataclasses import asdict

    from rkd_keras.files.replacing import replacing

    out.parent.mkdir(parents=True, exist_ok=True)
    with replacing(out) as temporary:
        if out.suffix.lower() == ".json":
            content = [{"file": str(file), **asdict(v)} for file, v in rows]
            text = json.dumps(content, indent=1, ensure_ascii=False)
            temporary.write_text(text + "\n", encoding="utf-8")
            return
        with temporary.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(
                ["file", "label", "class_name", "probability", "unknown_score"]
                + [f"p_{name}" for name in predictor.class_names]
            )
            for file, v in rows:
                score = "" if v.unknown_score is None else f"{v.unknown_score:.6g}"
                values = [f"{p:.6f}" for p in (v.probability, *v.probabilities)]
                writer.writerow(
                    [file, v.label, v.class_name, values[0], score, *values[1:]]
                )


def _print_table(rows):
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("file", "verdict", "probability", "unknown score")
    for file, verdict in rows:
        score = verdict.unknown_score
        label = escape(verdict.label)
        if verdict.is_unknown:
            label = f"[yellow]{label}[/] ({escape(verdict.class_name)}?)"
        table.add_row(
            escape(str(file)),
            label,
            f"{verdict.probability:.3f}",
            "-" if score is None else f"{score:.1f}",
        )
    Console().print(table)
