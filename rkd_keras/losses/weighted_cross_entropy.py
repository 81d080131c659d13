"""Cross-entropy weighted by inverse class frequency."""

import math

import keras
import numpy as np
from keras import ops

from rkd_keras.losses.imbalance import (
    ImbalanceLoss,
    cross_entropy,
    mean_one_weights,
)


@keras.saving.register_keras_serializable(package="rkd_keras")
class WeightedCrossEntropyLoss(ImbalanceLoss):
    """Cross-entropy with class weights `n_c ** -power`.

    The weights are scaled so that the mean over the training samples is 1.

    Args:
        class_counts: training samples of each class, in label order.
        power: 1 gives each class the same share of the loss, 0 is plain
            cross-entropy, 0.5 lies between. Defaults to `1.0`.
        from_logits: whether predictions are logits. Defaults to `True`.
        reduction: as in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: name of the loss. Defaults to `"weighted_cross_entropy_loss"`.
        dtype: dtype of the computation. Defaults to float32.

    Raises:
        ValueError: for a bad `class_counts` or a negative `power`.

    Reference:
        - King and Zeng 2001, Logistic Regression in Rare Events Data (weights by
          the inverse frequency).

    Example:
        >>> loss = WeightedCrossEntropyLoss([90, 10])
        >>> [round(w, 3) for w in loss.class_weights.tolist()]
        [0.556, 5.0]
    """

    def __init__(
        self,
        class_counts,
        power=1.0,
        from_logits=True,
        reduction="sum_over_batch_size",
        name="weighted_cross_entropy_loss",
        dtype=None,
    ):
        super().__init__(class_counts, from_logits, reduction, name, dtype)
        if not 0 <= power < math.inf:
            raise ValueError(f"`power` must not be negative. Received: power={power}")
        self.power = power
        weights = np.asarray(self.class_counts, "float64") ** -power
        self.class_weights = mean_one_weights(weights, self.class_counts)

    def per_sample(self, targets, logits):
        """Loss of each sample from one-hot targets and logits, both `(N, C)`."""
        weights = ops.sum(targets * self._constant(self.class_weights), axis=-1)
        return weights * cross_entropy(targets, logits)

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "power": self.power}
