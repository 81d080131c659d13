"""Confusion counts, kept on the device over the batches of an epoch."""

import keras
from keras import ops

from rkd_keras.metrics.class_rates import one_vs_rest


class ConfusionCounts(keras.metrics.Metric):
    """A metric whose state is the confusion matrix; subclasses read it.

    Labels are class indices `(n,)` or `(n, 1)`, or one-hot or soft labels
    `(n, num_classes)`, of which the largest counts. Predictions are logits or
    probabilities `(n, num_classes)`: the largest is the same in both. What has no
    label, an index below 0 or a row of zeros, is not counted.

    Args:
        num_classes: number of classes, at least 2.
        name: name of the metric. Defaults to `None`.
        dtype: dtype of the counts. Defaults to `None`, float32.
    """

    def __init__(self, num_classes, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        if not isinstance(num_classes, int) or num_classes < 2:
            raise ValueError(
                "num_classes must be an integer of at least 2. "
                f"Received: num_classes={num_classes}"
            )
        self.num_classes = num_classes
        # Counts above 256 are not exact in bfloat16.
        self.counts = self.add_weight(
            shape=(num_classes, num_classes),
            initializer="zeros",
            dtype="float32",
            name="counts",
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Add a batch; `sample_weight` is `(n,)` or `(n, 1)`, or `None`."""
        y_pred = ops.convert_to_tensor(y_pred)
        y_true = ops.convert_to_tensor(y_true)
        if len(y_pred.shape) != 2 or y_pred.shape[-1] != self.num_classes:
            raise ValueError(
                f"y_pred must be (batch, {self.num_classes}). "
                f"Received: y_pred.shape={tuple(y_pred.shape)}"
            )
        if len(y_true.shape) == 2 and y_true.shape[-1] == self.num_classes:
            known = ops.any(y_true > 0, axis=-1)
            y_true = ops.where(known, ops.argmax(y_true, axis=-1), -1)
        elif len(y_true.shape) == 1 or y_true.shape[-1] == 1:
            y_true = ops.reshape(y_true, (-1,))
        else:
            raise ValueError(
                f"y_true must be (batch,), (batch, 1) or (batch, {self.num_classes}). "
                f"Received: y_true.shape={tuple(y_true.shape)}"
            )
        truth = ops.one_hot(
            ops.cast(y_true, "int32"), self.num_classes, dtype="float32"
        )
        predicted = ops.one_hot(
            ops.argmax(y_pred, axis=-1), self.num_classes, dtype="float32"
        )
        if sample_weight is not None:
            weight = ops.reshape(ops.cast(sample_weight, "float32"), (-1, 1))
            truth = truth * weight
        self.counts.assign_add(ops.matmul(ops.transpose(truth), predicted))

    def merge_state(self, metrics):
        """Add the counts of other metrics, from other workers or parts of the data.

        Args:
            metrics: iterable of metrics with the same `num_classes`.
        """
        for metric in metrics:
            if getattr(metric, "num_classes", None) != self.num_classes:
                raise ValueError(
                    f"metrics must count {self.num_classes} classes each. "
                    f"Received: {metric!r}"
                )
            self.counts.assign_add(metric.counts)

    def rates(self):
        """Return the `ClassRates` of all batches so far."""
        return one_vs_rest(ops.convert_to_tensor(self.counts))

    def get_config(self):
        """Return the arguments that rebuild the metric."""
        return {**super().get_config(), "num_classes": self.num_classes}
