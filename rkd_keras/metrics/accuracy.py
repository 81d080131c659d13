"""Share of the predictions that are right, for labels of either form."""

import keras
from keras import ops

from rkd_keras.metrics.confusion_counts import ConfusionCounts


@keras.saving.register_keras_serializable(package="rkd_keras")
class Accuracy(ConfusionCounts):
    """Share of the predictions that are right.

    Keras has one accuracy for class indices and another for one-hot labels. This
    one takes both, so that a training on smoothed labels may be validated on class
    indices. 0 before the first batch.

    Args:
        num_classes: number of classes, at least 2.
        name: name of the metric. Defaults to `"accuracy"`.
        dtype: dtype of the metric. Defaults to `None`.

    Call arguments:
        y_true: class indices `(n,)` or `(n, 1)`, or one-hot or soft labels
            `(n, num_classes)`, of which the largest counts.
        y_pred: logits or probabilities `(n, num_classes)`.
        sample_weight: weights `(n,)`, or `None`.

    Example:
        >>> metric = Accuracy(num_classes=2)
        >>> metric.update_state([0, 0, 1, 1], [[2.0, 0], [0, 1.0], [0, 3.0], [0, 1]])
        >>> float(metric.result())
        0.75
    """

    def __init__(self, num_classes, name="accuracy", dtype=None):
        super().__init__(num_classes, name=name, dtype=dtype)

    def result(self):
        """Return the scalar accuracy of all batches so far, in [0, 1]."""
        counts = ops.convert_to_tensor(self.counts)
        return ops.divide_no_nan(ops.sum(ops.diagonal(counts)), ops.sum(counts))
