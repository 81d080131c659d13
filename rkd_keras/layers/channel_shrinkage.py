"""Channel-wise shrinkage of the deep residual shrinkage network."""

import keras

from rkd_keras.layers.channel_gate import ChannelGate
from rkd_keras.layers.soft_threshold import SoftThreshold


@keras.saving.register_keras_serializable(package="rkd_keras")
class ChannelShrinkage(ChannelGate):
    """Soft threshold with a learnt threshold per channel and sample.

    `tau = alpha * R` with `alpha` and `R` of `ChannelGate`; the output is
    `sign(x) * max(abs(x) - tau, 0)` (eqs. 8 and 9; DRSN with channel-wise
    thresholds).

    Args:
        reduction: see `ChannelGate`. Defaults to `1`.
        momentum: see `ChannelGate`. Defaults to `0.9`.
        epsilon: see `ChannelGate`. Defaults to `1e-5`.
        **kwargs: `keras.layers.Layer` arguments such as `name` and `dtype`.

    Call arguments:
        inputs: tensor `(batch, height, width, channels)`.
        training: whether the batch normalisation uses batch statistics.

    Output shape:
        The shape of `inputs`.

    Reference:
        - Zhao et al., "Deep Residual Shrinkage Networks for Fault Diagnosis",
          IEEE Trans. Industrial Informatics, 2020.

    Example:
        >>> import numpy as np
        >>> y = ChannelShrinkage()(np.ones((2, 8, 8, 4), "float32"))
        >>> tuple(y.shape)
        (2, 8, 8, 4)
    """

    def __init__(self, reduction=1, momentum=0.9, epsilon=1e-5, **kwargs):
        super().__init__(reduction, momentum, epsilon, **kwargs)
        self.soft_threshold = SoftThreshold(dtype=self.dtype_policy)

    def call(self, inputs, training=None):
        """Shrink `inputs`; see the class."""
        alpha, squeezed = super().call(inputs, training=training)
        return self.soft_threshold(inputs, alpha * squeezed)

    def compute_output_shape(self, input_shape):
        """Return the shape of the inputs."""
        return input_shape
