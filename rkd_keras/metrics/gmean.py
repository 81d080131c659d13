"""Geometric mean of recall and specificity."""

import keras

from rkd_keras.metrics.confusion_counts import ConfusionCounts


@keras.saving.register_keras_serializable(package="rkd_keras")
class GMean(ConfusionCounts):
    """Mean over classes of the geometric mean of recall and specificity.

    GMean = mean_c sqrt(TPR_c * TNR_c), one class against the rest

    (paper eq. 12; the printed false-positive rate is a slip). A class that is
    never recalled drags the mean down however rare it is, which accuracy does
    not show. Classes that do not occur are left out; 0 before the first batch.

    Args:
        num_classes: number of classes, at least 2.
        name: name of the metric. Defaults to `"gmean"`.
        dtype: dtype of the metric. Defaults to `None`.

    Call arguments:
        y_true: class indices `(n,)` or `(n, 1)`, or one-hot `(n, num_classes)`.
        y_pred: logits or probabilities `(n, num_classes)`.
        sample_weight: weights `(n,)`, or `None`.

    Example:
        >>> metric = GMean(num_classes=2)
        >>> metric.update_state([0, 0, 1], [[2.0, 0.0], [0.0, 1.0], [0.0, 3.0]])
        >>> f"{float(metric.result()):.4f}"
        '0.7071'
    """

    def __init__(self, num_classes, name="gmean", dtype=None):
        super().__init__(num_classes, name=name, dtype=dtype)

    def result(self):
        """Return the scalar GMean of all batches so far, in [0, 1]."""
        return self.rates().mean("gmean")
