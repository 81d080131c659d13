"""The end of a pipeline: files for the line, their times, what was worth what."""

from rkd_keras.errors import InputError

EXPORTS = (
    ("student.onnx", None),
    ("student.tflite", None),
    ("student_int8.tflite", "int8"),
    ("saved_model", None),
)


def export_all(steps, result):
    """Export to each format; a file that does not decide alike is left out.

    Args:
        steps: the `Steps` that are told.
        result: a `Pipeline`, whose `exported` and `refused` are filled.
    """
    run = result.student
    steps.begin("Export, each file checked in its own runtime")
    for name, quantize in EXPORTS:
        path = run.path / name
        words = ["rkd-keras", "export", str(run.path), "--out", str(path)]
        steps.command([*words, *(["--quantize", quantize] if quantize else [])])
        try:
            exported = run.export(path, quantize=quantize, overwrite=True, quiet=True)
        except InputError as error:
            # A student that is unsure may decide otherwise after rounding.
            result.refused[name] = str(error)
            steps.say(f"left out: {error}")
        else:
            result.exported.append(exported)
            if exported.repair:
                steps.say(exported.repair)


def time_all(steps, result):
    """Time what was exported, into the run's `benchmark.json`.

    Args:
        steps: the `Steps` that are told.
        result: a `Pipeline`.
    """
    from rkd_keras.export.timing import benchmark

    run = result.student
    files = [exported.path for exported in result.exported]
    out = run.path / "benchmark.json"
    words = ["rkd-keras", "benchmark", *map(str, files), "--json", str(out)]
    steps.begin("Latency of one image on one processor core")
    steps.command(words)
    if files:
        benchmark(files, json=out, runs=200, overwrite=True, quiet=True)


def compared(result, unlabelled=0):
    """What was trained, side by side.

    Args:
        result: a `Pipeline`.
        unlabelled: images without a label that the student learnt from as well.
            Defaults to `0`.

    Returns:
        List of dicts that JSON can hold, see `Run.compared`; empty for one network.
    """
    rows = []
    for name, run in (
        ("the teacher", result.teacher),
        ("the student alone", result.alone),
        ("the student, distilled" if result.teacher else "the student", result.student),
    ):
        if run is not None:
            rows.append(
                {
                    "name": f"{name} ({run.settings.model})",
                    "accuracy": run.scores["accuracy"],
                    "parameters": _parameters(run.model),
                    "images": len(run.split["train"])
                    + (run is result.student and unlabelled),
                    "epochs": len(run.history["epoch"]),
                }
            )
    return rows if len(rows) > 1 else []


def _parameters(model):
    """Count what is trained, as the docs and `rkd-keras models` do."""
    import math

    return sum(math.prod(weight.shape) for weight in model.trainable_weights)
