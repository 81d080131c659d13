"""Find the logits and the embedding of a classifier: in this place alone."""

import keras

from rkd_keras.errors import InputError
from rkd_keras.models.registry import public

# Layers and operations whose result is no logit.
_SQUASHING = ("LogSoftmax", "Sigmoid", "Softmax")


@public
def tapped(model, layer="embedding"):
    """Return a classifier with the outputs (logits, output of `layer`).

    The logits are the output of the layer `logits` or, where none is called so, the
    model's only output. All outputs come of one pass.

    Args:
        model: any built `keras.Model` whose layers are known: a functional one, or a
            `keras.Sequential` with an input shape.
        layer: name of the layer to tap, or a list of any number of names. Defaults
            to `"embedding"`.

    Returns:
        A functional `keras.Model` that shares the layers and weights; it takes one
        tensor of images, also where `model` takes them in a dict.

    Raises:
        InputError: when the model is not built, is a subclass that does not tell how
            its layers are connected, has no such layer, or gives no logits.

    Example:
        >>> from rkd_keras.models import ResNet18
        >>> model = tapped(ResNet18(width=0.125, input_shape=(32, 32, 3)))
        >>> [tuple(output.shape) for output in model.outputs]
        [(None, 6), (None, 64)]
    """
    inputs = _inputs(model)
    if len(inputs) != 1:
        raise InputError(
            f"the model {model.name!r} takes {len(inputs)} inputs; give one that takes "
            "images alone"
        )
    layers = [layer] if isinstance(layer, str) else layer
    taps = [layer_call(model, each)[1] for each in layers]
    return keras.Model(inputs[0], [_logits(model), *taps], name=model.name)


def layer_call(model, layer):
    """Return what a layer takes and gives within a model.

    `layer.output` belongs to the layer's first call, which in a model that was
    rebuilt (a `keras.Sequential` at every `add`) is another graph's.

    Args:
        model: a built `keras.Model`.
        layer: the layer's name.

    Returns:
        Pair of symbolic tensors, input and output; each a list where the layer has
        several.

    Raises:
        InputError: when the model is not built, has no such layer, or calls it more
            than once.

    Example:
        >>> from rkd_keras.models import ResNet18
        >>> model = ResNet18(width=0.125, input_shape=(32, 32, 3))
        >>> features, embedding = layer_call(model, "embedding")
        >>> features.shape, embedding.shape
        ((None, 4, 4, 64), (None, 64))
    """
    _inputs(model)
    found = [node for name, node in _calls(model) if name == layer]
    if len(found) == 1:
        return _single(found[0].input_tensors), _single(found[0].output_tensors)
    if found:
        raise InputError(
            f"the model {model.name!r} calls its layer {layer!r} {len(found)} times; "
            "tap a layer that is called once"
        )
    inside = [
        inner.name
        for inner in model.layers
        if isinstance(inner, keras.Model)
        and any(each.name == layer for each in inner.layers)
    ]
    if inside:
        raise InputError(
            f"the layer {layer!r} lies inside of {inside[0]!r}, a model within the "
            f"model {model.name!r}; call that model's layers one by one instead"
        )
    known = ", ".join(each.name for each in model.layers[-8:])
    raise InputError(
        f"the model {model.name!r} has no layer {layer!r} to tap; its last layers are "
        f"{known}"
    )


def _inputs(model):
    """Return the symbolic inputs, or say why there are none."""
    try:
        inputs = model.inputs
    except AttributeError:
        inputs = None
    if inputs:
        return inputs
    if isinstance(model, keras.Sequential):
        raise InputError(
            f"the model {model.name!r} has not been built; call its build with the "
            "images' shape, such as (None, 64, 64, 3), or begin it with a keras.Input"
        )
    raise InputError(
        f"{type(model).__name__} {model.name!r} does not tell how its layers are "
        "connected; give a functional or sequential keras.Model"
    )


def _calls(model):
    """Walk from the outputs back over each call of each operation, once."""
    pending, seen = list(model.outputs), set()
    while pending:
        history = pending.pop()._keras_history
        key = (id(history.operation), history.node_index)
        if key in seen:
            continue
        seen.add(key)
        node = history.operation._inbound_nodes[history.node_index]
        yield history.operation.name, node
        pending.extend(node.input_tensors)


def _logits(model):
    if any(layer.name == "logits" for layer in model.layers):
        logits = layer_call(model, "logits")[1]
    elif len(model.outputs) == 1:
        logits = model.outputs[0]
    else:
        raise InputError(
            f"the model {model.name!r} has {len(model.outputs)} outputs and none is a "
            "layer named 'logits'; name the last dense layer so"
        )
    operation = logits._keras_history.operation
    activation = getattr(operation, "activation", None)
    squashes = type(operation).__name__ in _SQUASHING
    if squashes or activation not in (None, keras.activations.linear):
        shown = getattr(activation, "__name__", type(operation).__name__.lower())
        raise InputError(
            f"the model {model.name!r} must give logits; build it with "
            f"classifier_activation=None. Received: activation={shown}"
        )
    return logits


def _single(tensors):
    return tensors[0] if len(tensors) == 1 else list(tensors)


def outputs(model, inputs, training):
    """Run a tapped model over a batch.

    Args:
        model: of `tapped`, or any other model.
        inputs: images `(batch, height, width, channels)`, or a dict with `image`.
        training: whether the model trains.

    Returns:
        List of what the model answers: logits, then the layers.
    """
    images = inputs["image"] if isinstance(inputs, dict) else inputs
    return keras.tree.flatten(model(images, training=training))


def check_classes(teacher, student):
    """Refuse a teacher of other classes than the student's.

    Args:
        teacher: model whose first output are logits, see `tapped`.
        student: another.

    Raises:
        ValueError: when their numbers of classes differ.
    """
    classes = [each.outputs[0].shape[-1] for each in (teacher, student)]
    if classes[0] != classes[1]:
        raise ValueError(
            "`teacher` and `student` must have the same number of classes. "
            f"Received: {classes[0]} and {classes[1]}"
        )
