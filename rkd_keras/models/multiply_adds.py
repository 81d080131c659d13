"""Multiply-adds of a model, layer by layer."""

import math

import keras

from rkd_keras.layers import ChannelGate
from rkd_keras.models.registry import public

_CONVOLUTIONS = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
_DEPTHWISE = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
_SEPARABLE = (keras.layers.SeparableConv1D, keras.layers.SeparableConv2D)
_TRANSPOSED = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)
# Operations that multiply matrices but are no layers that are known here.
_UNCOUNTED = {"Conv", "DepthwiseConv", "SeparableConv", "ConvTranspose"} | {
    "Matmul",
    "Einsum",
    "Tensordot",
    "Dot",
    "Inner",
    "Vdot",
}


@public
def count_multiply_adds(model):
    """Count the multiply-adds that one image costs.

    See `multiply_adds_by_layer`, whose values are summed.

    Args:
        model: a functional or sequential `keras.Model` with a fixed input size.

    Returns:
        Integer.

    Raises:
        ValueError: as `multiply_adds_by_layer`.

    Example:
        >>> import keras
        >>> image = keras.Input((8, 8, 3))
        >>> model = keras.Model(image, keras.layers.Conv2D(4, 3)(image))
        >>> count_multiply_adds(model) == 6 * 6 * 3 * 3 * 3 * 4
        True
    """
    return sum(multiply_adds_by_layer(model).values())


@public
def multiply_adds_by_layer(model):
    """Count the multiply-adds of each layer, for one image.

    Exact for convolutions (grouped, depthwise, separable and transposed too),
    dense layers, and the channel gates of this package. Multiplications with the
    zeros of a border are counted, as is usual. Normalisation, activations,
    pooling, biases and element-wise products are not counted: they are folded
    into, or vanish beside, the rest. A layer that is called twice counts twice.

    Args:
        model: a functional or sequential `keras.Model` with a fixed input size.

    Returns:
        Dictionary from the layer's name (`outer/inner` in a nested model) to an
        integer, only layers that multiply, in no particular order.

    Raises:
        ValueError: if the model is not functional, its input size is open, or it
            holds a layer or operation with matrix products that cannot be counted.

    Example:
        >>> import keras
        >>> image = keras.Input((8, 8, 3))
        >>> x = keras.layers.Conv2D(4, 3, name="conv")(image)
        >>> x = keras.layers.GlobalAveragePooling2D()(x)
        >>> model = keras.Model(image, keras.layers.Dense(2, name="head")(x))
        >>> counts = multiply_adds_by_layer(model)
        >>> counts["conv"], counts["head"]
        (3888, 8)
    """
    if not isinstance(model, keras.Model) or not getattr(model, "inputs", None):
        raise ValueError(
            "`model` must be a functional or a built sequential keras.Model. "
            f"Received: model={model}"
        )
    counts = {}
    for operation, node in _calls(model):
        count = _count(operation, node)
        for name, number in count.items():
            counts[name] = counts.get(name, 0) + number
    return counts


def _calls(model):
    """Walk from the outputs back over each call of each operation, once."""
    pending = list(model.outputs)
    seen = set()
    while pending:
        history = pending.pop()._keras_history
        key = (id(history.operation), history.node_index)
        if key in seen:
            continue
        seen.add(key)
        node = history.operation._inbound_nodes[history.node_index]
        if node.is_input:
            continue
        yield history.operation, node
        pending.extend(node.input_tensors)


def _count(operation, node):
    if isinstance(operation, keras.Model):
        inner = multiply_adds_by_layer(operation)
        return {f"{operation.name}/{name}": n for name, n in inner.items()}
    inputs, outputs = node.input_tensors, node.output_tensors
    if isinstance(operation, _DEPTHWISE):
        number = _positions(outputs, operation) * math.prod(operation.kernel.shape)
    elif isinstance(operation, _SEPARABLE):
        number = _positions(outputs, operation) * (
            math.prod(operation.depthwise_kernel.shape)
            + math.prod(operation.pointwise_kernel.shape)
        )
    elif isinstance(operation, _TRANSPOSED):
        number = _positions(inputs, operation) * math.prod(operation.kernel.shape)
    elif isinstance(operation, (*_CONVOLUTIONS, keras.layers.Dense)):
        # A grouped kernel already holds `channels / groups` inputs.
        number = _positions(outputs, operation) * math.prod(operation.kernel.shape)
    elif isinstance(operation, ChannelGate):
        # Two dense layers that see one vector per image.
        number = sum(
            math.prod(dense.kernel.shape)
            for dense in (operation.squeeze_dense, operation.excite_dense)
        )
    elif type(operation).__name__ in _UNCOUNTED or _has_matrices(operation):
        raise ValueError(
            f"the multiply-adds of {type(operation).__name__} {operation.name!r} "
            "cannot be counted; build the model of convolutions and dense layers"
        )
    else:
        return {}
    return {operation.name: number}


def _has_matrices(operation):
    weights = getattr(operation, "trainable_weights", [])
    return any(len(weight.shape) > 1 for weight in weights)


def _positions(tensors, layer):
    """Number of places, batch and channels apart, where the kernel is applied."""
    shape = tensors[0].shape
    channels_first = getattr(layer, "data_format", None) == "channels_first"
    places = shape[2:] if channels_first else shape[1:-1]
    if None in places:
        raise ValueError(
            "`model` must have a fixed input size to count its multiply-adds. "
            f"Received: layer {layer.name} with shape {shape}"
        )
    return math.prod(places)
