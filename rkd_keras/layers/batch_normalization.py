"""Batch normalisation that trains in one operation under TensorFlow."""

import keras
from keras import ops

# What the operation takes on processors and GPUs alike.
FUSED_DTYPES = ("float32", "bfloat16")


@keras.saving.register_keras_serializable(package="rkd_keras")
class BatchNormalization(keras.layers.BatchNormalization):
    """`keras.layers.BatchNormalization`, fused where TensorFlow can.

    Keras 3 composes the training step of this layer from a dozen operations in
    float32, each of which reads or writes the whole feature map. On two AVX512 cores
    that takes longer than the convolutions of a ResNet18 in bfloat16. TensorFlow's
    fused operation gives the same numbers with two passes; half as many images again
    are trained a second.

    It is used for images with the channels last, in float32 or bfloat16. For
    everything else (other backends, masks, renormalisation, statistics synchronised
    over replicas, inference) the layer is Keras's.

    Args:
        *args: those of `keras.layers.BatchNormalization`, in its order.
        **kwargs: those of `keras.layers.BatchNormalization`.

    Input shape:
        `(batch, ..., channels)`.

    Output shape:
        The input's.

    Reference:
        - Ioffe & Szegedy, "Batch Normalization: Accelerating Deep Network Training
          by Reducing Internal Covariate Shift", ICML 2015.

    Example:
        >>> import numpy as np
        >>> layer = BatchNormalization()
        >>> y = layer(np.arange(8.0).reshape((2, 2, 2, 1)), training=True)
        >>> round(float(np.mean(y)), 3), round(float(np.std(y)), 2)
        (0.0, 1.0)
    """

    def call(self, inputs, training=None, mask=None):
        """Normalise; see the class."""
        if not (training and self.trainable and mask is None and self._fuses(inputs)):
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        channels = inputs.shape[-1]
        ones, zeros = tf.ones(channels), tf.zeros(channels)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=ops.cast(self.gamma, "float32") if self.scale else ones,
            offset=ops.cast(self.beta, "float32") if self.center else zeros,
            # Only inference would read them.
            mean=tf.zeros(0),
            variance=tf.zeros(0),
            epsilon=self.epsilon,
            is_training=True,
        )
        # The operation divides by one less than the count, Keras by the count.
        count = tf.cast(tf.size(inputs) // channels, "float32")
        self._move(self.moving_mean, mean)
        self._move(self.moving_variance, variance * (count - 1) / count)
        return outputs

    def _fuses(self, inputs):
        return (
            keras.backend.backend() == "tensorflow"
            and len(inputs.shape) == 4
            and inputs.shape[-1] is not None
            and self.axis in (-1, 3)
            and not self.synchronized
            and not self.renorm
            and keras.backend.standardize_dtype(inputs.dtype) in FUSED_DTYPES
        )

    def _move(self, average, value):
        old = ops.cast(average, "float32")
        average.assign(old * self.momentum + value * (1.0 - self.momentum))
