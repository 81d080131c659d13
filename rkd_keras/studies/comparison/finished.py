"""Rows of a comparison from runs that were finished elsewhere."""

import inspect
import json
import shutil
from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.files.replacing import replacing
from rkd_keras.files.results import make_folder
from rkd_keras.runs.run import Run

# Presets that are a ResNet18 of some width and strides.
RESNET18 = ("edge_resnet_tiny", "edge_resnet_small", "edge_resnet_medium")
KEPT_FILES = ("config.json", "split.json", "history.csv", "metrics.json", "model.keras")


def finished_rows(folders, models, split):
    """Make rows of finished runs.

    Args:
        folders: run directories, or folders of them.
        models: list of `parse_models`; a run whose network is none of theirs is left
            out, whatever its teacher. `None` takes all.
        split: name of the split protocol that counts.

    Returns:
        Dict of `Row` to the run directory, a `Path`.

    Raises:
        InputError: when nothing is left, or two runs are the same row.
    """
    from rkd_keras.studies.comparison.teachers import list_runs

    wanted = None
    if models is not None:
        networks = [network for _, network, _, _ in models if network]
        wanted = [network_shape(n.model, dict(n.options)) for n in networks]
    found = {}
    for run in list_runs(folders, "--finished"):
        config = _config(run)
        shape = network_shape(config["model"], config["model_options"])
        if config["split"] != split or (wanted is not None and shape not in wanted):
            continue
        row = _row(config)
        same = next((r for r in found if r.key == row.key), None)
        if same:
            raise InputError(
                f"{found[same]} and {run} are the same row {row.key}; give one of them"
            )
        found[row] = run
    if not found:
        raise InputError(
            f"no finished run of {', '.join(map(str, folders))} is on {split} and one "
            "of --models; name its folder or train it"
        )
    # Teachers first, as everywhere.
    return dict(sorted(found.items(), key=lambda item: item[0].teacher is not None))


def take_run(row, run, common, folder):
    """Copy a finished run into the comparison and return the finished row.

    Args:
        row: a `Row`.
        run: its run directory.
        common: the `Settings` that all rows share.
        folder: folder of the comparison.

    Returns:
        As `run_row`.

    Raises:
        InputError: when the run has no scores of its test part.
    """
    from rkd_keras.studies.comparison.train_row import (
        finished_result,
        row_settings,
        row_size,
    )

    run = Run(run)
    scores = run.scores
    if scores is None:
        raise InputError(f"{run.path} has no scores; run rkd-keras evaluate {run.path}")
    if scores.get("split") not in (None, "test"):
        raise InputError(
            f"{run.path} was scored on its {scores['split']} part; run rkd-keras "
            f"evaluate {run.path} --split test"
        )
    out = Path(row_settings(row, common, folder).out)
    make_folder(out)
    for name in KEPT_FILES:
        if (run.path / name).is_file():
            with replacing(out / name) as temporary:
                shutil.copyfile(run.path / name, temporary)
    seconds = float(sum(run.history.get("seconds", ())))
    facts = dict(row_size(row, common, folder, len(scores["class_names"])))
    return finished_result(row, scores, seconds, facts)


def network_shape(model, options):
    """Return what makes two networks the same, whatever they are called.

    Args:
        model: name in the zoo.
        options: dict of arguments; the builder's defaults are filled in.

    Returns:
        A tuple that can be compared.
    """
    from rkd_keras.models.zoo import find_network

    defaults = inspect.signature(find_network(model)).parameters
    names = sorted({"width", "stem_stride", "stage_strides"} & set(defaults))
    values = {**{name: defaults[name].default for name in names}, **options}
    family = "resnet18" if model in RESNET18 else model
    return family, json.dumps(values, sort_keys=True)


def _row(config):
    from rkd_keras.studies.comparison.grid import Network, Row

    network = Network.of(config["model"], config["model_options"])
    entry, teacher = network.entry, None
    if config.get("teacher"):
        of_teacher = Run(config["teacher"]).config
        if of_teacher is not None:
            teacher = Network.of(of_teacher["model"], of_teacher["model_options"])
            entry = f"{entry}@{teacher.entry}"
    loss, sampling = config["loss"], config["sampling"]
    if sampling != "natural":
        loss = f"{loss}+{sampling}"
    return Row(entry, network, None, teacher, loss, config["split"], config["seed"])


def _config(run):
    config = Run(run).config
    if config is None:
        raise InputError(f"{run} has no config.json; give runs of rkd-keras train")
    return config
