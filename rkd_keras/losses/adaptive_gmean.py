"""The paper's self-adaptive loss, as printed and in forms that train."""

import keras
import numpy as np
from keras import ops

from rkd_keras.losses.imbalance import ImbalanceLoss, cross_entropy
from rkd_keras.metrics.class_rates import geometric_mean, one_vs_rest

VARIANTS = ("adjusted", "weighted", "bounded", "distance", "paper")


@keras.saving.register_keras_serializable(package="rkd_keras")
class AdaptiveGMeanLoss(ImbalanceLoss):
    """Class weights from the counts and from how well each class is doing.

    Term by term, for class c with `n_c` training samples and the one-vs-rest
    rates of the last epoch:

    - K_c = n_max / n_c: how rare the class is,
    - GMean_c = sqrt(TPR_c * TNR_c) (eq. 12),
    - accuracy_c = (TP + TN) / all (eq. 14),
    - Phi_c = K_c * exp(-GMean_c / 2) * exp(-(1 - accuracy_c) / 2) (eq. 13).

    What Phi does depends on `variant`; y is the one-hot label, p the softmax:

    - `"adjusted"` (default): cross-entropy of the logits minus log(Phi). As
      log(1 / Phi_c) = log(n_c / n_max) + GMean_c / 2 + (1 - accuracy_c) / 2, this
      is logit adjustment whose shift follows the measured rates.
    - `"weighted"`: cross-entropy times Phi_c, scaled so that the mean weight of a
      training sample is 1.
    - `"bounded"`: cross-entropy times tanh(Phi_c), scaled alike: eq. 15 with its
      sign mended.
    - `"distance"`: `"weighted"` times the sample's squared distance
      sum_c (y_c - p_c + beta)^2 (eq. 16), which is held constant in the gradient
      and divided by its batch mean.
    - `"paper"`: eqs. 15-17 as printed, T_c = tanh(1 - Phi_c) and
      loss = -(rho^2 / n) * sum T_c log p_c with rho^2 summed over the batch.
      T_c is negative where Phi_c > 1, so minimising this loss pushes the
      probability of rare classes down. For study only.

    The rates come from the predictions made while training: the loss counts them
    in a confusion matrix, and `rkd_keras.losses.LossStateCallback` turns the
    matrix into rates after each epoch. Evaluation does not count. Without the
    callback, call `on_epoch_begin` and `on_epoch_end` yourself, or give a matrix
    to `update_statistics`; before the first update the rates are those of
    guessing.

    The rates are saved with a compiled model (`.keras` and `.weights.h5`), and the
    callback hands them to a resumed training. Under `tf.distribute` create the
    loss within the strategy's scope. Counting needs the TensorFlow backend: under
    JAX the compiled step would hold the rates as constants.

    Args:
        class_counts: training samples of each class, in label order.
        variant: one of `"adjusted"`, `"weighted"`, `"bounded"`, `"distance"`,
            `"paper"`. Defaults to `"adjusted"`.
        beta: the offset of eq. 16, used by `"distance"` and `"paper"`. Defaults
            to `0.0`.
        from_logits: whether predictions are logits. Defaults to `True`.
        reduction: as in `keras.losses.Loss`. Defaults to
            `"sum_over_batch_size"`.
        name: name of the loss. Defaults to `"adaptive_gmean_loss"`.
        dtype: dtype of the computation. Defaults to float32.

    Raises:
        ValueError: for a bad `class_counts` or an unknown `variant`.

    Reference:
        Huang et al. 2023, eqs. 12-17.

    Example:
        Equal counts, and the last class is often missed: it gains weight.

        >>> loss = AdaptiveGMeanLoss([50, 50, 50])
        >>> loss.update_statistics([[50, 0, 0], [0, 50, 0], [40, 0, 10]])
        >>> [round(float(phi), 2) for phi in loss.class_factors()]
        [0.59, 0.61, 0.7]
    """

    def __init__(
        self,
        class_counts,
        variant="adjusted",
        beta=0.0,
        from_logits=True,
        reduction="sum_over_batch_size",
        name="adaptive_gmean_loss",
        dtype=None,
    ):
        super().__init__(class_counts, from_logits, reduction, name, dtype)
        if variant not in VARIANTS:
            raise ValueError(
                f"`variant` must be one of {VARIANTS}. Received: variant={variant}"
            )
        self.variant = variant
        self.beta = beta
        counts = np.asarray(self.class_counts, "float64")
        self.imbalance = counts.max() / counts
        c = self.num_classes
        guess = np.array([1 / c, 1 - 1 / c, (1 + (c - 1) ** 2) / c**2], "float32")
        self.statistics = keras.Variable(
            np.repeat(guess[:, None], c, axis=1),
            trainable=False,
            dtype="float32",
            name="statistics",
        )
        self.confusion = keras.Variable(
            np.zeros((c, c), "float32"),
            trainable=False,
            dtype="float32",
            aggregation="sum",
            synchronization="on_read",
            name="confusion",
        )
        # A variable, because a Python flag would be frozen into the traced step.
        self.counting = keras.Variable(
            0.0, trainable=False, dtype="float32", name="counting"
        )
        self._was_counting = 0.0

    def per_sample(self, targets, logits):
        """Loss of each sample from one-hot targets and logits, both `(N, C)`."""
        self._count(targets, logits)
        phi = self._phi()
        if self.variant == "adjusted":
            return cross_entropy(targets, logits - ops.log(phi))
        distance = ops.sum(
            ops.square(targets - ops.softmax(logits, axis=-1) + self.beta), axis=-1
        )
        if self.variant == "paper":
            log_p = ops.log_softmax(logits, axis=-1)
            # The mean over the batch, taken by the reduction, is eq. 17's 1 / n.
            return -ops.sum(distance) * ops.sum(
                targets * ops.tanh(1.0 - phi) * log_p, axis=-1
            )
        factors = ops.tanh(phi) if self.variant == "bounded" else phi
        counts = self._constant(self.class_counts)
        factors = factors * ops.sum(counts) / ops.sum(counts * factors)
        loss = ops.sum(targets * factors, axis=-1) * cross_entropy(targets, logits)
        if self.variant == "distance":
            distance = ops.stop_gradient(distance)
            mean = ops.maximum(ops.mean(distance), keras.config.epsilon())
            loss = loss * distance / mean
        return loss

    def update_statistics(self, confusion):
        """Set the per-class rates from a confusion matrix.

        A class without samples keeps its rates.

        Args:
            confusion: `(C, C)` counts, rows are the truth.

        Raises:
            ValueError: when the matrix has another shape.
        """
        confusion = np.asarray(confusion, "float64")
        if confusion.shape != (self.num_classes, self.num_classes):
            raise ValueError(
                f"`confusion` must have shape {(self.num_classes, self.num_classes)}"
                f". Received: shape={confusion.shape}"
            )
        rates = one_vs_rest(confusion)
        # Against a rest that does not occur there is no rate either.
        seen = rates.present & (rates.present.sum() > 1)
        found = np.stack([rates.recall, rates.specificity, rates.accuracy])
        old = self.statistics.numpy()
        self.statistics.assign(np.where(seen, found, old).astype("float32"))

    def class_factors(self):
        """Phi of each class (eq. 13) with the present rates: array `(C,)`."""
        return ops.convert_to_numpy(self._phi())

    def on_epoch_begin(self, epoch):
        """Begin to count predictions anew."""
        self.confusion.assign(ops.zeros_like(self.confusion))
        self.counting.assign(1.0)

    def on_epoch_end(self):
        """Turn what was counted into rates."""
        self.counting.assign(0.0)
        self.update_statistics(self.confusion.numpy())

    def on_test_begin(self):
        """Pause the counting."""
        self._was_counting = float(self.counting.numpy())
        self.counting.assign(0.0)

    def on_test_end(self):
        """Go on counting where `on_test_begin` paused it."""
        self.counting.assign(self._was_counting)

    def get_state(self):
        """Per-class rates: `{"statistics": (3, C)}` of TPR, TNR, accuracy."""
        return {"statistics": np.array(self.statistics.numpy())}

    def set_state(self, state):
        """Take back what `get_state` gave."""
        self.statistics.assign(np.asarray(state["statistics"], "float32"))

    def save_own_variables(self, store):
        """Save the rates; Keras calls this when it saves a compiled model."""
        for key, value in self.get_state().items():
            store[key] = value

    def load_own_variables(self, store):
        """Load the rates; a file without them leaves the present ones."""
        if "statistics" in store and store["statistics"].shape == tuple(
            self.statistics.shape
        ):
            self.set_state({"statistics": np.asarray(store["statistics"])})

    def get_config(self):
        """Constructor arguments."""
        return {
            **super().get_config(),
            "variant": self.variant,
            "beta": self.beta,
        }

    def _phi(self):
        true_positive_rate, true_negative_rate, accuracy = ops.unstack(
            ops.cast(self.statistics, self.dtype), num=3, axis=0
        )
        gmean = geometric_mean(true_positive_rate, true_negative_rate)
        return self._constant(self.imbalance) * ops.exp(-(gmean + 1.0 - accuracy) / 2.0)

    def _count(self, targets, logits):
        if keras.backend.backend() != "tensorflow":
            return
        truth = ops.one_hot(
            ops.argmax(targets, axis=-1), self.num_classes, dtype="float32"
        )
        guess = ops.one_hot(
            ops.argmax(logits, axis=-1), self.num_classes, dtype="float32"
        )
        batch = ops.matmul(ops.transpose(truth), guess)
        self.confusion.assign_add(ops.cast(self.counting, "float32") * batch)
