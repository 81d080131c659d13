"""Relational knowledge distillation: distances."""

import keras
from keras import ops

from rkd_keras.losses.relational import (
    RelationalLoss,
    distances,
    gram,
    pair_weights,
    weighted_mean,
)


@keras.saving.register_keras_serializable(package="rkd_keras")
class RKDDistance(RelationalLoss):
    """Huber loss between the normalised distances of teacher and student.

    For each pair `i != j` of a batch, `psi_ij = d_ij / mean(d)` with
    `d_ij = ||f_i - f_j||` and the mean over the pairs that differ; the loss is
    the mean over all pairs of `Huber(psi_ij(teacher) - psi_ij(student))`
    (eq. 20). It does not change when an embedding is shifted, rotated or
    scaled, and the two embeddings may be of different widths.

    Args:
        delta: where Huber's function turns from square to straight. Defaults to
            `1.0`.
        name: name of the loss. Defaults to `"rkd_distance"`.
        dtype: dtype in which the loss is computed. Defaults to `None`, that is
            `keras.config.floatx()`.

    Call arguments:
        y_true: the teacher's embeddings, `(batch, ...)`.
        y_pred: the student's embeddings, `(batch, ...)`.
        sample_weight: weights `(batch,)` >= 0, or `None`. A pair weighs the
            product of its two.

    Returns:
        Scalar. A batch of one sample gives 0.

    Raises:
        ValueError: if `delta` is not positive.

    Reference:
        - Park et al., "Relational Knowledge Distillation", CVPR 2019.

    Example:
        >>> import numpy as np
        >>> teacher = np.random.default_rng(0).normal(size=(8, 16))
        >>> round(float(RKDDistance()(teacher, 3 * teacher + 1)), 6)
        0.0
    """

    def __init__(self, delta=1.0, name="rkd_distance", dtype=None):
        super().__init__(delta, name, dtype)

    def call(self, y_true, y_pred, sample_weight):
        """Return the scalar loss; see the class."""
        weights = pair_weights(sample_weight)
        teacher = _normalised_distances(ops.stop_gradient(y_true), weights)
        student = _normalised_distances(y_pred, weights)
        return weighted_mean(self.huber(teacher - student), weights)


def _normalised_distances(embedding, weights):
    distance, different = distances(gram(embedding))
    mean = weighted_mean(distance, weights * different)
    return distance / ops.where(mean > 0, mean, ops.ones_like(mean))
