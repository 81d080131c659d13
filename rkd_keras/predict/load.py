"""Open a model file of any kind."""

from collections.abc import Sequence
from pathlib import Path

import rkd_keras
from rkd_keras.errors import InputError
from rkd_keras.predict.card import verified_card
from rkd_keras.predict.containers import read_contents
from rkd_keras.predict.predictor import Predictor
from rkd_keras.predict.runtimes import chosen_runtime

# Students of the package by name; `load()` opens the first.
BUNDLED = {
    name: Path(rkd_keras.__file__).parent / "weights" / f"neu_{name}.tflite"
    for name in ("edge_resnet_small", "edge_resnet_tiny")
}


def load(
    path: str | Path | None = None,
    threads: int = 1,
    runtime: str | None = None,
    providers: str | Sequence[str] | None = None,
    delegate: str | Path | None = None,
) -> Predictor:
    """Open an exported model and return its predictor.

    The file is checked against the checksum in its card before a runtime sees
    it, and loading runs no code from it: Keras files are opened in safe mode,
    SavedModels that would call Python or touch files are refused, and nothing is
    ever unpickled.

    Args:
        path: `.tflite`, `.onnx`, `.keras` or a SavedModel folder; `None` for the
            student that comes with the package, `"edge_resnet_tiny"` for its
            smaller sister. Defaults to `None`.
        threads: CPU threads that the runtime may use. TensorFlow's are shared by
            the whole process, so they are set only when this call is what imports
            it. Defaults to `1`.
        runtime: what runs the file: `"litert"` or `"openvino"` for `.tflite`,
            `"onnxruntime"` or `"openvino"` for `.onnx`, `"tensorflow"` for a
            SavedModel, `"keras"` for `.keras`. Defaults to `None`: the first of these.
        providers: of ONNX Runtime, such as `"CUDA"`, or several, the preferred one
            first: `"CPU"`, `"CUDA"`, `"TensorRT"`, `"OpenVINO"` and what else the
            installation has. `CPU` takes what none of them can. Defaults to `None`:
            `CPU`.
        delegate: shared library with a delegate for LiteRT, as makers of accelerators
            ship it. Defaults to `None`: LiteRT's own.

    Returns:
        A `Predictor`.

    Raises:
        InputError: when the file is missing, truncated, foreign or tampered with, the
            runtime does not run such files, or a provider or the delegate is not there.
        ImportError: when the file's runtime is not installed, with the line that
            installs it.

    Example:
        >>> import tempfile
        >>> from rkd_keras.models import ResNet18
        >>> from rkd_keras.predict import new_card, write_card
        >>> model = ResNet18(num_classes=2, width=0.125, input_shape=(32, 32, 3))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = f"{folder}/student.keras"
        ...     model.save(path)
        ...     card = write_card(path, new_card(["in", "sc"], (32, 32, 3)))
        ...     load(path).class_names
        ('in', 'sc')
    """
    if not isinstance(threads, int) or threads < 1:
        raise InputError(
            f"threads must be a whole number of at least 1. Received: threads={threads}"
        )
    path = _bundled_or_given(path)
    contents = read_contents(path)
    card = verified_card(contents, path)
    try:
        runtime = chosen_runtime(contents.kind, runtime, providers, delegate)
        backend = _open(contents, path, card, threads, runtime, providers, delegate)
        return Predictor(backend, card)
    except InputError as error:
        message = str(error)
        if str(path) in message:
            raise
        raise InputError(f"{path}: {message}") from error


def _bundled_or_given(path):
    name = next(iter(BUNDLED)) if path is None else str(path)
    if name not in BUNDLED or Path(name).exists():
        return Path(path)
    if not BUNDLED[name].is_file():
        raise InputError(
            "this installation carries no such student; give a model file that "
            "`rkd-keras export` wrote"
        )
    return BUNDLED[name]


def _open(contents, path, card, threads, runtime, providers, delegate):
    if runtime == "litert":
        from rkd_keras.predict.tflite_backend import TFLiteBackend

        return TFLiteBackend(contents.payload, threads, delegate)
    if runtime == "onnxruntime":
        from rkd_keras.predict.onnx_backend import ONNXBackend

        return ONNXBackend(contents.payload, threads, providers)
    if runtime == "openvino":
        from rkd_keras.predict.openvino_backend import OpenVINOBackend

        return OpenVINOBackend(contents.payload, contents.kind, threads)
    if runtime == "tensorflow":
        from rkd_keras.predict.saved_model_backend import SavedModelBackend

        return SavedModelBackend(path, threads)
    from rkd_keras.models.load import load_model
    from rkd_keras.predict.keras_backend import KerasBackend

    return KerasBackend(load_model(path, threads), card["temperature"])
