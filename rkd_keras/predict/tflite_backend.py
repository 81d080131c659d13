"""Run `.tflite` files with LiteRT."""

import ctypes
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from rkd_keras.errors import InputError


class TFLiteBackend:
    """A TFLite model under `ai-edge-litert`.

    A single image uses all threads inside each operation. Of several images each
    goes to one of `threads` single-threaded interpreters: small networks gain
    far more from that than from threads inside an operation.

    Args:
        payload: the flatbuffer's bytes.
        threads: CPU threads. Defaults to `1`.
        delegate: shared library with a delegate; with one, the images of a batch go
            one after the other, for an accelerator is there once. Defaults to `None`.
    """

    def __init__(self, payload, threads=1, delegate=None):
        """See the class."""
        try:
            from ai_edge_litert.interpreter import Interpreter, load_delegate
        except ImportError as error:
            raise ImportError(
                "TFLite files need LiteRT: pip install ai-edge-litert"
            ) from error

        self._payload = payload
        self._interpreter_class = Interpreter
        self._delegates = None
        if delegate is not None:
            self._delegates = [_opened(delegate, load_delegate)]
        self._single = self._interpreter(threads)
        self._workers = []
        self._threads = threads if delegate is None else 1
        self._pool = None

    def predict_batch(self, images):
        """See `Predictor.predict_batch`."""
        if len(images) == 1 or self._threads == 1:
            return self._single.run(images)
        if self._pool is None:
            self._workers = [self._interpreter(1) for _ in range(self._threads)]
            self._pool = ThreadPoolExecutor(self._threads)
        parts = np.array_split(images, min(self._threads, len(images)))
        results = list(self._pool.map(_Runner.run, self._workers, parts))
        return tuple(np.concatenate(part) for part in zip(*results, strict=True))

    def _interpreter(self, threads):
        try:
            interpreter = self._interpreter_class(
                model_content=self._payload,
                num_threads=threads,
                experimental_delegates=self._delegates,
            )
            interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            means = " with this delegate" if self._delegates else ""
            raise InputError(
                f"LiteRT cannot open the model{means}; export it again for this version"
                f"{', or leave the delegate out' if means else ''}"
            ) from error
        return _Runner(interpreter)


def _opened(delegate, load_delegate):
    path = Path(delegate)
    if not path.is_file():
        raise InputError(
            f"there is no delegate {path}; give the shared library that the "
            "accelerator's maker ships"
        )
    try:
        # First by itself, for LiteRT stumbles over what it could not load once more
        # when it is thrown away.
        library = ctypes.CDLL(str(path.resolve()))
        if not hasattr(library, "tflite_plugin_create_delegate"):
            raise ValueError("it holds none")
        return load_delegate(str(path.resolve()))
    except (ValueError, OSError, AttributeError) as error:
        raise InputError(
            f"{path} cannot be loaded as a delegate ({error}); give a library that was "
            "built for this processor and this version of LiteRT"
        ) from error


class _Runner:
    """One interpreter, with what is asked of it once and not for every image."""

    def __init__(self, interpreter):
        inputs = interpreter.get_input_details()
        outputs = interpreter.get_output_details()
        if len(inputs) != 1 or len(outputs) != 2 or len(inputs[0]["shape"]) != 4:
            raise InputError(
                "the model must take one batch of images and give probabilities and "
                "embedding; export it again"
            )
        self._interpreter = interpreter
        self._input = inputs[0]
        self._outputs = outputs

    def run(self, images):
        """Run images one by one; the exported graph's batch is 1."""
        interpreter, index = self._interpreter, self._input["index"]
        results = [
            np.empty((len(images), output["shape"][-1]), np.float32)
            for output in self._outputs
        ]
        images = _quantized(images, self._input)
        for row in range(len(images)):
            interpreter.set_tensor(index, images[row : row + 1])
            interpreter.invoke()
            for output, result in zip(self._outputs, results, strict=True):
                values = interpreter.get_tensor(output["index"])
                result[row] = _dequantized(values, output)
        return results


def _quantized(images, entry):
    """Bring uint8 pixels to the input tensor's type and scale."""
    dtype = entry["dtype"]
    scale, zero_point = entry["quantization"]
    if np.issubdtype(dtype, np.floating):
        return images.astype(dtype)
    if dtype == np.uint8 and (scale, zero_point) in ((1.0, 0), (0.0, 0)):
        return images
    limits = np.iinfo(dtype)
    levels = np.round(images / scale) + zero_point
    return np.clip(levels, limits.min, limits.max).astype(dtype)


def _dequantized(values, output):
    if np.issubdtype(values.dtype, np.floating):
        return values
    scale, zero_point = output["quantization"]
    return (values.astype(np.float32) - zero_point) * scale
