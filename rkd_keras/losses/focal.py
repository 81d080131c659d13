"""Keras's focal loss behind the interface of the losses here."""

import keras

from rkd_keras.losses.imbalance import ImbalanceLoss


@keras.saving.register_keras_serializable(package="rkd_keras")
class FocalLoss(ImbalanceLoss):
    """Keras's `categorical_focal_crossentropy`, for index and one-hot labels.

    The formula is Keras's own, `alpha * (1 - p)^gamma * cross-entropy`; this
    class adds the interface of its neighbours: class indices as labels, logits by
    default, `class_counts` in the constructor. The counts are not used: focal
    loss weighs samples by how hard they are, not by how rare their class is.

    Args:
        class_counts: training samples of each class, in label order.
        gamma: focal exponent. Defaults to `2.0`.
        alpha: factor on the whole loss. Defaults to `0.25`, Keras's own default.
        from_logits: whether predictions are logits. Defaults to `True`.
        reduction: as in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: name of the loss. Defaults to `"focal_loss"`.
        dtype: dtype of the computation. Defaults to float32.

    Raises:
        ValueError: for a bad `class_counts`.

    Reference:
        Lin et al. 2017, Focal Loss for Dense Object Detection.

    Example:
        >>> import numpy as np
        >>> loss = FocalLoss([90, 10], gamma=0.0, alpha=1.0)
        >>> round(float(loss(np.array([0]), np.zeros((1, 2), "float32"))), 3)
        0.693
    """

    def __init__(
        self,
        class_counts,
        gamma=2.0,
        alpha=0.25,
        from_logits=True,
        reduction="sum_over_batch_size",
        name="focal_loss",
        dtype=None,
    ):
        super().__init__(class_counts, from_logits, reduction, name, dtype)
        self.gamma = gamma
        self.alpha = alpha

    def per_sample(self, targets, logits):
        """Loss of each sample from one-hot targets and logits, both `(N, C)`."""
        return keras.losses.categorical_focal_crossentropy(
            targets, logits, alpha=self.alpha, gamma=self.gamma, from_logits=True
        )

    def get_config(self):
        """Constructor arguments."""
        return {**super().get_config(), "gamma": self.gamma, "alpha": self.alpha}
