"""Time the networks of a comparison: float32 and int8 TFLite, one core, one run."""

import json
from dataclasses import replace
from pathlib import Path

from rkd_keras.errors import InputError

KINDS = {"float32": None, "int8": "int8"}
CALIBRATION_IMAGES = 200


def measure_latency(
    rows, common, folder, runs, trained=True, show_progress=True, more=()
):
    """Export every network of `rows` and time all of them in one run.

    The files are kept in `folder/exports`, the numbers in `folder/latency.json`.
    Networks that are already there with the same files are timed again with the
    others: only numbers of one run can be compared.

    Args:
        rows: list of `Row`; the first of each label gives the weights.
        common: the `Settings` that all rows share.
        folder: folder of the comparison.
        runs: timed single images of each file.
        trained: whether the weights are those of the rows' runs. When false the
            networks are fresh: their speed is the same.
        show_progress: whether to show progress.
        more: rows whose networks are timed fresh, without a score.

    Returns:
        Dict of label to a dict with `parameters`, `multiply_adds`, `float32_ms`,
        `int8_ms` (medians), `float32_p95_ms`, `int8_p95_ms`, `float32_bytes`,
        `int8_bytes` and, when `trained`, `int8_accuracy`. A network that cannot be
        int8 has `int8_error` instead.
    """
    from rkd_keras.export.timing.machine import processor
    from rkd_keras.export.timing.processes import measure
    from rkd_keras.studies.compare.train_row import row_size

    folder = Path(folder)
    firsts = {}
    for row in rows:
        if row.network:
            firsts.setdefault(row.label, (row, trained))
    for row in more:
        firsts.setdefault(row.label, (row, False))
    times, subjects = {}, []
    for label, (row, scored) in firsts.items():
        files, classes, error = _exported(row, common, folder, scored, show_progress)
        times[label] = dict(row_size(row, common, folder, classes))
        if error:
            times[label]["int8_error"] = error
        for kind, path in files.items():
            subjects.append(
                {"model": str(path), "runtime": f"{label} {kind}", "role": "predictor"}
            )
            times[label][f"{kind}_bytes"] = path.stat().st_size
        if scored and "int8" in files:
            times[label]["int8_accuracy"] = _accuracy(
                files["int8"], row, common, folder
            )
    results = measure(subjects, 1, runs, batch=1, show_progress=show_progress)
    for result in results:
        label, _, kind = result["runtime"].rpartition(" ")
        times[label][f"{kind}_ms"] = round(result["median_ms"], 4)
        times[label][f"{kind}_p95_ms"] = round(result["p95_ms"], 4)
    content = {
        "threads": 1,
        "runs": runs,
        "trained": trained,
        "processor": processor(),
        "networks": times,
    }
    text = json.dumps(content, indent=2) + "\n"
    (folder / "latency.json").write_text(text, encoding="utf-8")
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


def _exported(row, common, folder, trained, show_progress):
    """Write the row's network as float32 and int8 TFLite; keep what is there.

    Returns the files by kind, the number of classes, and why one cannot be int8.
    """
    from rich.console import Console

    from rkd_keras.runs.parts import load_parts
    from rkd_keras.studies.compare.train_row import row_settings

    settings = row_settings(row, common, folder)
    stem = row.key if trained else f"{row.key}__untrained"
    files = {kind: folder / "exports" / f"{stem}.{kind}.tflite" for kind in KINDS}
    missing = {kind: path for kind, path in files.items() if not path.is_file()}
    if not missing:
        from rkd_keras.predict import read_card

        return files, len(read_card(files["int8"])["class_names"]), None
    with Console(quiet=not show_progress).status(f"exporting {row.label}"):
        parts = load_parts(settings)
        model = _model(settings, parts, trained)
        images = parts.images["train"][:: _stride(len(parts.images["train"]))]
        error = None
        for kind, path in missing.items():
            try:
                _export(model, parts.class_names, path, KINDS[kind], images)
            except InputError as reason:
                error = str(reason)
                del files[kind]
    return files, len(parts.class_names), error


def _stride(count):
    return max(1, count // CALIBRATION_IMAGES)


def _model(settings, parts, trained):
    import keras

    from rkd_keras.models import create_model, load_model

    keras.backend.clear_session()
    if trained:
        return load_model(Path(settings.out) / "model.keras")
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
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.tflite")
    partial.write_bytes(convert_to_tflite(serving, quantization, images))
    card = new_card(class_names, model.input_shape[1:])
    write_card(partial, {**card, "quantization": quantization})
    partial.replace(path)


def _accuracy(path, row, common, folder):
    """Accuracy of an exported file on the test part, in its own runtime."""
    import numpy as np

    from rkd_keras.predict import load
    from rkd_keras.runs.parts import load_parts
    from rkd_keras.studies.compare.train_row import row_settings

    settings = replace(row_settings(row, common, folder), quiet=True)
    parts = load_parts(settings)
    probabilities, _ = load(path, threads=1).predict_batch(parts.images["test"])
    right = np.argmax(probabilities, axis=-1) == np.asarray(parts.labels["test"])
    return float(right.mean())
