"""Which finished run may teach a student of a comparison."""

import json
from pathlib import Path

from rkd_keras.data.reading.protocols import draws_training_images, grouping_of
from rkd_keras.errors import InputError
from rkd_keras.runs.run import Run
from rkd_keras.runs.settings import Settings
from rkd_keras.studies.comparison.train_row import row_settings


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
    run = Run(run)
    try:
        config = run.config or {}
        begun = Settings.from_config(config)
    except InputError:
        return False
    same = ["model", "size", "split", "split_seed"]
    if draws_training_images(wanted.split):
        same.append("seed")
    return (
        run.model_path.is_file()
        and all(config.get(name) == getattr(wanted, name) for name in same)
        and grouping_of(begun.split, begun.groups)
        == grouping_of(wanted.split, wanted.groups)
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
