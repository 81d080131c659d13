"""Class-balanced loss by the effective number of samples."""

import math

import keras
import numpy as np
from keras import ops

from rkd_keras.losses.imbalance import (
    ImbalanceLoss,
    cross_entropy,
    mean_one_weights,
)


def effective_number_weights(class_counts, beta):
    """Class weights `(1 - beta) / (1 - beta ** n_c)`, mean 1 over the samples.

    Args:
        class_counts: training samples of each class.
        beta: in [0, 1). 0 gives equal weights; towards 1 the weights become
            inverse frequencies.

    Returns:
        float64 array `(C,)`.

    Raises:
        ValueError: when `beta` is not in [0, 1).
    """
    if not 0 <= beta < 1:
        raise ValueError(f"`beta` must be in [0, 1). Received: beta={beta}")
    counts = np.asarray(class_counts, "float64")
    return mean_one_weights((1 - beta) / (1 - beta**counts), counts)


@keras.saving.register_keras_serializable(package="rkd_keras")
class ClassBalancedLoss(ImbalanceLoss):
    """Cross-entropy (or focal loss) weighted by the effective number of samples.

    The weight of class c is (1 - beta) / (1 - beta^n_c), scaled so that the mean
    over the training samples is 1. With `gamma > 0` each sample is also
    multiplied by (1 - p_true)^gamma, the softmax form of the class-balanced focal
    loss.

    Args:
        class_counts: training samples of each class, in label order.
        beta: in [0, 1): how fast a further sample of a class loses value.
            Defaults to `0.999`, which suits classes of tens to thousands.
        gamma: focal exponent, at least 0. Defaults to `0.0` (cross-entropy).
        from_logits: whether predictions are logits. Defaults to `True`.
        reduction: as in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: name of the loss. Defaults to `"class_balanced_loss"`.
        dtype: dtype of the computation. Defaults to float32.

    Raises:
        ValueError: for a bad `class_counts`, `beta` or `gamma`.

    Reference:
        Cui et al. 2019, Class-Balanced Loss Based on Effective Number of Samples.

    Example:
        >>> loss = ClassBalancedLoss([200, 10], beta=0.99)
        >>> bool(loss.class_weights[1] > loss.class_weights[0])
        True
    """

    def __init__(
        self,
        class_counts,
        beta=0.999,
        gamma=0.0,
        from_logits=True,
        reduction="sum_over_batch_size",
        name="class_balanced_loss",
        dtype=None,
    ):
        super().__init__(class_counts, from_logits, reduction, name, dtype)
        if not 0 <= beta < 1:
            raise ValueError(f"`beta` must be in [0, 1). Received: beta={beta}")
        if not 0 <= gamma < math.inf:
            raise ValueError(f"`gamma` must not be negative. Received: gamma={gamma}")
        self.beta = beta
        self.gamma = gamma
        self.class_weights = effective_number_weights(self.class_counts, beta)

    def per_sample(self, targets, logits):
        """Loss of each sample from one-hot targets and logits, both `(N, C)`."""
        weights = ops.sum(targets * self._constant(self.class_weights), axis=-1)
        loss = weights * cross_entropy(targets, logits)
        if self.gamma:
            p_true = ops.sum(targets * ops.softmax(logits, axis=-1), axis=-1)
            # A zero base has no finite gradient when gamma < 1.
            missing = ops.maximum(1.0 - p_true, keras.config.epsilon())
            loss = missing**self.gamma * loss
        return loss

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "beta": self.beta, "gamma": self.gamma}
