"""Count what a network holds and costs, without drawing its weights."""

import functools
import math


@functools.cache
def network_size(model, options, size, classes):
    """Count a network's trainable parameters and multiply-adds.

    Args:
        model: name in the zoo.
        options: tuple of `(argument, value)`.
        size: side of the input in pixels.
        classes: number of classes.

    Returns:
        Dict with `parameters` and `multiply_adds`.
    """
    import keras

    from rkd_keras.models import count_multiply_adds, create_model

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
