"""Write a run's report: one HTML file that needs nothing else."""

import base64
import datetime
import io
from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.evaluate.plots import plot_training_curves
from rkd_keras.evaluate.scores import wilson_interval
from rkd_keras.files.replacing import replacing
from rkd_keras.files.results import make_folder
from rkd_keras.runs import run_facts
from rkd_keras.runs.run import Run
from rkd_keras.runs.settings import DISTILLATION
from rkd_keras.runs.summary import percent, summarize


def write_report(run_directory, path=None):
    """Write `report.html` from what a run directory holds.

    The file needs no other: figures are embedded, nothing is fetched. Sections
    whose facts are not there (no evaluation yet, no exports, no benchmark) are
    left out.

    Args:
        run_directory: folder with some of `config.json`, `split.json`,
            `history.csv`, `metrics.json`, `metrics_*.json` (scores under
            noise), `exports.json`, `benchmark.json` and `figures/mistakes.png`.
        path: file to write. Defaults to `report.html` in the run directory.

    Returns:
        The path of the report, a `Path`.

    Raises:
        InputError: when the directory is no run, or one of its files is broken.

    Example:
        >>> import json, pathlib, tempfile
        >>> from rkd_keras.evaluate import classification_scores
        >>> scores = classification_scores([0, 1], [[1, 0], [0, 1]], ["in", "sc"])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = pathlib.Path(folder, "metrics.json")
        ...     _ = file.write_text(json.dumps(scores))
        ...     report = write_report(folder)
        ...     "2 of 2" in report.read_text(encoding="utf-8")
        True
    """
    run = Run(run_directory)
    if not run.path.is_dir():
        raise InputError(f"{run.path} is no folder; give a run directory")
    if not run.is_run():
        raise InputError(
            f"{run.path} holds neither config.json, history.csv nor metrics.json; give "
            "a run directory, as rkd-keras train writes one"
        )
    text = _template().render(_contents(run))
    path = run.report_path if path is None else Path(path)
    make_folder(path.parent)
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def _template():
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("rkd_keras.runs", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["percent"] = percent
    return environment.get_template("report.html")


def _contents(run):
    config, scores = run.config or {}, run.scores
    models = run_facts.list_models(run)
    fastest = _fastest(models)
    now = datetime.datetime.now()
    benchmark = run.benchmark or {}
    data = config.get("data")
    return {
        "title": run.path.resolve().name,
        "made": f"{now.day} {now:%B %Y, %H:%M}",
        "model": _model(config),
        "teacher": config.get("teacher"),
        "scores": scores,
        "summary": summarize(scores) if scores else None,
        "compared": run.compared if scores else None,
        "noise_floor": _noise_floor(scores) if scores else None,
        "cells": _cells(scores) if scores else None,
        "fastest": fastest,
        "in_hand": _in_hand(run, fastest, scores),
        "models": models if fastest or len(models) > 1 else None,
        "machine": benchmark.get("machine"),
        "threads": benchmark.get("settings", {}).get("threads"),
        "noise": [{**row, "noise": _noise_name(row["noise"])} for row in run.noise],
        "curves": _curves(run.history_path),
        "mistakes": _png(run.figures / "mistakes.png") if scores else None,
        "data": run_facts.describe_data(run),
        "data_name": Path(data).name if data else None,
        "settings": _settings(config),
        "versions": config.get("versions", {}),
        "command": run.settings.command() if {"data", "out"} <= config.keys() else None,
        "limits": run_facts.list_limits(run),
    }


def _noise_floor(scores):
    """Half a 95 % interval of a difference of two accuracies on so many images.

    Of Wilson's intervals, which are of some width also where nothing was wrong.
    """
    images = scores["images"]
    low, high = wilson_interval(round(scores["accuracy"] * images), images)
    return (high - low) / 2**0.5


def _in_hand(run, fastest, scores):
    """Say what there is and what to do next, a pair of a sentence and a command."""
    if not scores:
        return None
    if fastest is None:
        command = f"rkd-keras export {run.path} --quantize int8"
        return "A trained model, which no file for the line was made of yet.", command
    size = f", {fastest['megabytes']:.2f} MB" if fastest["megabytes"] else ""
    sentence = (
        f"{fastest['name']}{size}: it judges an image in {fastest['median_ms']:.2f} ms "
        "on this machine."
    )
    return sentence, f"rkd-keras serve --model {run.path / fastest['name']}"


def _model(config):
    options = config.get("model_options") or {}
    words = [f"{name.replace('_', ' ')} {value}" for name, value in options.items()]
    return ", ".join([config["model"], *words]) if config.get("model") else None


def _settings(config):
    shown = {}
    for name, value in config.items():
        if name in ("versions", "out", "resume", "overwrite", "quiet", "class_names"):
            continue
        if value in (None, {}, []):
            continue
        if name in DISTILLATION and not config.get("teacher"):
            continue
        if isinstance(value, dict):
            value = ", ".join(f"{key} {entry}" for key, entry in value.items())
        shown[name.replace("_", " ")] = value
    return shown


def _noise_name(noise):
    kind, _, amount = noise.partition(":")
    names = {
        "gaussian": f"Gaussian, deviation {amount} of 255 grey levels",
        "salt-pepper": f"black and white dots on {amount} % of the pixels",
    }
    return names.get(kind, noise)


def _cells(scores):
    """Colour of each cell of the confusion matrix: right or wrong, and how much."""
    rows = []
    for i, counts in enumerate(scores["confusion_matrix"]):
        total = max(sum(counts), 1)
        cells = []
        for j, count in enumerate(counts):
            share = count / total
            cells.append(
                {
                    "count": count,
                    "kind": "right" if i == j else "wrong",
                    # A single mistake in a hundred must still be seen.
                    "depth": round(share if i == j else share**0.5, 3),
                }
            )
        rows.append(cells)
    return rows


def _fastest(models):
    timed = [
        row
        for row in models
        # What a .keras file takes is no time that the line will see.
        if row["median_ms"] is not None and not row["name"].endswith(".keras")
    ]
    return min(timed, key=lambda row: row["median_ms"]) if timed else None


def _curves(history):
    import matplotlib

    from rkd_keras.evaluate.figure_style import STYLE

    if not history.is_file():
        return None
    buffer = io.BytesIO()
    figure = plot_training_curves(history)
    with matplotlib.rc_context(STYLE):
        figure.savefig(
            buffer, format="svg", bbox_inches="tight", metadata={"Date": None}
        )
    return _data_uri(buffer.getvalue(), "image/svg+xml")


def _png(path):
    if not path.is_file():
        return None
    return _data_uri(path.read_bytes(), "image/png")


def _data_uri(content, kind):
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
