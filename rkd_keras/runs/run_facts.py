"""What a run's report says of it, whatever of it is there."""

from pathlib import Path

_MODEL_SUFFIXES = (".keras", ".tflite", ".onnx")


def list_models(run):
    """List the model files of a run with their sizes, parity and speed.

    Args:
        run: a `Run`.

    Returns:
        List of dicts with `name`, `runtime`, `megabytes`, `median_ms`,
        `p95_ms`, `images_per_s` and `agreement`; `None` where not measured.
        Runtimes that were timed for comparison come last.
    """
    exports = {row["file"]: row for row in run.exports}
    timed = (run.benchmark or {}).get("results", ())
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
    for file in sorted(run.path.iterdir()):
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


def describe_data(run):
    """Count the images of each class in each part.

    Args:
        run: a `Run`.

    Returns:
        Dict with `parts` (names), `rows` (list of `(class, counts)`) and
        `totals`, or `None` when the run has no `split.json`.
    """
    split = run.split
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


def list_limits(run):
    """Say what the scores do not show.

    Args:
        run: a `Run`.

    Returns:
        List of sentences.
    """
    limits = []
    config, scores = run.config or {}, run.scores
    data = Path(config.get("data") or "")
    folder = data.parent if data.suffix == ".csv" else data
    if config.get("data") and (folder / "synthetic.json").is_file():
        limits.append(
            "All images were drawn by a program, none was photographed. The scores "
            "show that the software works; they say nothing about a real line."
        )
    if not scores:
        limits.append("The model has not been scored on images yet.")
    elif "data" in scores:
        limits.append(
            f"The scores are on the images of {scores['data']}, another data set than "
            "the model was trained on."
        )
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
    if run.benchmark:
        limits.append(
            "The times hold for the processor named, with nothing else running on it."
        )
    return limits


def _size(path):
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size


def _per_million(value):
    return None if value is None else value / 1e6
