"""Run `.onnx` and `.tflite` files with OpenVINO."""

import tempfile
from pathlib import Path

import numpy as np

from rkd_keras.errors import InputError


class OpenVINOBackend:
    """A model under `openvino`, on the CPU.

    It computes in float32 where the file does: processors that know bfloat16 would
    otherwise round to it, and decide otherwise than the other runtimes.

    Args:
        payload: the model's bytes.
        kind: `"onnx"` or `"tflite"`.
        threads: CPU threads. Defaults to `1`.
    """

    def __init__(self, payload, kind, threads=1):
        """See the class."""
        try:
            import openvino
        except ImportError as error:
            raise ImportError(
                'OpenVINO is not installed: pip install "rkd-keras[openvino]"'
            ) from error

        core = openvino.Core()
        options = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": "f32",
        }
        try:
            model = _read(core, payload, kind)
            compiled = core.compile_model(model, "CPU", options)
        except Exception as error:  # openvino's errors share no other base
            raise InputError(
                "OpenVINO cannot open the model; export it again for this version"
            ) from error
        shape = compiled.inputs[0].partial_shape
        if len(compiled.inputs) != 1 or len(compiled.outputs) != 2 or len(shape) != 4:
            raise InputError(
                "the model must take one batch of images and give probabilities and "
                "embedding; export it again"
            )
        # A TFLite file's batch is 1.
        self._one_by_one = shape[0].is_static
        self._dtype = compiled.inputs[0].element_type.to_dtype()
        self._request = compiled.create_infer_request()

    def predict_batch(self, images):
        """See `Predictor.predict_batch`."""
        images = np.ascontiguousarray(images, self._dtype)
        if not self._one_by_one:
            return self._run(images)
        rows = [self._run(images[i : i + 1]) for i in range(len(images))]
        return tuple(np.concatenate(part) for part in zip(*rows, strict=True))

    def _run(self, images):
        answers = self._request.infer({0: images}, share_inputs=True)
        # Copies: the next call writes into the same memory.
        return tuple(np.array(answers[output]) for output in (0, 1))


def _read(core, payload, kind):
    if kind == "onnx":
        return core.read_model(payload)
    # Its reader of TFLite knows files alone.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        path.write_bytes(payload)
        return core.read_model(str(path))
