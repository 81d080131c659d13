"""A layer that learns against what comes after it."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="rkd_keras")
class GradientReversal(keras.layers.Layer):
    """Passes its input on as it is, and turns the gradient round on the way back.

    y = x,  dL/dx = -factor * dL/dy

    What lies before it learns to make the loss behind it larger: features from which
    a discriminator cannot tell two production lines apart.

    Args:
        factor: how strongly the gradient is turned round, at least 0; where 0, nothing
            is learnt from what comes after. It is a weight that is not trained, so that
            it may grow meanwhile: `layer.factor.assign(0.5)`. Defaults to `1.0`.
        **kwargs: `keras.layers.Layer` arguments such as `name` and `dtype`.

    Call arguments:
        inputs: tensor of any shape.

    Output shape:
        That of the inputs.

    Raises:
        ValueError: when `factor` is negative or no number.

    Reference:
        - Ganin et al., "Domain-Adversarial Training of Neural Networks", Journal of
          Machine Learning Research, 2016.

    Example:
        >>> import numpy as np
        >>> import tensorflow as tf
        >>> x = tf.constant([[3.0, -1.0]])
        >>> with tf.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = GradientReversal(0.5)(x)
        >>> np.array(y).tolist(), tape.gradient(y, x).numpy().tolist()
        ([[3.0, -1.0]], [[-0.5, -0.5]])
    """

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= factor < math.inf:
            raise ValueError(
                f"`factor` must be a number from 0 on. Received: factor={factor}"
            )
        self.initial_factor = float(factor)

    def build(self, input_shape):
        """Create the factor, which is not trained."""
        self.factor = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(self.initial_factor),
            trainable=False,
            name="factor",
        )

    def call(self, inputs):
        """Return the inputs; see the class."""
        fixed = ops.stop_gradient(inputs)
        # The difference is 0 and has the gradient 1, on every backend alike.
        return fixed - ops.cast(self.factor, inputs.dtype) * (inputs - fixed)

    def compute_output_shape(self, input_shape):
        """Return the shape of the inputs."""
        return input_shape

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "factor": self.initial_factor}
