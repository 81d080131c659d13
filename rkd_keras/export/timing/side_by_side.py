"""Time models of any kind side by side."""

from pathlib import Path
from typing import Annotated, Any

from rkd_keras.errors import InputError
from rkd_keras.options import AnyPath, AnyPaths, Option, Overwrite, Quiet, checked


@checked
def benchmark(
    models: Annotated[
        AnyPaths,
        Option("Model files of any kind, or run directories.", positional=True),
    ],
    json: Annotated[AnyPath | None, Option("File to write the numbers to.")] = None,
    threads: Annotated[int, Option("Processor threads of each.", at_least=1)] = 1,
    runs: Annotated[int, Option("Timed single images of each.", at_least=1)] = 1000,
    batch: Annotated[int, Option("Images a call, for throughput.", at_least=1)] = 64,
    reference: Annotated[
        AnyPath | None,
        Option(
            ".keras file to time under Keras, ONNX Runtime and PyTorch as well; the "
            "first .keras given, or model.keras beside the first file."
        ),
    ] = None,
    references: Annotated[bool, Option("Time the reference runtimes too.")] = True,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> list[dict[str, Any]]:
    """Time models: latency of one image, throughput, size, peak memory.

    Each model runs in a process of its own, and the processes take turns in
    short rounds, so that a busy machine slows all of them alike and their ratios
    hold. The same network is timed under plain Keras, ONNX Runtime and, where it
    is installed, PyTorch for comparison.

    Returns:
        List of dicts, one a model and runtime: `model`, `runtime`, `median_ms`,
        `p95_ms`, `p99_ms` of a single image, `images_per_s`, `size_bytes`,
        `peak_mb` (the process's largest resident memory, `None` where the system
        does not tell), `load_s`, `runs`, `threads`.

    Raises:
        InputError: when a model cannot be opened, or `json` exists.

    Example:
        >>> from rkd_keras.predict.load import BUNDLED
        >>> student = BUNDLED["edge_resnet_tiny"]
        >>> (times,) = benchmark([student], runs=20, batch=4, quiet=True)
        >>> times["runtime"], times["runs"], times["median_ms"] > 0
        ('LiteRT', 20, True)
    """
    import tempfile

    from rkd_keras.export.timing.processes import measure
    from rkd_keras.export.timing.subjects import reference_subjects, subject
    from rkd_keras.files.model_file import model_file
    from rkd_keras.files.results import check_targets
    from rkd_keras.predict.quiet_stderr import quiet_stderr

    files = [model_file(m) for m in models]
    if not files:
        raise InputError("give at least one model file")
    if json is not None:
        check_targets([json], files, overwrite, option="--json")
    if reference is not None:
        reference = model_file(reference)
    with tempfile.TemporaryDirectory() as folder:
        subjects = [subject(file) for file in files]
        if references:
            with quiet_stderr():
                subjects += reference_subjects(files, reference, Path(folder))
        results = measure(subjects, threads, runs, batch, not quiet)
    if json is not None:
        _write(json, results, {"threads": threads, "runs": runs, "batch": batch})
    return results


def _write(path, results, settings):
    """Write results, settings and the machine as JSON."""
    import json

    from rkd_keras.export.timing.machine import machine
    from rkd_keras.files.replacing import replacing
    from rkd_keras.files.results import make_folder

    content = {"settings": settings, "machine": machine(), "results": results}
    make_folder(path.parent)
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
