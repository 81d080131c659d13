"""What is timed: the given files, and the same network under other runtimes."""

from importlib.util import find_spec
from pathlib import Path

from rkd_keras.errors import OptionError

RUNTIMES = {
    "keras": "Keras call",
    "saved_model": "TensorFlow",
    "tflite": "LiteRT",
    "onnx": "ONNX Runtime",
}


def subject(model: Path) -> dict[str, str]:
    """Describe a model file for `measure`.

    Args:
        model: path of a model file of any kind.

    Returns:
        Dict of `model`, `runtime` and `role`.

    Raises:
        InputError: when it is no model file.

    Example:
        >>> from rkd_keras.predict.load import BUNDLED
        >>> subject(BUNDLED["edge_resnet_tiny"])["runtime"]
        'LiteRT'
    """
    from rkd_keras.predict.containers import kind_of

    runtime = RUNTIMES[kind_of(model)]
    return {"model": str(model), "runtime": runtime, "role": "predictor"}


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
        List of dicts as of `subject`: Keras's own `predict`, ONNX Runtime where no
        model is one of its, and PyTorch where that is installed. Empty when there is
        no reference.

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
        runtime = {"runtime": RUNTIMES["onnx"], "role": "predictor"}
        subjects.append({"model": name, "file": str(onnx), **runtime})
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
