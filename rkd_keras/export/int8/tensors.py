"""What stands in a TFLite flatbuffer: operations, tensors, ranges, outputs."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Operation:
    """An operation of the main graph.

    Attributes:
        kind: its name in TFLite, such as `"CONV_2D"`.
        inputs: indices of the tensors that enter it; -1 for one left out.
        output: index of its first output.
        name: name of that tensor.
    """

    kind: str
    inputs: tuple[int, ...]
    output: int
    name: str

    @property
    def layer(self):
        """The name of the Keras layer that it comes from, as far as it tells.

        A fused operation carries the names of all that it was made of, the
        convolution somewhere among them.
        """
        names = [part.split("/") for part in self.name.split(";")]
        for mark in ("convolution", "depthwise", "MatMul"):
            for parts in names:
                if len(parts) > 1 and parts[-1].startswith(mark):
                    return _plain(parts[-2])
        parts = names[0]
        return _plain(parts[-2] if len(parts) > 1 else parts[0])


def _plain(name):
    """Leave out the number that the conversion adds to a layer's name."""
    stem, _, number = name.rpartition("_")
    return stem if stem and number.isdigit() else name


def main_graph(flatbuffer):
    """Return the model and its main graph, which lie in `flatbuffer` as it is."""
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.Model.GetRootAs(flatbuffer, 0)
    return model, model.Subgraphs(0)


def operations(flatbuffer):
    """List the operations of a flatbuffer.

    Args:
        flatbuffer: bytes of a `.tflite` file.

    Returns:
        List of `Operation`, in the order in which they run.
    """
    from tensorflow.lite.python import schema_py_generated as schema

    kinds = {
        number: kind
        for kind, number in vars(schema.BuiltinOperator).items()
        if isinstance(number, int)
    }
    model, graph = main_graph(flatbuffer)
    found = []
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        code = model.OperatorCodes(operator.OpcodeIndex())
        kind = kinds[code.BuiltinCode()]
        if kind == "CUSTOM":
            kind = code.CustomCode().decode()
        output = operator.Outputs(0)
        found.append(
            Operation(
                kind,
                tuple(operator.InputsAsNumpy().tolist()),
                output,
                graph.Tensors(output).Name().decode(),
            )
        )
    return found


def scale_of(graph, index):
    """Return the largest scale of a tensor; `None` for one of floats."""
    quantization = graph.Tensors(index).Quantization()
    if quantization is None or quantization.ScaleLength() == 0:
        return None
    return float(np.max(quantization.ScaleAsNumpy()))


def with_ranges(calibrated, ranges):
    """Write other ranges beside the tensors of a calibrated flatbuffer.

    Args:
        calibrated: bytes, as of `calibrated_tflite`.
        ranges: dict of a tensor's name to `(low, high)`; others keep theirs.

    Returns:
        The changed flatbuffer, bytes.
    """
    data = bytearray(calibrated)
    _, graph = main_graph(data)
    for index in range(graph.TensorsLength()):
        tensor = graph.Tensors(index)
        found = ranges.get(tensor.Name().decode())
        quantization = tensor.Quantization()
        if found and quantization is not None and quantization.MinLength() == 1:
            quantization.MinAsNumpy()[:], quantization.MaxAsNumpy()[:] = found
    return bytes(data)


def with_outputs_in_order(flatbuffer, names=("probabilities", "embedding")):
    """Put the main graph's outputs into the order of `names`.

    The converter leaves them in the order of a hash table. The signature knows
    which tensor is which, and the list of outputs can be rewritten where it lies.
    """
    data = bytearray(flatbuffer)
    model, graph = main_graph(data)
    signature = model.SignatureDefs(0)
    tensors = {}
    for index in range(signature.OutputsLength()):
        output = signature.Outputs(index)
        tensors[output.Name().decode()] = output.TensorIndex()
    graph.OutputsAsNumpy()[:] = [tensors[name] for name in names]
    return bytes(data)
