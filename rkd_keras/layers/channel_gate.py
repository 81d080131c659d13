"""Channel gate: the SE-style branch that sets each channel's threshold."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="rkd_keras")
class ChannelGate(keras.layers.Layer):
    """Squeeze a feature map and excite one factor per channel.

    `R = mean(abs(x))` over the spatial axes (eq. 5, in the form of the deep
    residual shrinkage network: thresholds must not be negative) and
    `alpha = sigmoid(W2 ReLU(BN(W1 R)))` (eqs. 6 and 7), both with bias. The
    batch normalisation and the missing reduction are what the paper's
    parameter counts demand.

    Args:
        reduction: integer >= 1, the hidden layer has `channels // reduction`
            units. Defaults to `1`.
        momentum: momentum of the batch normalisation. Defaults to `0.9`.
        epsilon: epsilon of the batch normalisation. Defaults to `1e-5`.
        **kwargs: `keras.layers.Layer` arguments such as `name` and `dtype`.

    Call arguments:
        inputs: tensor `(batch, height, width, channels)`.
        training: whether the batch normalisation uses batch statistics.

    Output shape:
        A pair `(alpha, squeezed)`, each `(batch, channels)`: the factor in
        (0, 1) and the mean absolute value (>= 0) of each channel.

    Raises:
        ValueError: if `reduction` is below 1, or leaves no hidden unit.

    Reference:
        - Hu et al., "Squeeze-and-Excitation Networks", CVPR 2018.

    Example:
        >>> import numpy as np
        >>> alpha, squeezed = ChannelGate()(np.ones((2, 8, 8, 4), "float32"))
        >>> tuple(alpha.shape), float(squeezed[0, 0])
        ((2, 4), 1.0)
    """

    def __init__(self, reduction=1, momentum=0.9, epsilon=1e-5, **kwargs):
        super().__init__(**kwargs)
        if int(reduction) < 1:
            raise ValueError(
                f"`reduction` must be an integer >= 1. Received: reduction={reduction}"
            )
        self.reduction = int(reduction)
        self.momentum = momentum
        self.epsilon = epsilon

    def build(self, input_shape):
        """Create the two dense layers and the batch normalisation."""
        channels = input_shape[-1]
        hidden = channels // self.reduction
        if hidden < 1:
            raise ValueError(
                "`reduction` leaves no hidden unit. "
                f"Received: reduction={self.reduction}, channels={channels}"
            )
        options = {"dtype": self.dtype_policy}
        self.squeeze_dense = keras.layers.Dense(hidden, name="squeeze", **options)
        self.normalization = keras.layers.BatchNormalization(
            momentum=self.momentum, epsilon=self.epsilon, name="bn", **options
        )
        self.excite_dense = keras.layers.Dense(
            channels, activation="sigmoid", name="excite", **options
        )
        self.squeeze_dense.build((None, channels))
        self.normalization.build((None, hidden))
        self.excite_dense.build((None, hidden))
        self.built = True

    def call(self, inputs, training=None):
        """Return `(alpha, squeezed)`; see the class."""
        squeezed = ops.mean(ops.abs(inputs), axis=(1, 2))
        hidden = self.normalization(self.squeeze_dense(squeezed), training=training)
        return self.excite_dense(ops.relu(hidden)), squeezed

    def compute_output_shape(self, input_shape):
        """Return the two shapes `(batch, channels)`."""
        shape = (input_shape[0], input_shape[-1])
        return shape, shape

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "reduction": self.reduction,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }
