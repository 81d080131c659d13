"""A run directory means the model that it holds, wherever a model is asked for."""

from pathlib import Path


def model_file(path):
    """Return the file of a model that is named by its run directory.

    Args:
        path: a model file, a SavedModel folder or a run directory.

    Returns:
        `model.keras` in a run directory, every other path as it was given.

    Example:
        >>> model_file("student.tflite").name
        'student.tflite'
    """
    path = Path(path)
    inner = path / "model.keras"
    return inner if inner.is_file() else path
