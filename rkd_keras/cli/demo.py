"""`rkd-keras demo`: the whole pipeline, from images to a report."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from rkd_keras.cli import options as o
from rkd_keras.errors import InputError

STEPS = 7


def demo(
    data: Annotated[
        Path | None,
        typer.Option(help="Real images; strips are drawn when this is left out."),
    ] = None,
    out: o.Out = Path("runs/demo"),
    epochs: Annotated[int, typer.Option(help="Epochs of teacher and student.")] = 20,
    per_class: Annotated[
        int, typer.Option(help="Drawn images of each class, without --data.")
    ] = 100,
    seed: o.Seed = 0,
    overwrite: o.Overwrite = False,
):
    """Train a small teacher, distil it, check, export and time the student.

    Ends with a report.html. Takes a few minutes on two processor cores.

    Example: rkd-keras demo --data NEU-DET --out runs/demo
    """
    from rich.console import Console

    console = Console()
    if out.exists() and any(out.iterdir()) and not overwrite:
        raise InputError(
            f"{out} is not empty; begin again with --overwrite or give another --out"
        )
    run_demo(data, out, epochs, per_class, seed, console)


def run_demo(data, out, epochs, per_class, seed, console):
    """Do the demo's steps; see the command."""
    from rkd_keras.cli.report_scores import print_scores
    from rkd_keras.runs.experiment import Settings, run_experiment
    from rkd_keras.runs.start_tensorflow import start_tensorflow

    def step(number, text):
        console.rule(f"[bold]{number}/{STEPS}[/] {text}", align="left")

    start_tensorflow()
    from rkd_keras.data import open_dataset

    step(1, "Images")
    if data is None:
        data = _drawn(out / "strips", per_class, seed)
    split = _protocol(data)
    common = Settings(
        data=str(data),
        out=str(out / "teacher"),
        split=split,
        seed=seed,
        epochs=epochs,
        # Few images: smaller batches make more steps of an epoch.
        batch_size=16 if len(open_dataset(data)) < 1000 else None,
        overwrite=True,
    )
    console.print(f"{data}, split {split}")

    step(2, "Teacher: SARSN34, a quarter of the width")
    teacher = replace(
        common, model="sarsn34", model_options={"width": 0.25, "stem_stride": 2}
    )
    print_scores(run_experiment(teacher).scores)

    step(3, "Student: ResNet18, a quarter of the width, by RKD and KD")
    student = replace(
        common,
        out=str(out / "student"),
        model="resnet18",
        model_options={"width": 0.25, "stem_stride": 2},
        teacher=str(out / "teacher"),
        evaluate="none",
    )
    run_experiment(student)

    step(4, "Evaluation of the student")
    from rkd_keras.runs import evaluate

    run = out / "student"
    evaluate(run, split="test")

    step(5, "Export, each file checked in its own runtime")
    exports = _export(run, console)

    step(6, "Latency of one image on one processor core")
    from rkd_keras.cli.benchmark import benchmark

    benchmark(exports, runs=200, json=run / "benchmark.json", overwrite=True)

    step(7, "Report")
    from rkd_keras.runs import report

    console.print(f"[bold green]done[/]: open {report(run)}")


def _drawn(folder, per_class, seed):
    from rkd_keras.data.synthetic import write_dataset

    if not folder.exists():
        write_dataset(folder, per_class=per_class, seed=seed)
    return folder


def _protocol(data):
    """Return NEU-600 for the NEU database, the data's own parts, or a third."""
    from rkd_keras.data import open_dataset

    index = open_dataset(data)
    if len(index) == 1800 and len(index.class_names) == 6:
        return "neu-600"
    return "given" if {"train", "test"} <= set(index.parts) else "holdout"


def _export(run, console):
    """Export to each format; a file that does not decide alike is left out."""
    from rkd_keras.runs import export

    exports = []
    for name, quantize in (
        ("student.onnx", None),
        ("student.tflite", None),
        ("student_int8.tflite", "int8"),
        ("saved_model", None),
    ):
        path = run / name
        try:
            export(run / "model.keras", out=path, quantize=quantize, overwrite=True)
        except InputError as error:
            # A student that is unsure may decide otherwise after rounding.
            console.print(f"[yellow]left out[/]: {error}")
        else:
            exports.append(path)
    return exports
