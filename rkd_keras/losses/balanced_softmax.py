"""Softmax weighted by the class counts."""

import keras
import numpy as np
from keras import ops

from rkd_keras.losses.imbalance import ImbalanceLoss


@keras.saving.register_keras_serializable(package="rkd_keras")
class BalancedSoftmaxLoss(ImbalanceLoss):
    """Negative log of `n_y exp(z_y) / sum_c n_c exp(z_c)`.

    The counts enter the softmax while training and are left out at inference,
    which corrects for the shift from unbalanced training to balanced testing. It
    is the same number as `LogitAdjustedLoss(tau=1)`; both names are offered
    because users look for both.

    Args:
        class_counts: training samples `n_c` of each class, in label order.
        from_logits: whether predictions are logits. Defaults to `True`.
        reduction: as in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: name of the loss. Defaults to `"balanced_softmax_loss"`.
        dtype: dtype of the computation. Defaults to float32.

    Raises:
        ValueError: for a bad `class_counts`.

    Reference:
        Ren et al. 2020, Balanced Meta-Softmax for Long-Tailed Visual
        Recognition, eq. 4.

    Example:
        >>> import numpy as np
        >>> loss = BalancedSoftmaxLoss([75, 25])
        >>> round(float(loss(np.array([0]), np.zeros((1, 2), "float32"))), 3)
        0.288
    """

    def __init__(
        self,
        class_counts,
        from_logits=True,
        reduction="sum_over_batch_size",
        name="balanced_softmax_loss",
        dtype=None,
    ):
        super().__init__(class_counts, from_logits, reduction, name, dtype)

    def per_sample(self, targets, logits):
        """Loss of each sample from one-hot targets and logits, both `(N, C)`."""
        shifted = logits + self._constant(np.log(self.class_counts))
        log_p = shifted - ops.logsumexp(shifted, axis=-1, keepdims=True)
        return -ops.sum(targets * log_p, axis=-1)
