"""The graph that every export shares: pixels in, decisions' numbers out."""

import copy


def serving_model(model, temperature=1.0):
    """Make the float32 model that is exported.

    Args:
        model: built `keras.Model` with a layer `embedding` that gives logits, of
            any dtype policy.
        temperature: what logits are divided by before the softmax. Defaults to
            `1.0`.

    Returns:
        A `keras.Model` from images `(N, H, W, 3)` of pixels 0 to 255 to
        `[probabilities (N, C), embedding (N, E)]`, float32.

    Raises:
        InputError: when a layer is missing, or the head applies an activation.
    """
    import keras

    from rkd_keras.models import tapped

    model = tapped(in_float32(model))
    logits, embedding = model.outputs
    if temperature != 1.0:
        logits = keras.layers.Rescaling(
            1 / temperature, name="temperature", dtype="float32"
        )(logits)
    probabilities = keras.layers.Softmax(name="probabilities", dtype="float32")(logits)
    return keras.Model(model.inputs[0], [probabilities, embedding], name=model.name)


def in_float32(model):
    """Return `model`, rebuilt under float32 where a layer computes otherwise.

    The exporters know float32 only; the weights of a mixed policy are float32
    already and are copied.

    Args:
        model: functional `keras.Model`.

    Returns:
        A `keras.Model` that computes in float32.
    """
    import keras

    layers = model._flatten_layers(include_self=False)
    if all(layer.compute_dtype == "float32" for layer in layers):
        return model
    config = _with_float32(copy.deepcopy(model.get_config()))
    # Layers without a policy of their own take the global one.
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        rebuilt = type(model).from_config(config)
    finally:
        keras.config.set_dtype_policy(policy)
    rebuilt.set_weights(model.get_weights())
    return rebuilt


def _with_float32(config):
    if isinstance(config, dict):
        if config.get("class_name") in ("DTypePolicy", "FloatDTypePolicy"):
            return "float32"
        return {
            key: "float32"
            if key == "dtype" and isinstance(value, str)
            else _with_float32(value)
            for key, value in config.items()
        }
    if isinstance(config, list | tuple):
        return type(config)(_with_float32(value) for value in config)
    return config
