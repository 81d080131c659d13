"""SADDT: the self-adaptive directional derivative threshold."""

import keras
from keras import ops

from rkd_keras.layers.channel_gate import ChannelGate
from rkd_keras.layers.soft_threshold import broadcast_channels

FORMS = ("paper", "continuous")


@keras.saving.register_keras_serializable(package="rkd_keras")
class SADDT(ChannelGate):
    """Self-adaptive directional derivative threshold (eqs. 5 to 7, 10, 11).

    With `alpha` and `R` of `ChannelGate`, the rescaled map `x~ = alpha * x`
    sets the threshold `tau = mean(abs(sigmoid(x~))) * R` (eq. 11; the mean is
    over the spatial axes) and `delta = alpha` is the slope above it:

    - `form="paper"`: `y = delta * x - tau * sign(x)` where `abs(x) > tau`, else
      0 (eq. 10 as printed). It jumps at `abs(x) = tau`, and for `delta < 1` its
      sign flips just above the threshold.
    - `form="continuous"`: `y = sign(x) * max(delta * abs(x) - tau, 0)`, which
      does neither.

    Args:
        form: `"paper"` or `"continuous"`. Defaults to `"paper"`.
        reduction: see `ChannelGate`. Defaults to `1`.
        momentum: see `ChannelGate`. Defaults to `0.9`.
        epsilon: see `ChannelGate`. Defaults to `1e-5`.
        **kwargs: `keras.layers.Layer` arguments such as `name` and `dtype`.

    Call arguments:
        inputs: tensor `(batch, height, width, channels)`.
        training: whether the batch normalisation uses batch statistics.

    Output shape:
        The shape of `inputs`.

    Raises:
        ValueError: if `form` is not one of the two.

    Example:
        >>> import numpy as np
        >>> y = SADDT()(np.ones((2, 8, 8, 4), "float32"))
        >>> tuple(y.shape)
        (2, 8, 8, 4)
    """

    def __init__(self, form="paper", reduction=1, momentum=0.9, epsilon=1e-5, **kwargs):
        super().__init__(reduction, momentum, epsilon, **kwargs)
        if form not in FORMS:
            raise ValueError(f"`form` must be one of {FORMS}. Received: form={form}")
        self.form = form

    def call(self, inputs, training=None):
        """Threshold `inputs`; see the class."""
        alpha, squeezed = super().call(inputs, training=training)
        delta = broadcast_channels(alpha, inputs)
        # A sigmoid is positive, so the absolute value of eq. 11 is idle.
        openness = ops.mean(ops.sigmoid(delta * inputs), axis=(1, 2))
        tau = broadcast_channels(openness * squeezed, inputs)
        magnitude, sign = ops.abs(inputs), ops.sign(inputs)
        if self.form == "continuous":
            return sign * ops.relu(delta * magnitude - tau)
        passed = ops.cast(magnitude > tau, inputs.dtype)
        return sign * passed * (delta * magnitude - tau)

    def compute_output_shape(self, input_shape):
        """Return the shape of the inputs."""
        return input_shape

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "form": self.form}
