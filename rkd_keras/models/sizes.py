"""Count what a network holds and costs, without drawing its weights."""

import functools
import math

from rkd_keras.models.registry import public


@functools.cache
@public
def network_size(model, options=(), size=64, classes=6):
    """Count a network's trainable parameters and multiply-adds.

    Args:
        model: name in the zoo.
        options: tuple of `(argument, value)`, arguments of its builder. Defaults to
            `()`.
        size: side of the square input in pixels. Defaults to `64`.
        classes: number of classes. Defaults to `6`.

    Returns:
        Dict with `parameters` and `multiply_adds`.

    Raises:
        InputError: for an unknown name.

    Example:
        >>> network_size("sarsn101")["parameters"]
        46127174
    """
    import keras

    from rkd_keras.models.multiply_adds import count_multiply_adds
    from rkd_keras.models.zoo import create_model

    policy = keras.config.dtype_policy()
    try:
        with keras.StatelessScope(initialize_variables=False):
            network = create_model(
                model, num_classes=classes, input_shape=(size, size, 3), **dict(options)
            )
            return {
                "parameters": sum(
                    math.prod(w.shape) for w in network.trainable_weights
                ),
                "multiply_adds": count_multiply_adds(network),
            }
    finally:
        # Keras would draw the weights when the next model is built.
        keras.backend.clear_session()
        keras.config.set_dtype_policy(policy)
