"""Mean recall of the classes."""

import keras

from rkd_keras.metrics.confusion_counts import ConfusionCounts


@keras.saving.register_keras_serializable(package="rkd_keras")
class MacroRecall(ConfusionCounts):
    """Mean over classes of the recall, each class counting alike.

    macro recall = mean_c TP_c / (TP_c + FN_c)

    Also called balanced accuracy. Classes that do not occur are left out; 0
    before the first batch.

    Args:
        num_classes: number of classes, at least 2.
        name: name of the metric. Defaults to `"macro_recall"`.
        dtype: dtype of the metric. Defaults to `None`.

    Call arguments:
        y_true: class indices `(n,)` or `(n, 1)`, or one-hot `(n, num_classes)`.
        y_pred: logits or probabilities `(n, num_classes)`.
        sample_weight: weights `(n,)`, or `None`.

    Reference:
        - Brodersen et al. 2010, The Balanced Accuracy and Its Posterior
          Distribution.

    Example:
        >>> metric = MacroRecall(num_classes=2)
        >>> metric.update_state([0, 0, 1], [[2.0, 0.0], [0.0, 1.0], [0.0, 3.0]])
        >>> float(metric.result())
        0.75
    """

    def __init__(self, num_classes, name="macro_recall", dtype=None):
        super().__init__(num_classes, name=name, dtype=dtype)

    def result(self):
        """Return the scalar macro recall of all batches so far, in [0, 1]."""
        return self.rates().mean("recall")
