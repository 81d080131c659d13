"""Train and score one row of a comparison."""

import json
import shutil
import time
from dataclasses import replace
from pathlib import Path

from rkd_keras.errors import InputError

NOISES = tuple(("gaussian", sigma) for sigma in (10, 25, 50)) + tuple(
    ("salt-pepper", percent) for percent in (2, 5, 10)
)
# Splits whose training images the seed decides: a teacher must have seen the same.
SEEDED_SPLITS = ("neu-lt", "neu-few")


def run_row(row, common, folder, teachers=(), noise=False):
    """Train and score one row; a started one goes on where it was killed.

    Args:
        row: a `Row`.
        common: the `Settings` that all rows share.
        folder: folder of the comparison; the row's run is `folder/runs/KEY`.
        teachers: run directories that may hold the row's teacher.
        noise: whether the model is also scored on noisy test images.

    Returns:
        The finished row, a dict that JSON can hold.
    """
    started = time.perf_counter()
    settings = row_settings(row, common, folder)
    if row.pipeline:
        scores, facts = _run_classical(row, settings), {}
    else:
        if row.teacher:
            settings.teacher = str(find_teacher(row, common, folder, teachers))
        scores = _run_network(settings)
        facts = dict(row_size(row, common, folder, len(scores["class_names"])))
        facts["teacher"] = settings.teacher
        if noise:
            facts["noise"] = _score_noise(settings)
    return finished_result(row, scores, time.perf_counter() - started, facts)


def finished_result(row, scores, seconds, facts):
    """Return what is kept of a finished row, a dict that JSON can hold."""
    result = {
        "key": row.key,
        "label": row.label,
        "loss": row.loss,
        "split": row.split,
        "seed": row.seed,
        "accuracy": scores["accuracy"],
        "macro_recall": scores["macro_recall"],
        "gmean": scores["gmean"],
        "worst_recall": min(c["recall"] for c in scores["per_class"].values()),
        "per_class": {n: c["recall"] for n, c in scores["per_class"].items()},
        "confusion_matrix": scores["confusion_matrix"],
        "images": scores["images"],
        "seconds": round(seconds, 1),
        **{key: value for key, value in facts.items() if value is not None},
    }
    if "options" in scores:
        result["options"] = scores["options"]
        result["validation_accuracy"] = scores["validation_accuracy"]
    return result


def row_settings(row, common, folder):
    """Return the settings of a row's run directory."""
    loss, sampling = row.loss_and_sampling
    out = Path(folder) / "runs" / row.key
    options = dict(common.model_options)
    if row.network:
        options.update(row.network.options)
    return replace(
        common,
        out=str(out),
        model=row.network.model if row.network else row.label,
        model_options=options,
        split=row.split,
        seed=row.seed,
        loss=loss,
        sampling=sampling,
        resume=(out / "config.json").exists(),
        overwrite=False,
    )


def _run_network(settings):
    import keras

    from rkd_keras.runs.experiment import run_experiment

    scores = run_experiment(settings).scores
    # Optimizer states and stored answers are of no use to a finished row.
    shutil.rmtree(Path(settings.out) / "checkpoints", ignore_errors=True)
    (Path(settings.out) / "teacher_cache.npz").unlink(missing_ok=True)
    keras.backend.clear_session()
    return scores


def _score_noise(settings):
    import numpy as np

    from rkd_keras.data import add_noise, evaluation_dataset
    from rkd_keras.models import load_model
    from rkd_keras.runs.parts import load_parts

    parts = load_parts(settings)
    model = load_model(Path(settings.out) / "model.keras")
    accuracies = {}
    for kind, amount in NOISES:
        images = add_noise(parts.images["test"], kind, amount, seed=settings.split_seed)
        logits = model.predict(evaluation_dataset(images), verbose=0)
        right = logits.argmax(axis=-1) == np.asarray(parts.labels["test"])
        accuracies[f"{kind}:{amount}"] = float(right.mean())
    return accuracies


def _run_classical(row, settings):
    from rkd_keras.evaluate import ClassicalClassifier, classification_scores
    from rkd_keras.runs.parts import load_parts
    from rkd_keras.runs.versions import versions

    parts = load_parts(settings)
    # The training part alone: the validation part of few images is larger than it.
    classifier = ClassicalClassifier(*row.pipeline, seed=row.seed).fit(
        parts.images["train"], parts.labels["train"]
    )
    scores = classification_scores(
        parts.labels["test"],
        classifier.predict_proba(parts.images["test"]),
        parts.class_names,
        split="test",
    )
    scores["options"] = classifier.best_options
    scores["validation_accuracy"] = classifier.validation_accuracy
    out = Path(settings.out)
    out.mkdir(parents=True, exist_ok=True)
    config = {
        "model": row.label,
        "split": row.split,
        "seed": row.seed,
        "split_seed": settings.split_seed,
        "size": settings.size,
        "data": settings.data,
        "versions": versions(),
    }
    for name, content in (("config.json", config), ("metrics.json", scores)):
        text = json.dumps(content, indent=2) + "\n"
        (out / name).write_text(text, encoding="utf-8")
    return scores


def row_size(row, common, folder, classes):
    """Count the parameters and multiply-adds of a row's network.

    Raises:
        InputError: when the network does not take its arguments.
    """
    from rkd_keras.models.network_size import network_size

    settings = row_settings(row, common, folder)
    options = tuple(settings.model_options.items())
    try:
        return network_size(settings.model, options, settings.size, classes)
    except ValueError as error:
        raise InputError(f"--models {row.label}: {error}") from error


def find_teacher(row, common, folder, teachers=()):
    """Find the run directory of a row's teacher.

    Args:
        row: a `Row` with a teacher.
        common: the `Settings` that all rows share.
        folder: folder of the comparison.
        teachers: run directories from elsewhere, looked through first.

    Returns:
        The run directory, a `Path`, or where it must be trained.
    """
    wanted = row_settings(row.teacher_row(), common, folder)
    for run in teachers:
        if fits_as_teacher(run, wanted):
            return run
    return Path(wanted.out)


def fits_as_teacher(run, wanted):
    """Whether a run directory holds a finished model as `wanted` settings ask.

    It must be the same network on the same split: the student is tested on what
    the teacher never saw. The seed matters where it decides the training images.
    """
    try:
        config = json.loads((Path(run) / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    same = ["model", "size", "split", "split_seed"]
    if wanted.split.startswith(SEEDED_SPLITS):
        same.append("seed")
    return (
        (Path(run) / "model.keras").is_file()
        and all(config.get(name) == getattr(wanted, name) for name in same)
        and config.get("model_options", {}) == _as_in_json(wanted.model_options)
        and Path(config.get("data", "")).resolve() == Path(wanted.data).resolve()
    )


def _as_in_json(options):
    return json.loads(json.dumps(options))


def list_runs(folders, option="--teachers"):
    """List the run directories in folders (or the folders that are one).

    Args:
        folders: run directories, or folders of them.
        option: the command line's option that named them.

    Raises:
        InputError: for a folder that holds none.
    """
    runs = []
    for folder in folders:
        found = sorted(
            path.parent
            for pattern in ("model.keras", "*/model.keras", "*/*/model.keras")
            for path in Path(folder).glob(pattern)
        )
        if not found:
            raise InputError(
                f"{option} {folder} holds no finished run; give a run directory or "
                "a folder of them"
            )
        runs += found
    return runs
