"""Soft threshold: shrink towards zero, remove what is small."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="rkd_keras")
class SoftThreshold(keras.layers.Layer):
    """Soft threshold `y = sign(x) * max(abs(x) - tau, 0)`.

    It removes what is smaller than the threshold and shrinks the rest by it
    (eqs. 8 and 9 of the paper). It has no weights: the threshold is an input.

    Args:
        **kwargs: `keras.layers.Layer` arguments such as `name` and `dtype`.

    Call arguments:
        inputs: tensor `(batch, ..., channels)`.
        threshold: tensor that broadcasts against `inputs`, or `(batch, channels)`
            for one threshold per channel of each sample; not negative.

    Output shape:
        The shape of `inputs`.

    Reference:
        - Zhao et al., "Deep Residual Shrinkage Networks for Fault Diagnosis",
          IEEE Trans. Industrial Informatics, 2020.

    Example:
        >>> import numpy as np
        >>> x = np.array([[-3.0, 0.5, 1.0, 2.0]], "float32")
        >>> y = SoftThreshold()(x, np.full((1, 4), 1.0, "float32"))
        >>> np.asarray(y).tolist()
        [[-2.0, 0.0, 0.0, 1.0]]
    """

    def call(self, inputs, threshold):
        """Shrink `inputs` by `threshold`; see the class."""
        inputs = ops.convert_to_tensor(inputs)
        threshold = broadcast_channels(ops.cast(threshold, inputs.dtype), inputs)
        return ops.sign(inputs) * ops.relu(ops.abs(inputs) - threshold)

    def compute_output_shape(self, input_shape, threshold_shape=None):
        """Return the shape of the inputs."""
        return input_shape


def broadcast_channels(values, inputs):
    """Reshape `(batch, channels)` to broadcast against `(batch, ..., channels)`."""
    # expand_dims, not indexing with None: the latter becomes a Flex op in TFLite.
    if len(values.shape) == 2:
        for _ in range(len(inputs.shape) - 2):
            values = ops.expand_dims(values, 1)
    return values
