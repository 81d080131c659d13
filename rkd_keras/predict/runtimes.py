"""The runtimes there are, and which kind of file each of them runs."""

from dataclasses import dataclass
from importlib.util import find_spec

from rkd_keras.errors import InputError


@dataclass(frozen=True)
class Runtime:
    """A program that runs networks.

    Attributes:
        title: what people call it.
        package: what Python imports.
        kinds: kinds of file that it runs, see `containers.kind_of`.
    """

    title: str
    package: str
    kinds: tuple[str, ...]

    @property
    def is_installed(self):
        """Whether its package is there; nothing is imported."""
        try:
            return find_spec(self.package) is not None
        except ValueError:  # a module that somebody put in its place
            return False


# The first that runs a kind of file is the one that opens it where none is named.
RUNTIMES = {
    "litert": Runtime("LiteRT", "ai_edge_litert", ("tflite",)),
    "onnxruntime": Runtime("ONNX Runtime", "onnxruntime", ("onnx",)),
    "openvino": Runtime("OpenVINO", "openvino", ("onnx", "tflite")),
    "tensorflow": Runtime("TensorFlow", "tensorflow", ("saved_model",)),
    "keras": Runtime("Keras call", "keras", ("keras",)),
}


def runtimes_for(kind):
    """Return the names of the runtimes of a kind of file, its own first.

    Args:
        kind: `"keras"`, `"saved_model"`, `"tflite"` or `"onnx"`.

    Returns:
        List of keys of `RUNTIMES`.

    Example:
        >>> runtimes_for("onnx")
        ['onnxruntime', 'openvino']
    """
    return [name for name, runtime in RUNTIMES.items() if kind in runtime.kinds]


def installed_runtimes(kind):
    """Return those of `runtimes_for` that are installed.

    Args:
        kind: `"keras"`, `"saved_model"`, `"tflite"` or `"onnx"`.

    Returns:
        List of keys of `RUNTIMES`; its own runtime is there even where it is missing,
        so that opening the file tells how to install it.

    Example:
        >>> installed_runtimes("keras")
        ['keras']
    """
    own, *others = runtimes_for(kind)
    return [own, *(name for name in others if RUNTIMES[name].is_installed)]


def chosen_runtime(kind, runtime=None, providers=None, delegate=None):
    """Return the name of the runtime that opens a file, or refuse what does not fit.

    Args:
        kind: `"keras"`, `"saved_model"`, `"tflite"` or `"onnx"`.
        runtime: a key of `RUNTIMES`; `None` for the kind's own.
        providers: what only ONNX Runtime takes, or `None`.
        delegate: what only LiteRT takes, or `None`.

    Returns:
        A key of `RUNTIMES`.

    Raises:
        InputError: for a runtime that is not known or does not run such files, and
            for an option of another runtime.

    Example:
        >>> chosen_runtime("onnx"), chosen_runtime("onnx", "openvino")
        ('onnxruntime', 'openvino')
    """
    names = runtimes_for(kind)
    chosen = names[0] if runtime is None else runtime
    if chosen not in RUNTIMES:
        raise InputError(
            f"runtime must be one of {', '.join(RUNTIMES)}. Received: "
            f"runtime={runtime!r}"
        )
    if chosen not in names:
        raise InputError(
            f"{RUNTIMES[chosen].title} does not run this kind of file, which goes by "
            f"runtime {' or '.join(names)}"
        )
    for name, value, owner in (
        ("providers", providers, "onnxruntime"),
        ("delegate", delegate, "litert"),
    ):
        if value is not None and chosen != owner:
            raise InputError(
                f"{name} goes with runtime {owner} alone; leave it out. Received: "
                f"{name}={value!r} for runtime {chosen}"
            )
    return chosen
