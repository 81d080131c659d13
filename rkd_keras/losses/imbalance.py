"""The base of the losses for unbalanced data: counts in, one interface."""

import keras
import numpy as np
from keras import ops


class ImbalanceLoss(keras.losses.Loss):
    """Base of the classification losses that know the class counts.

    A subclass implements `per_sample(targets, logits)` on one-hot targets and
    logits; this class brings labels and predictions to that form. Labels may be
    class indices `(N,)` or `(N, 1)`, or one-hot (also soft, as mixup makes them)
    `(N, C)`. Probabilities are turned into logits by their logarithm, which is
    exact because `softmax(log p) = p`.

    Everything is computed in float32, whatever the model's policy is.

    The methods `on_epoch_begin`, `on_epoch_end`, `on_test_begin`, `on_test_end`,
    `get_state` and `set_state` do nothing here. Losses that change while
    training override them, and `rkd_keras.losses.LossStateCallback` calls them.

    Args:
        class_counts: training samples of each class, in label order: at least
            two positive numbers.
        from_logits: whether predictions are logits (else probabilities that sum
            to 1). Defaults to `True`, as this package's models give logits.
        reduction: as in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: name of the loss. Defaults to the class's name.
        dtype: dtype of the computation. Defaults to float32.

    Raises:
        ValueError: when `class_counts` is not a list of at least two positive
            numbers, or predictions have another number of classes.

    Example:
        A loss of your own, cross-entropy that looks at the first class alone:

        >>> import numpy as np
        >>> class FirstOnly(ImbalanceLoss):
        ...     def per_sample(self, targets, logits):
        ...         return targets[:, 0] * cross_entropy(targets, logits)
        >>> loss = FirstOnly([90, 10])
        >>> float(loss(np.array([1, 1]), np.zeros((2, 2), "float32")))
        0.0
    """

    def __init__(
        self,
        class_counts,
        from_logits=True,
        reduction="sum_over_batch_size",
        name=None,
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        counts = np.asarray(class_counts, dtype="float64")
        if counts.ndim != 1 or counts.size < 2 or not np.all(counts > 0):
            raise ValueError(
                "`class_counts` must be a list of at least two positive numbers, "
                f"one for each class. Received: class_counts={class_counts}"
            )
        self.class_counts = tuple(
            int(count) if count == int(count) else float(count) for count in counts
        )
        self.from_logits = from_logits

    @property
    def num_classes(self):
        """Number of classes."""
        return len(self.class_counts)

    def call(self, y_true, y_pred):
        """Loss of each sample, shape `(N,)`."""
        if len(y_pred.shape) != 2 or y_pred.shape[-1] != self.num_classes:
            raise ValueError(
                f"Predictions must have shape (N, {self.num_classes}), one column "
                f"for each of `class_counts`. Received: shape={tuple(y_pred.shape)}"
            )
        return self.per_sample(self._one_hot(y_true), self._logits(y_pred))

    def per_sample(self, targets, logits):
        """Loss of each sample; what a loss of this family defines.

        Args:
            targets: one-hot labels, tensor `(N, C)`, float32.
            logits: tensor `(N, C)`, float32.

        Returns:
            Tensor `(N,)`.
        """
        raise NotImplementedError

    def on_epoch_begin(self, epoch):
        """Told before each training epoch.

        Args:
            epoch: counted from 0.
        """

    def on_epoch_end(self):
        """Told after each training epoch."""

    def on_test_begin(self):
        """Told before an evaluation, also one that `fit` starts."""

    def on_test_end(self):
        """Told after an evaluation."""

    def get_state(self):
        """What a resumed training must know: a dict of numpy arrays."""
        return {}

    def set_state(self, state):
        """Take back what `get_state` gave."""

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "class_counts": list(self.class_counts),
            "from_logits": self.from_logits,
        }

    def _one_hot(self, y_true):
        if len(y_true.shape) == 2 and y_true.shape[-1] == self.num_classes:
            return ops.cast(y_true, self.dtype)
        if len(y_true.shape) == 2 and y_true.shape[-1] == 1:
            y_true = ops.squeeze(y_true, axis=-1)
        if len(y_true.shape) != 1:
            raise ValueError(
                "Labels must be class indices (N,) or (N, 1), or one-hot "
                f"(N, {self.num_classes}). Received: shape={tuple(y_true.shape)}"
            )
        return ops.one_hot(
            ops.cast(y_true, "int32"), self.num_classes, dtype=self.dtype
        )

    def _logits(self, y_pred):
        if self.from_logits:
            return y_pred
        return ops.log(ops.maximum(y_pred, keras.config.epsilon()))

    def _constant(self, values):
        return ops.convert_to_tensor(np.asarray(values, "float32"), dtype=self.dtype)


def cross_entropy(targets, logits):
    """Cross-entropy of each sample, shape `(N,)`."""
    return -ops.sum(targets * ops.log_softmax(logits, axis=-1), axis=-1)


def mean_one_weights(weights, class_counts):
    """Scale class weights so that a training sample's mean weight is 1.

    So losses with and without weights take the same learning rate.
    """
    counts = np.asarray(class_counts, "float64")
    weights = np.asarray(weights, "float64")
    return weights * counts.sum() / np.sum(weights * counts)
