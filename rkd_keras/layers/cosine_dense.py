"""A classification head whose logits are scaled cosines."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="rkd_keras")
class CosineDense(keras.layers.Layer):
    """Dense layer of which inputs and class weights have length 1.

    `logit_c = scale * cos(angle between inputs and w_c)`. Losses with margins,
    such as `rkd_keras.losses.LDAMLoss`, need such a head: with a plain Dense
    layer the network can make a margin meaningless by growing its logits.

    Args:
        units: number of classes.
        scale: factor on the cosines. Defaults to `30.0`.
        **kwargs: `keras.layers.Layer` arguments such as `name` and `dtype`.

    Call arguments:
        inputs: tensor `(batch, features)`.

    Output shape:
        `(batch, units)`.

    Raises:
        ValueError: when `units` or `scale` is not positive.

    Reference:
        Cao et al. 2019, Learning Imbalanced Datasets with
        Label-Distribution-Aware Margin Loss.

    Example:
        >>> import numpy as np
        >>> head = CosineDense(3, scale=30.0)
        >>> y = head(np.ones((2, 8), "float32"))
        >>> bool(np.all(np.abs(y) <= 30.0)), np.allclose(y, head(np.full((2, 8), 5.0)))
        (True, True)
    """

    def __init__(self, units, scale=30.0, **kwargs):
        super().__init__(**kwargs)
        for argument, value in (("units", units), ("scale", scale)):
            if not 0 < value < math.inf:
                raise ValueError(
                    f"`{argument}` must be positive. Received: {argument}={value}"
                )
        self.units = units
        self.scale = scale
        self.input_spec = keras.layers.InputSpec(ndim=2)

    def build(self, input_shape):
        """Create the class weights."""
        self.kernel = self.add_weight(
            shape=(input_shape[-1], self.units),
            initializer="glorot_uniform",
            name="kernel",
        )

    def call(self, inputs):
        """Scaled cosines; see the class."""
        kernel = ops.normalize(self.kernel, axis=0)
        return self.scale * ops.matmul(ops.normalize(inputs, axis=-1), kernel)

    def compute_output_shape(self, input_shape):
        """Return the shape of the logits."""
        return (*input_shape[:-1], self.units)

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "units": self.units, "scale": self.scale}
