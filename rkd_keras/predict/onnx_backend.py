"""Run `.onnx` files with ONNX Runtime."""

from rkd_keras.errors import InputError

_SUFFIX = "ExecutionProvider"
# What brings a provider that the plain package does not have.
_PACKAGES = {
    "cuda": "onnxruntime-gpu",
    "tensorrt": "onnxruntime-gpu",
    "openvino": "onnxruntime-openvino",
}


class ONNXBackend:
    """An ONNX model under `onnxruntime`.

    Args:
        payload: the serialized model's bytes.
        threads: threads inside each operation. Defaults to `1`.
        providers: what the model runs on, such as `"CUDA"`, or several in the order
            in which they are to be tried for each operation; `CPU` takes what none of
            them does. Defaults to `None`: `CPU`.
    """

    def __init__(self, payload, threads=1, providers=None):
        """See the class."""
        try:
            import onnxruntime
        except ImportError as error:
            raise ImportError(
                "ONNX files need ONNX Runtime: pip install onnxruntime"
            ) from error

        chosen = _chosen(providers, onnxruntime.get_available_providers())
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                payload, options, providers=chosen
            )
        except Exception as error:  # onnxruntime's errors share no other base
            raise InputError(
                "ONNX Runtime cannot open the model; export it again for this version"
            ) from error
        _refuse_silent_fallback(chosen, self._session.get_providers())
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


def _chosen(providers, available):
    """Return ONNX Runtime's names of what was asked for, `CPU` behind them."""
    if providers is None:
        return [f"CPU{_SUFFIX}"]
    known = {_short(name).lower(): name for name in available}
    chosen = []
    for provider in [providers] if isinstance(providers, str) else providers:
        name = known.get(_short(str(provider)).lower())
        if name is None:
            package = _PACKAGES.get(str(provider).lower())
            advice = f", or install {package}" if package else ""
            raise InputError(
                f"this installation of ONNX Runtime has no provider {provider}; it has "
                f"{', '.join(map(_short, available))}; choose one of them{advice}"
            )
        chosen.append(name)
    return list(dict.fromkeys([*chosen, f"CPU{_SUFFIX}"]))


def _refuse_silent_fallback(chosen, running):
    """Raise `InputError` where ONNX Runtime went on without what was asked for."""
    if missing := [_short(name) for name in chosen if name not in running]:
        raise InputError(
            f"ONNX Runtime could not start {', '.join(missing)}, whose driver or "
            "libraries are missing; install them, or choose one of "
            f"{', '.join(map(_short, running))}"
        )


def _short(name):
    return name.removesuffix(_SUFFIX)
