"""Run `.onnx` files with ONNX Runtime."""

from rkd_keras.errors import InputError


class ONNXBackend:
    """An ONNX model under `onnxruntime`, on the CPU.

    Args:
        payload: the serialized model's bytes.
        threads: threads inside each operation. Defaults to `1`.
    """

    def __init__(self, payload, threads=1):
        """See the class."""
        try:
            import onnxruntime
        except ImportError as error:
            raise ImportError(
                "ONNX files need ONNX Runtime: pip install onnxruntime"
            ) from error

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                payload, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's errors share no other base
            raise InputError(
                "ONNX Runtime cannot open the model; export it again for this version"
            ) from error
        inputs = self._session.get_inputs()
        self._outputs = [output.name for output in self._session.get_outputs()]
        if len(inputs) != 1 or len(self._outputs) != 2:
            raise InputError(
                "the model must take one batch of images and give probabilities and "
                "embedding; export it again"
            )
        self._input = inputs[0].name

    def predict_batch(self, images):
        """See `Predictor.predict_batch`."""
        feed = {self._input: images.astype("float32")}
        return tuple(self._session.run(self._outputs, feed))
