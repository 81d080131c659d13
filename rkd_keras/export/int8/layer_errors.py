"""What each layer's rounding costs: the error that it adds, and what has gathered."""

import csv
import io
import json
import textwrap
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from rkd_keras.export.int8.tensors import operations

# Of them the error is read; more tell little that is new.
IMAGES = 32
# Share of the middle channel's power below which a channel does not count.
LEAST_POWER = 0.01
VERIFY = "NumericVerify"
# The output of these holds values of their input as they are.
MOVES = ("PAD", "PADV2", "RESHAPE", "MIRROR_PAD", "QUANTIZE", "DEQUANTIZE")


@dataclass(frozen=True)
class LayerError:
    """What the rounding of one operation costs.

    A channel's noise is the mean square of its difference to float32 over that of its
    float32 values, at most 1; the tensor's is the root of their mean: 0.01 is a
    hundredth, 40 dB. One loud channel so hides no other. Channels of less than a
    hundredth of the middle one's power are left out, for little depends on them.

    Attributes:
        layer: name of the Keras layer.
        operation: its kind in TFLite, such as `"CONV_2D"`.
        own_noise: what this operation adds, given the rounded values that enter it:
            the rounding of its weights and of its output.
        noise: what has gathered in its output since the pixels.
        low: least value of its output on the calibration images.
        high: greatest value.
        tensor: name of its output in the file.

    Example:
        >>> error = LayerError("conv", "CONV_2D", 0.01, 0.1, 0.0, 6.0, "a/b")
        >>> error.own_decibels, error.decibels
        (40.0, 20.0)
    """

    layer: str
    operation: str
    own_noise: float
    noise: float
    low: float
    high: float
    tensor: str

    @property
    def own_decibels(self) -> float:
        """Signal to noise that it adds, in dB; infinite where it adds none."""
        return decibels(self.own_noise)

    @property
    def decibels(self) -> float:
        """Signal to noise in its output, in dB."""
        return decibels(self.noise)


def decibels(noise):
    """Return a noise as a ratio of signal to noise in decibels."""
    return float("inf") if noise <= 0 else round(-20 * float(np.log10(noise)), 2)


def layer_errors(calibrated, flatbuffer, images):
    """Measure what the rounding of each layer costs, worst first.

    Each operation is run in int8 and in float32 from the same, already rounded values
    (TFLite's `NumericVerify`), which tells what it adds by itself, without one
    conversion for each layer. What has gathered is the difference between the int8 file
    and the float32 one, tensor by tensor of the same name.

    Args:
        calibrated: bytes, as of `calibrated_tflite`.
        flatbuffer: bytes of the int8 file that came of it.
        images: array `(n, H, W, 3)`, uint8; the first 32 count.

    Returns:
        List of `LayerError`.
    """
    from tensorflow.lite.python.convert import mlir_quantize

    from rkd_keras.predict.quiet_stderr import quiet_stderr

    images = images[:IMAGES]
    with quiet_stderr():
        verified = mlir_quantize(calibrated, enable_numeric_verify=True)
    own = _own_noise(verified, images)
    known = operations(calibrated)
    floats, rounded = Reader(calibrated), Reader(flatbuffer)
    sums = {}
    for image in images:
        floats.run(image)
        rounded.run(image)
        for operation in known:
            name = operation.name
            if name not in own or name not in rounded:
                continue
            exact = floats.values(name)
            _add(sums, name, rounded.values(name) - exact, exact)
            low, high = float(exact.min()), float(exact.max())
            old = sums.setdefault((name, "range"), [low, high])
            old[:] = min(old[0], low), max(old[1], high)
    found = [
        LayerError(
            operation.layer,
            operation.kind,
            own[operation.name],
            _ratio(sums[operation.name]),
            *sums[operation.name, "range"],
            operation.name,
        )
        for operation in known
        if operation.name in sums and operation.kind not in MOVES
    ]
    return sorted(found, key=lambda error: -error.own_noise)


def _own_noise(verified, images):
    """Return dict of a tensor's name to the noise that its operation adds."""
    reader = Reader(verified)
    pairs = [o for o in operations(verified) if o.kind == VERIFY]
    sums = {}
    for image in images:
        reader.run(image)
        for pair in pairs:
            exact = reader.tensor(pair.inputs[1])
            _add(sums, pair.output, reader.tensor(pair.output), exact)
    # The float32 one of the two has kept its name.
    return {
        reader.details[pair.inputs[1]]["name"]: _ratio(sums[pair.output])
        for pair in pairs
    }


def _add(sums, name, difference, exact):
    """Add the squares of an image to a tensor's, channel by channel."""
    axes = tuple(range(exact.ndim - 1))
    powers = np.stack(
        [np.square(x).sum(axis=axes, dtype=np.float64) for x in (difference, exact)]
    )
    sums[name] = sums.get(name, 0.0) + powers


def _ratio(powers):
    noise, signal = powers.reshape(2, -1)
    heard = signal > LEAST_POWER * np.median(signal)
    if not heard.any():
        return float(noise.any())
    return float(np.sqrt(np.minimum(noise[heard] / signal[heard], 1.0).mean()))


class Reader:
    """Run a flatbuffer and read any of its tensors, as numbers.

    Args:
        flatbuffer: bytes.
    """

    def __init__(self, flatbuffer):
        """See the class."""
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        # XNNPACK keeps no tensors, and refuses layers of zeros.
        plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        self._interpreter = Interpreter(
            model_content=flatbuffer,
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=plain,
        )
        self._interpreter.allocate_tensors()
        (self._entry,) = self._interpreter.get_input_details()
        self.details = {d["index"]: d for d in self._interpreter.get_tensor_details()}
        self._names = {d["name"]: index for index, d in self.details.items()}

    def __contains__(self, name):
        """Whether there is a tensor of that name."""
        return name in self._names

    def run(self, image):
        """Run an image, `(H, W, 3)`, uint8."""
        values = image[None].astype(np.float32)
        dtype = self._entry["dtype"]
        if dtype != np.float32:
            scale, zero = self._entry["quantization"]
            values = (np.round(values / scale) + zero).astype(dtype)
        self._interpreter.set_tensor(self._entry["index"], values)
        self._interpreter.invoke()

    def tensor(self, index):
        """Return a tensor's values, float32."""
        values = self._interpreter.get_tensor(index)
        scales = self.details[index]["quantization_parameters"]
        if np.issubdtype(values.dtype, np.floating) or len(scales["scales"]) != 1:
            return values
        levels = values.astype(np.float32) - scales["zero_points"][0]
        return levels * scales["scales"][0]

    def values(self, name):
        """Return the values of the tensor of that name, float32."""
        return self.tensor(self._names[name])


def worst_groups(errors, calibrated):
    """Return which operations to keep in float together, the worst tensor's first.

    An output is rounded wherever an int8 operation takes it, so that the operation
    which makes it and all that take it go together.

    Args:
        errors: list of `LayerError`, worst first.
        calibrated: bytes, as of `calibrated_tflite`.

    Returns:
        List of lists of names of outputs, as `quantized` takes them.
    """
    known = operations(calibrated)
    tensors = {operation.name: operation.output for operation in known}
    return [
        [error.tensor] + [o.name for o in known if tensors[error.tensor] in o.inputs]
        for error in errors
        if error.own_noise > 0
    ]


def error_table(errors, most=20):
    """Write errors as a table of 80 columns.

    Args:
        errors: list of `LayerError`, worst first.
        most: rows. Defaults to `20`.

    Returns:
        Text of several lines.
    """
    lines = [f"{'layer':37} {'operation':17} {'adds':>7} {'so far':>7} {'highest':>7}"]
    for error in errors[:most]:
        # A long name is folded: what is cut off may be what tells two layers apart.
        *above, layer = textwrap.wrap(error.layer, 37) or [""]
        size = max(abs(error.low), abs(error.high))
        lines += above
        lines.append(
            f"{layer:37} {error.operation[:17]:17} {error.own_noise:7.2%} "
            f"{error.noise:7.2%} {size:7.3g}"
        )
    if len(errors) > most:
        lines.append(f"... and {len(errors) - most} more")
    return "\n".join(lines)


def write_errors(path, errors):
    """Write all errors beside a file, as `NAME.layers.csv` and `NAME.layers.json`.

    Args:
        path: the int8 file, a `Path`.
        errors: list of `LayerError`.

    Returns:
        The two paths.
    """
    from rkd_keras.files.replacing import replacing

    rows = [
        {**asdict(e), "own_decibels": e.own_decibels, "decibels": e.decibels}
        for e in errors
    ]
    for row in rows:
        for key in ("own_decibels", "decibels"):
            row[key] = row[key] if np.isfinite(row[key]) else None
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, list(rows[0]) if rows else ["layer"])
    writer.writeheader()
    writer.writerows(rows)
    targets = error_files(path)
    texts = table.getvalue(), json.dumps(rows, indent=1) + "\n"
    for target, text in zip(targets, texts, strict=True):
        with replacing(target) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="")
    return targets


def error_files(path):
    """Return where `write_errors` writes."""
    path = Path(path)
    return path.with_suffix(".layers.csv"), path.with_suffix(".layers.json")
