"""Rounding as int8 does it, in float, with gradients that pass straight through."""

import keras
from keras import ops

ACTIVATION_LEVELS = 255
WEIGHT_LEVELS = 127


def fake_quantize(x, low, high):
    """Round values to the 256 levels of a range, as TFLite's asymmetric int8 does.

    q = clip(round(x / s) + z, 0, 255), y = (q - z) s, with s = (high - low) / 255
    and z = round(-low / s), so that 0 stays 0. The gradient is 1 inside the range and
    0 outside.

    Args:
        x: float tensor of any shape.
        low: scalar, least value; 0 where it is above.
        high: scalar, greatest value; 0 where it is below.

    Returns:
        Tensor of the shape of `x`.

    Reference:
        - Jacob et al., "Quantization and Training of Neural Networks for Efficient
          Integer-Arithmetic-Only Inference", CVPR 2018.
    """
    low, high = ops.minimum(low, 0.0), ops.maximum(high, 0.0)
    scale = ops.maximum((high - low) / ACTIVATION_LEVELS, 1e-12)
    zero = ops.round(-low / scale)
    inside = ops.clip(x, -zero * scale, (ACTIVATION_LEVELS - zero) * scale)
    rounded = ops.round(inside / scale) * scale
    return inside + ops.stop_gradient(rounded - inside)


def fake_quantize_weights(kernel, axes):
    """Round weights to 255 levels about 0, each channel with a scale of its own.

    Args:
        kernel: float tensor.
        axes: the axes that one channel's weights lie along.

    Returns:
        Tensor of the shape of `kernel`; the gradient is 1.
    """
    largest = ops.max(ops.abs(kernel), axis=axes, keepdims=True)
    scale = ops.stop_gradient(ops.maximum(largest / WEIGHT_LEVELS, 1e-12))
    rounded = ops.round(kernel / scale) * scale
    return kernel + ops.stop_gradient(rounded - kernel)


class FakeQuantize(keras.layers.Layer):
    """Round what passes to the 256 levels of the batch's own range."""

    def call(self, x):
        """Return `x` rounded; what is no float passes as it is."""
        if not keras.backend.is_float_dtype(x.dtype):
            return x
        low, high = ops.stop_gradient(ops.min(x)), ops.stop_gradient(ops.max(x))
        return fake_quantize(x, low, high)


def fake_quantized(model):
    """Copy a model, with rounding wherever the int8 file rounds its activations.

    The converter fuses a convolution, its batch normalisation and a ReLU into one
    operation: there it rounds once, at the end.

    Args:
        model: functional `keras.Model`.

    Returns:
        A `keras.Model` of weights of its own, in the order of those of `model`.
    """
    fused = _fused(model)

    def call(layer, *args, **kwargs):
        outputs = layer(*args, **kwargs)
        if layer.name in fused or not keras.backend.is_keras_tensor(outputs):
            return outputs
        return FakeQuantize(name=f"{layer.name}_rounded")(outputs)

    copy = keras.models.clone_model(model, call_function=call)
    copy.set_weights(model.get_weights())
    return copy


def _fused(model):
    """Names of the layers whose output exists in no int8 file."""
    layers = keras.layers
    products = layers.Conv2D, layers.DepthwiseConv2D, layers.Dense
    sums = (*products, layers.BatchNormalization, layers.Add)
    consumers = {}
    nodes = [node for depth in model._nodes_by_depth.values() for node in depth]
    for node in nodes:
        for parent in node.parent_nodes:
            consumers.setdefault(parent.operation.name, []).append(node.operation)
    outputs = {tensor._keras_history.operation.name for tensor in model.outputs}
    found = set()
    for layer in model.layers:
        after = consumers.get(layer.name, [])
        if len(after) != 1 or layer.name in outputs:
            continue
        normalised = isinstance(after[0], layers.BatchNormalization)
        if (normalised and isinstance(layer, products)) or (
            _is_relu(after[0]) and isinstance(layer, sums)
        ):
            found.add(layer.name)
    return found


def _is_relu(layer):
    if isinstance(layer, keras.layers.Activation):
        return layer.activation in (keras.activations.relu, keras.activations.relu6)
    return isinstance(layer, keras.layers.ReLU)


def rounded_weights(model):
    """Return the trainable weights, kernels rounded as the int8 file rounds them.

    Args:
        model: built `keras.Model`.

    Returns:
        List of tensors, in the order of `model.trainable_variables`.
    """
    # A depthwise kernel is (height, width, channels in, multiplier).
    depthwise = {
        id(layer.kernel)
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.DepthwiseConv2D)
    }
    found = []
    for variable in model.trainable_variables:
        value = ops.convert_to_tensor(variable)
        if variable.name.endswith("kernel") and len(variable.shape) > 1:
            in_depth = id(variable) in depthwise
            in_depth = in_depth or variable.name == "depthwise_kernel"
            last = 2 if in_depth else 1
            axes = tuple(range(len(variable.shape) - last))
            value = fake_quantize_weights(value, axes)
        found.append(value)
    return found
