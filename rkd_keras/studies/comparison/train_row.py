"""Train and score one row of a comparison."""

import shutil
import time
from dataclasses import replace
from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.studies.network_options import without_own


def run_row(row, common, folder, teachers=(), noise=False):
    """Train and score one row; a started one goes on where it was killed.

    It is called in a process of its own, see `rkd_keras.studies.own_process`.

    Args:
        row: a `Row`.
        common: the `Settings` that all rows share.
        folder: folder of the comparison; the row's run is `folder/runs/KEY`.
        teachers: run directories that may hold the row's teacher.
        noise: whether the model is also scored on noisy test images.

    Returns:
        The finished row, a dict that JSON can hold.
    """
    from rkd_keras.runs.start_tensorflow import start_tensorflow
    from rkd_keras.studies.comparison.teachers import find_teacher

    if row.network:
        start_tensorflow()
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
        "label": row.entry,
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
    """Return the settings of a row's run directory.

    The common width and stem stride are for networks that have none of their own:
    an entry's options go before them, and a network that is defined by its width
    stays what its name says.
    """
    loss, sampling = row.loss_and_sampling
    out = Path(folder) / "runs" / row.key
    options = {}
    if row.network:
        options = without_own(row.network.model, common.model_options)
        options.update(row.network.options)
    return replace(
        common,
        out=str(out),
        model=row.network.model if row.network else row.entry,
        model_options=options,
        split=row.split,
        seed=row.seed,
        loss=loss,
        sampling=sampling,
        resume=(out / "config.json").exists(),
        overwrite=False,
    )


def _run_network(settings):
    from rkd_keras.runs.experiment import run_experiment

    run = run_experiment(settings)
    # Optimizer states and stored answers are of no use to a finished row.
    shutil.rmtree(run.checkpoints, ignore_errors=True)
    shutil.rmtree(run.teacher_cache, ignore_errors=True)
    return run.scores


def _score_noise(settings):
    import numpy as np

    from rkd_keras.data import add_noise, evaluation_dataset
    from rkd_keras.data.samples.noise import NOISES
    from rkd_keras.runs.parts import load_parts
    from rkd_keras.runs.run import Run

    parts = load_parts(settings)
    model = Run(settings.out).model
    clean = np.asarray(parts.images["test"])
    accuracies = {}
    for kind, amount in NOISES:
        images = add_noise(clean, kind, amount, seed=settings.split_seed)
        logits = model.predict(evaluation_dataset(images), verbose=0)
        right = logits.argmax(axis=-1) == np.asarray(parts.labels["test"])
        accuracies[f"{kind}:{amount}"] = float(right.mean())
    return accuracies


def _run_classical(row, settings):
    import numpy as np

    from rkd_keras.evaluate import ClassicalClassifier, classification_scores
    from rkd_keras.runs.parts import load_parts
    from rkd_keras.runs.run import Run

    config = {
        "model": row.entry,
        "split": row.split,
        "seed": row.seed,
        "split_seed": settings.split_seed,
        "size": settings.size,
        "data": settings.data,
    }
    with Run.begin(settings.out, config, settings.resume) as run:
        parts = load_parts(settings)
        # The training part alone: the validation part of few images is larger than it.
        classifier = ClassicalClassifier(*row.pipeline, seed=row.seed).fit(
            np.asarray(parts.images["train"]), parts.labels["train"]
        )
        scores = classification_scores(
            parts.labels["test"],
            classifier.predict_proba(np.asarray(parts.images["test"])),
            parts.class_names,
            split="test",
        )
        scores["options"] = classifier.best_options
        scores["validation_accuracy"] = classifier.validation_accuracy
        run.write_json("metrics.json", scores)
    return scores


def row_sizes(rows, common, folder, classes):
    """Count the parameters and multiply-adds of several rows' networks.

    Args:
        rows: list of `Row`, all with a network.
        common: the `Settings` that all rows share.
        folder: folder of the comparison.
        classes: number of classes.

    Returns:
        List of dicts as of `row_size`.

    Raises:
        InputError: when a network does not take its arguments.
    """
    from rkd_keras.runs.start_tensorflow import start_tensorflow

    start_tensorflow()
    return [row_size(row, common, folder, classes) for row in rows]


def row_size(row, common, folder, classes):
    """Count the parameters and multiply-adds of a row's network.

    Raises:
        InputError: when the network does not take its arguments.
    """
    from rkd_keras.models import network_size

    settings = row_settings(row, common, folder)
    options = tuple(settings.model_options.items())
    try:
        return network_size(settings.model, options, settings.size, classes)
    except ValueError as error:
        raise InputError(f"--models {row.entry}: {error}") from error
