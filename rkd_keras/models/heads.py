"""Take a classifier apart into its body and its last layer, and give it another."""

import keras

from rkd_keras.errors import InputError
from rkd_keras.models.taps import layer_call, tapped


def divided(model):
    """Return a classifier up to its head, and the head.

    Args:
        model: classifier whose last layer is the dense layer `logits`.

    Returns:
        Pair of a `keras.Model` of images to features, and the layer.

    Raises:
        InputError: when the model cannot be taken apart, or its head is another layer
            than a plain dense one with a bias.

    Example:
        >>> from rkd_keras.models import ResNet18
        >>> body, head = divided(ResNet18(width=0.125, input_shape=(32, 32, 3)))
        >>> body.output_shape, head.units
        ((None, 64), 6)
    """
    tapped(model)  # which says why a model cannot be taken apart
    features, _ = layer_call(model, "logits")
    head = model.get_layer("logits")
    if type(head) is not keras.layers.Dense or not head.use_bias:
        raise InputError(
            f"the head of {model.name!r} is a {type(head).__name__}; it must be a "
            "plain dense layer with a bias, so train it with another loss"
        )
    return keras.Model(model.inputs[0], features), head


def with_head(body, kernel, bias, name=None):
    """Return a classifier of a body and a dense head.

    Args:
        body: `keras.Model` of images to features.
        kernel: array `(features, classes)`.
        bias: array `(classes,)`.
        name: the model's name, or `None` for the body's.

    Returns:
        A functional `keras.Model` that gives logits, float32, by a layer `logits`.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.models import ResNet18
        >>> body, _ = divided(ResNet18(width=0.125, input_shape=(32, 32, 3)))
        >>> with_head(body, np.zeros((64, 2)), np.zeros(2)).output_shape
        (None, 2)
    """
    head = keras.layers.Dense(kernel.shape[1], dtype="float32", name="logits")
    network = keras.Model(body.inputs[0], head(body.outputs[0]), name=name or body.name)
    head.set_weights([kernel, bias])
    return network
