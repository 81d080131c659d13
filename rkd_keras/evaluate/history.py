"""Read the history of a training."""

import csv
from pathlib import Path

import numpy as np

from rkd_keras.errors import InputError


def read_history(path):
    r"""Read a `history.csv` into columns.

    Args:
        path: the file: a header with `epoch` and Keras log names, one row an
            epoch.

    Returns:
        Dict of column name to array of float64; an empty cell becomes NaN.

    Raises:
        InputError: when the file is missing, empty or no such table.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "history.csv")
        ...     _ = path.write_text("epoch,loss\n1,0.5\n")
        ...     read_history(path)["loss"].tolist()
        [0.5]
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        columns = {
            name: np.array([float(row[name] or "nan") for row in rows])
            for name in (rows[0] if rows else {})
            if name is not None
        }
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path} cannot be read as a history: {error}") from error
    if "epoch" not in columns:
        raise InputError(f"{path} holds no epoch; train before drawing its curves")
    return columns
