"""Label-distribution-aware margins with deferred re-weighting."""

import math

import keras
import numpy as np
from keras import ops

from rkd_keras.losses.class_balanced import effective_number_weights
from rkd_keras.losses.imbalance import ImbalanceLoss, cross_entropy


@keras.saving.register_keras_serializable(package="rkd_keras")
class LDAMLoss(ImbalanceLoss):
    """Cross-entropy in which the true class must win by a margin.

    The true class's logit is lowered by `scale * m_c` with
    m_c = `max_margin` * (n_min / n_c)^(1/4), so rare classes get the widest
    margin. From epoch `drw_epoch` on the classes are re-weighted by their
    effective number of samples ("deferred re-weighting").

    Mind the head. The paper's margins are for cosines: features and class weights
    of length 1, logits multiplied by 30. A plain Dense head can make its logits
    (and thereby every margin) meaningless by growing them. For the original
    method give the model a `rkd_keras.layers.CosineDense(C, scale=30)` head and
    this loss `scale=30`; with a plain head keep `scale=1`, which is a weaker
    method.

    The loss learns the epoch from `rkd_keras.losses.LossStateCallback`; without
    it the re-weighting never starts.

    Args:
        class_counts: training samples of each class, in label order.
        max_margin: margin of the rarest class, in units of cosine. Defaults to
            `0.5`.
        scale: the head's factor on its cosines; 1 for a plain Dense head.
            Defaults to `1.0`.
        drw_epoch: first epoch (from 0) with re-weighting, usually at 80 % of the
            training. Defaults to `None`: never.
        beta: of the effective number of samples, in [0, 1). Defaults to `0.9999`.
        from_logits: whether predictions are logits. Defaults to `True`.
        reduction: as in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: name of the loss. Defaults to `"ldam_loss"`.
        dtype: dtype of the computation. Defaults to float32.

    Raises:
        ValueError: for a bad `class_counts`, `max_margin`, `scale` or `beta`.

    Reference:
        Cao et al. 2019, Learning Imbalanced Datasets with
        Label-Distribution-Aware Margin Loss.

    Example:
        >>> loss = LDAMLoss([160, 10], max_margin=0.5)
        >>> loss.margins.tolist()
        [0.25, 0.5]
    """

    def __init__(
        self,
        class_counts,
        max_margin=0.5,
        scale=1.0,
        drw_epoch=None,
        beta=0.9999,
        from_logits=True,
        reduction="sum_over_batch_size",
        name="ldam_loss",
        dtype=None,
    ):
        super().__init__(class_counts, from_logits, reduction, name, dtype)
        for argument, value in (("max_margin", max_margin), ("scale", scale)):
            if not 0 < value < math.inf:
                raise ValueError(
                    f"`{argument}` must be positive. Received: {argument}={value}"
                )
        self.max_margin = max_margin
        self.scale = scale
        self.drw_epoch = drw_epoch
        self.beta = beta
        counts = np.asarray(self.class_counts, "float64")
        self.margins = max_margin * (counts.min() / counts) ** 0.25
        self.class_weights = effective_number_weights(self.class_counts, beta)
        # A variable, because a Python flag would be frozen into the traced step.
        self.reweights = keras.Variable(
            0.0, trainable=False, dtype="float32", name="reweights"
        )

    def per_sample(self, targets, logits):
        """Loss of each sample from one-hot targets and logits, both `(N, C)`."""
        margins = self.scale * self._constant(self.margins)
        loss = cross_entropy(targets, logits - targets * margins)
        if self.drw_epoch is None:
            return loss
        weights = ops.sum(targets * self._constant(self.class_weights), axis=-1)
        on = ops.cast(self.reweights, self.dtype)
        return (1.0 - on + on * weights) * loss

    def on_epoch_begin(self, epoch):
        """Switch the re-weighting on from `drw_epoch` on."""
        on = self.drw_epoch is not None and epoch >= self.drw_epoch
        self.reweights.assign(float(on))

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "max_margin": self.max_margin,
            "scale": self.scale,
            "drw_epoch": self.drw_epoch,
            "beta": self.beta,
        }
