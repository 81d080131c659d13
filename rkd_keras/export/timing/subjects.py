"""What is timed: the given files, and the same network under other runtimes."""

from importlib.util import find_spec
from pathlib import Path

from rkd_keras.errors import OptionError


def subjects_of(model: Path, chosen: list[str] | None = None) -> list[dict[str, str]]:
    """Describe a model file for `measure`, once a runtime that it is timed under.

    Args:
        model: path of a model file of any kind.
        chosen: names of runtimes, see `rkd_keras.predict.load`; of the others none is
            timed. Defaults to `None`: all that are installed.

    Returns:
        List of dicts of `model`, `runtime`, `role` and `load_as`, the name that
        `load` knows the runtime by.

    Raises:
        InputError: when it is no model file.

    Example:
        >>> from rkd_keras.predict.load import BUNDLED
        >>> subjects_of(BUNDLED["edge_resnet_tiny"])[0]["runtime"]
        'LiteRT'
    """
    from rkd_keras.predict.containers import kind_of
    from rkd_keras.predict.runtimes import RUNTIMES, installed_runtimes

    return [
        {
            "model": str(model),
            "runtime": RUNTIMES[name].title,
            "role": "predictor",
            "load_as": name,
        }
        for name in installed_runtimes(kind_of(model))
        if chosen is None or name in chosen
    ]


def reference_subjects(
    models: list[Path], reference: Path | None, folder: Path
) -> list[dict[str, str]]:
    """Describe how else the network of the models can be run.

    Args:
        models: the model files that are timed.
        reference: `.keras` file of their network; the first `.keras` file among
            them, or `model.keras` beside the first, when `None`.
        folder: where a file that has to be made may lie.

    Returns:
        List of dicts as of `subjects_of`: Keras's own `predict`, what runs ONNX files
        where no model is one, and PyTorch where that is installed. Empty when there
        is no reference.

    Raises:
        InputError: when `reference` is no `.keras` file or cannot be opened.
    """
    from rkd_keras.predict.containers import kind_of

    if reference is None:
        keras = [model for model in models if kind_of(model) == "keras"]
        beside = models[0].parent / "model.keras"
        reference = keras[0] if keras else beside if beside.is_file() else None
    if reference is None:
        return []
    if kind_of(reference) != "keras":
        raise OptionError("reference", f"must be a .keras file, not {reference}")
    name = str(reference)
    subjects = [{"model": name, "runtime": "Keras predict", "role": "keras"}]
    if not any(kind_of(model) == "onnx" for model in models):
        onnx = _as_onnx(reference, folder / "reference.onnx")
        subjects += [
            {**subject, "model": name, "file": str(onnx)}
            for subject in subjects_of(onnx)
        ]
    if find_spec("torch") is not None:
        subjects.append({"model": name, "runtime": "PyTorch", "role": "torch"})
    return subjects


def _as_onnx(reference, path):
    from rkd_keras.export.onnx import convert_to_onnx
    from rkd_keras.export.serving_model import serving_model
    from rkd_keras.models import load_model
    from rkd_keras.predict import read_card, write_card

    card = read_card(reference)
    network = load_model(reference, threads=1)
    path.write_bytes(convert_to_onnx(serving_model(network, card["temperature"])))
    write_card(path, card)
    return path
