"""Time the networks of a comparison: float32 and int8 TFLite, one core, one run."""

import json
from dataclasses import replace
from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.files.replacing import replacing
from rkd_keras.files.results import make_folder

KINDS = {"float32": None, "int8": "int8"}
CALIBRATION_IMAGES = 200
BATCH = 256


def measure_latency(rows, common, folder, runs, trained=True, more=()):
    """Export every network of `rows` and time all of them in one run.

    The files are kept in `folder/exports`, the numbers in `folder/latency.json`.
    Networks that are already there with the same files are timed again with the
    others: only numbers of one run can be compared.

    Args:
        rows: list of `Row`; the first of each entry gives the weights.
        common: the `Settings` that all rows share.
        folder: folder of the comparison.
        runs: timed single images of each file.
        trained: whether the weights are those of the rows' runs. When false the
            networks are fresh: their speed is the same.
        more: rows whose networks are timed fresh, without a score.

    Returns:
        Dict of entry to a dict with `parameters`, `multiply_adds`, `float32_ms`,
        `int8_ms` (medians), `float32_p95_ms`, `int8_p95_ms`, `float32_bytes`,
        `int8_bytes` and, when `trained`, `int8_accuracy`. A network that cannot be
        int8 has `int8_error` instead.
    """
    from rich.console import Console

    from rkd_keras.export.timing.machine import processor
    from rkd_keras.export.timing.processes import measure
    from rkd_keras.studies.own_process import call_in_own_process

    folder = Path(folder)
    firsts = {}
    for row in rows:
        if row.network:
            firsts.setdefault(row.entry, (row, trained))
    for row in more:
        firsts.setdefault(row.entry, (row, False))
    times, subjects = {}, []
    console = Console(stderr=True, quiet=common.quiet)
    for entry, (row, scored) in firsts.items():
        with console.status(f"exporting {entry}"):
            files, times[entry] = call_in_own_process(
                export_row, row, common, folder, scored
            )
        for kind, path in files.items():
            subjects.append(
                {"model": str(path), "runtime": f"{entry} {kind}", "role": "predictor"}
            )
            times[entry][f"{kind}_bytes"] = path.stat().st_size
    results = measure(subjects, 1, runs, batch=1, show_progress=not common.quiet)
    for result in results:
        entry, _, kind = result["runtime"].rpartition(" ")
        times[entry][f"{kind}_ms"] = round(result["median_ms"], 4)
        times[entry][f"{kind}_p95_ms"] = round(result["p95_ms"], 4)
    content = {
        "threads": 1,
        "runs": runs,
        "trained": trained,
        "processor": processor(),
        "networks": times,
    }
    with replacing(folder / "latency.json") as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return times


def read_latency(folder):
    """Return what `measure_latency` wrote, or an empty dict."""
    path = Path(folder) / "latency.json"
    if not path.is_file():
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))["networks"]
    except (ValueError, KeyError) as error:
        raise InputError(f"{path} cannot be read; delete it to measure anew") from error


def export_row(row, common, folder, trained):
    """Write a row's network as float32 and int8 TFLite; keep what is there.

    It is called in a process of its own, for converting takes much memory.

    Args:
        row: a `Row` with a network.
        common: the `Settings` that all rows share.
        folder: folder of the comparison, a `Path`.
        trained: whether the weights are those of the row's run; its int8 file is
            then scored on the test part.

    Returns:
        Pair: dict of kind to file, and the dict of what is known of the network.
    """
    from rkd_keras.runs.parts import load_parts
    from rkd_keras.runs.start_tensorflow import start_tensorflow
    from rkd_keras.studies.comparison.train_row import row_settings, row_size

    start_tensorflow()
    settings = replace(row_settings(row, common, folder), quiet=True)
    stem = row.key if trained else f"{row.key}__untrained"
    files = {kind: folder / "exports" / f"{stem}.{kind}.tflite" for kind in KINDS}
    missing = {kind: path for kind, path in files.items() if not path.is_file()}
    parts = load_parts(settings)
    facts = dict(row_size(row, common, folder, len(parts.class_names)))
    if missing:
        model = _model(settings, parts, trained)
        images = parts.images["train"][:: _stride(len(parts.images["train"]))]
        for kind, path in missing.items():
            try:
                _export(model, parts.class_names, path, KINDS[kind], images)
            except InputError as reason:
                facts["int8_error"] = str(reason)
                del files[kind]
    if trained and "int8" in files:
        facts["int8_accuracy"] = _accuracy(files["int8"], parts)
    return files, facts


def _stride(count):
    return max(1, count // CALIBRATION_IMAGES)


def _model(settings, parts, trained):
    from rkd_keras.models import create_model
    from rkd_keras.runs.run import Run

    if trained:
        return Run(settings.out).model
    return create_model(
        settings.model,
        num_classes=len(parts.class_names),
        input_shape=(settings.size, settings.size, 3),
        **settings.model_options,
    )


def _export(model, class_names, path, quantization, images):
    """Convert without the parity check: a hardly trained network may fail it."""
    from rkd_keras.export.serving_model import in_float32, serving_model
    from rkd_keras.export.tflite import convert_to_tflite
    from rkd_keras.predict.card import new_card, write_card

    serving = serving_model(in_float32(model))
    make_folder(path.parent)
    with replacing(path) as temporary:
        temporary.write_bytes(convert_to_tflite(serving, quantization, images))
        card = new_card(class_names, model.input_shape[1:])
        write_card(temporary, {**card, "quantization": quantization})


def _accuracy(path, parts):
    """Accuracy of an exported file on the test part, in its own runtime."""
    import numpy as np

    from rkd_keras.predict import load

    predictor, images = load(path, threads=1), parts.images["test"]
    # In parts: a large data set is read as it is needed.
    answers = [
        np.argmax(predictor.predict_batch(images[start : start + BATCH])[0], axis=-1)
        for start in range(0, len(images), BATCH)
    ]
    return float((np.concatenate(answers) == np.asarray(parts.labels["test"])).mean())
