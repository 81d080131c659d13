"""Time models of any kind side by side."""

from pathlib import Path
from typing import Annotated, Any

from rkd_keras.errors import InputError, OptionError
from rkd_keras.options import (
    AnyPath,
    AnyPaths,
    Option,
    Overwrite,
    Part,
    Quiet,
    Runtimes,
    SplitSeed,
    checked,
)


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
    runtimes: Runtimes = None,
    data: Annotated[
        AnyPath | None, Option("Labelled images to score each on, after the timing.")
    ] = None,
    split: Part = "test",
    protocol: Annotated[
        str | None,
        Option("Split protocol of --data, where no run's split.json tells."),
    ] = None,
    split_seed: SplitSeed = 0,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> list[dict[str, Any]]:
    """Time models: latency of one image, throughput, size, peak memory, accuracy.

    Each model runs in every runtime that is installed and knows such files, in a
    process of its own, and the processes take turns in short rounds, so that a busy
    machine slows all of them alike and their ratios hold. The same network is timed
    under plain Keras, ONNX Runtime and, where it is installed, PyTorch for
    comparison. With --data each is scored after that, and its verdicts are compared
    with those of the first.

    Returns:
        List of dicts, one a model and runtime: `model`, `runtime`, `median_ms`,
        `p95_ms`, `p99_ms` of a single image, `images_per_s`, `size_bytes`,
        `peak_mb` (the process's largest resident memory, `None` where the system
        does not tell), `load_s`, `runs`, `threads`; with `data` also `images`,
        `accuracy` (the unknown verdict left aside) and `equal_verdicts` (how many are
        those of the first), which are `None` where a runtime gives no verdicts.

    Raises:
        InputError: when a model cannot be opened, `json` exists, no model goes by one
            of the runtimes, or nothing tells which images of `data` are meant.
        OptionError: for a split without data.

    Example:
        >>> from rkd_keras.predict.load import BUNDLED
        >>> student = BUNDLED["edge_resnet_tiny"]
        >>> (times,) = benchmark(
        ...     [student], runs=20, batch=4, runtimes=["litert"], quiet=True
        ... )
        >>> times["runtime"], times["runs"], times["median_ms"] > 0
        ('LiteRT', 20, True)
    """
    import tempfile

    from rkd_keras.export.timing.processes import measure
    from rkd_keras.export.timing.subjects import reference_subjects, subjects_of
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
    labelled = None
    if data is not None:
        labelled = _labelled(files[0], data, split, protocol, split_seed)
    elif protocol is not None:
        raise OptionError("protocol", "goes with --data alone")
    with tempfile.TemporaryDirectory() as folder:
        subjects = [each for file in files for each in subjects_of(file, runtimes)]
        if not subjects:
            raise InputError(
                f"none of the files goes by runtime {' or '.join(runtimes)}, or it is "
                "not installed"
            )
        if references:
            with quiet_stderr():
                subjects += reference_subjects(files, reference, Path(folder))
        results = measure(subjects, threads, runs, batch, not quiet, labelled)
    if json is not None:
        _write(json, results, {"threads": threads, "runs": runs, "batch": batch})
    return results


def _labelled(model, data, split, protocol, split_seed):
    """Return files and class names of a part of the data."""
    from rkd_keras.data.reading.labelled import find_labelled, read_recorded

    record = model.parent / "split.json"
    recorded = read_recorded(record) if protocol is None else None
    found = find_labelled(data, split, recorded, record, protocol, 0, split_seed)
    if found.guessed:
        raise InputError(
            f"nothing tells which images of {data} are the {split} part; give the "
            "--protocol that the model was trained with, such as neu-600, or --split "
            "all"
        )
    return found.files, [found.class_names[label] for label in found.labels]


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
