"""Cross-entropy on logits shifted by the log priors."""

import math

import keras
import numpy as np

from rkd_keras.losses.imbalance import ImbalanceLoss, cross_entropy


@keras.saving.register_keras_serializable(package="rkd_keras")
class LogitAdjustedLoss(ImbalanceLoss):
    """Cross-entropy of `logits + tau * log(prior)`.

    The network learns to give logits from which the class frequencies have been
    taken out: at inference they are used as they are, and the largest one is the
    class that a balanced test would want. `tau=1` is consistent for the balanced
    error and equals `BalancedSoftmaxLoss`.

    Args:
        class_counts: training samples of each class, in label order; the priors
            are their shares.
        tau: strength of the shift, at least 0. Defaults to `1.0`.
        from_logits: whether predictions are logits. Defaults to `True`.
        reduction: as in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: name of the loss. Defaults to `"logit_adjusted_loss"`.
        dtype: dtype of the computation. Defaults to float32.

    Raises:
        ValueError: for a bad `class_counts` or a negative `tau`.

    Reference:
        Menon et al. 2021, Long-Tail Learning via Logit Adjustment, eq. 10.

    Example:
        Equal logits say "no evidence": the shifted softmax is then the prior.

        >>> import numpy as np
        >>> loss = LogitAdjustedLoss([75, 25])
        >>> value = loss(np.array([1]), np.zeros((1, 2), "float32"))
        >>> round(float(np.exp(-float(value))), 3)
        0.25
    """

    def __init__(
        self,
        class_counts,
        tau=1.0,
        from_logits=True,
        reduction="sum_over_batch_size",
        name="logit_adjusted_loss",
        dtype=None,
    ):
        super().__init__(class_counts, from_logits, reduction, name, dtype)
        if not 0 <= tau < math.inf:
            raise ValueError(f"`tau` must not be negative. Received: tau={tau}")
        self.tau = tau
        counts = np.asarray(self.class_counts, "float64")
        self.log_prior = np.log(counts / counts.sum())

    def per_sample(self, targets, logits):
        """Loss of each sample from one-hot targets and logits, both `(N, C)`."""
        return cross_entropy(
            targets, logits + self.tau * self._constant(self.log_prior)
        )

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "tau": self.tau}
