"""Read what a run directory holds, whatever of it is there."""

import json
import shlex
from pathlib import Path

from rkd_keras.errors import InputError

# Settings that say nothing about how the model was made.
_HOUSEKEEPING = ("out", "resume", "overwrite", "strict", "quiet", "versions")
# Settings that have no effect without a teacher.
DISTILLATION = (
    "teacher",
    "temperature",
    "hard_weight",
    "kd_weight",
    "distance_weight",
    "angle_weight",
    "teacher_views",
)
_MODEL_SUFFIXES = (".keras", ".tflite", ".onnx")


def read_run(directory):
    """Collect the facts of a run.

    Args:
        directory: a run directory.

    Returns:
        Dict with `path`, `config`, `split`, `scores`, `noise` (scores under
        noise), `exports`, `benchmark`, `history` (path) and `mistakes` (path of
        the gallery); what is not there is `None` or empty.

    Raises:
        InputError: when the directory is no run, or one of its files is broken.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = pathlib.Path(folder, "config.json").write_text('{"seed": 3}')
        ...     read_run(folder)["config"]
        {'seed': 3}
    """
    path = Path(directory)
    if not path.is_dir():
        raise InputError(f"{path} is no folder; give a run directory")
    files = {
        "config": "config.json",
        "split": "split.json",
        "scores": "metrics.json",
        "exports": "exports.json",
        "benchmark": "benchmark.json",
    }
    facts = {
        key: _read_json(path / name, list if key == "exports" else dict)
        for key, name in files.items()
    }
    history = path / "history.csv"
    mistakes = path / "figures" / "mistakes.png"
    facts["path"] = path
    facts["history"] = history if history.is_file() else None
    facts["mistakes"] = mistakes if mistakes.is_file() else None
    found = (_read_json(file, dict) for file in sorted(path.glob("metrics_*.json")))
    facts["noise"] = [scores for scores in found if "noise" in scores]
    if not any(facts[key] for key in ("config", "scores", "history")):
        raise InputError(
            f"{path} holds neither config.json, history.csv nor metrics.json; give a "
            "run directory, as rkd-keras train writes one"
        )
    return facts


def list_models(facts):
    """List the model files of a run with their sizes, parity and speed.

    Args:
        facts: dict of `read_run`.

    Returns:
        List of dicts with `name`, `runtime`, `megabytes`, `median_ms`,
        `p95_ms`, `images_per_s` and `agreement`; `None` where not measured.
        Runtimes that were timed for comparison come last.
    """
    path = facts["path"]
    exports = {row["file"]: row for row in facts["exports"] or ()}
    timed = (facts["benchmark"] or {}).get("results", ())
    rows = [
        {
            "name": Path(row["model"]).name,
            "runtime": row.get("runtime"),
            "megabytes": _per_million(row.get("size_bytes")),
            "median_ms": row.get("median_ms"),
            "p95_ms": row.get("p95_ms"),
            "images_per_s": row.get("images_per_s"),
        }
        for row in timed
    ]
    named = {row["name"] for row in rows}
    for file in sorted(path.iterdir()):
        is_model = file.suffix in _MODEL_SUFFIXES
        if file.name not in named and (is_model or (file / "saved_model.pb").exists()):
            rows.append(
                {
                    "name": file.name,
                    "runtime": None,
                    "megabytes": _per_million(_size(file)),
                    "median_ms": None,
                    "p95_ms": None,
                    "images_per_s": None,
                }
            )
    for row in rows:
        parity = exports.get(row["name"], {})
        row["agreement"] = parity.get("equal_verdicts")
    return rows


def describe_data(facts):
    """Count the images of each class in each part.

    Args:
        facts: dict of `read_run`.

    Returns:
        Dict with `parts` (names), `rows` (list of `(class, counts)`) and
        `totals`, or `None` when the run has no `split.json`.
    """
    split = facts["split"]
    if not split:
        return None
    parts = [part for part in ("train", "val", "test") if split.get(part)]
    rows = []
    for label, name in enumerate(split["class_names"]):
        counts = [sum(r["label"] == label for r in split[part]) for part in parts]
        rows.append((name, counts))
    return {
        "parts": parts,
        "rows": rows,
        "totals": [len(split[part]) for part in parts],
    }


def rebuild_command(facts):
    """Write the command that repeats the run, from its settings.

    Args:
        facts: dict of `read_run`.

    Returns:
        Text, or `None` when the settings are not known.
    """
    config = facts["config"] or {}
    if not {"data", "out", "model", "seed"} <= config.keys():
        return None
    words = ["rkd-keras", "distill" if config.get("teacher") else "train"]
    options = dict(config)
    for name, value in (options.pop("model_options", None) or {}).items():
        if name in ("width", "stem_stride"):
            options[name] = value
        else:
            options[f"model-option {name}"] = value
    needed = ["data", "out", "model"]
    for name in needed + [name for name in options if name not in needed]:
        value = options[name]
        plain = name in needed or name not in (*_HOUSEKEEPING, "augment")
        if not plain or value is None or value is False:
            continue
        if not config.get("teacher") and name in DISTILLATION:
            continue
        if name.startswith("model-option "):
            option = name.removeprefix("model-option ")
            words += ["--model-option", f"{option}={json.dumps(value)}"]
        elif value is True:
            words.append(f"--{name.replace('_', '-')}")
        else:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join(words)


def list_limits(facts):
    """Say what the scores do not show.

    Args:
        facts: dict of `read_run`.

    Returns:
        List of sentences.
    """
    limits = []
    config, scores = facts["config"] or {}, facts["scores"]
    data = Path(config.get("data") or "")
    if config.get("data") and (data / "synthetic.json").is_file():
        limits.append(
            "All images were drawn by a program, none was photographed. The scores "
            "show that the software works; they say nothing about a real line."
        )
    if not scores:
        limits.append("The model has not been scored on images yet.")
    elif scores.get("split") in ("val", "train", "all"):
        limits.append(
            f"The scores are on the {scores['split']} part, which training has seen "
            "or was tuned on: expect less on new images. Only the test part counts."
        )
    if scores:
        origin = (
            "The data set itself says which images are tested; how far they differ "
            "from the training images, this report does not know."
            if config.get("split") == "given"
            else "Training and test images were picked at random from one collection."
        )
        limits += [
            f"{origin} On another line, another product or after a change of lamp the "
            "model will do worse until it has been checked, and if need be trained, on "
            "images from there.",
            "The model chooses among the classes it knows. How often it is right on "
            "sound strip, or on a defect it has never seen, was not measured here.",
        ]
    if config.get("seed") is not None:
        limits.append(
            "This is one training with one seed; another seed gives slightly other "
            "numbers."
        )
    if facts["benchmark"]:
        limits.append(
            "The times hold for the processor named, with nothing else running on it."
        )
    return limits


def _read_json(path, kind):
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    if not isinstance(content, kind):
        raise InputError(f"{path} is no file of a run; write it anew")
    return content


def _size(path):
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size


def _per_million(value):
    return None if value is None else value / 1e6
