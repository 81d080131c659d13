"""Relational knowledge distillation: angles."""

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
class RKDAngle(RelationalLoss):
    """Huber loss between the angles that teacher and student see.

    For each triplet of different samples, `psi_ijk = cos(angle ijk)`, the cosine
    at `j` between the directions to `i` and to `k`; the loss is the mean over
    all triplets of `Huber(psi_ijk(teacher) - psi_ijk(student))` (eq. 20). The
    cosines come from the Gram matrix, so that memory grows with `batch^3` and
    not with the features. Where two samples coincide there is no angle, and the
    triplet counts as a cosine of 0.

    Args:
        delta: where Huber's function turns from square to straight. Defaults to
            `1.0`.
        name: name of the loss. Defaults to `"rkd_angle"`.
        dtype: dtype in which the loss is computed. Defaults to `None`, that is
            `keras.config.floatx()`.

    Call arguments:
        y_true: the teacher's embeddings, `(batch, ...)`.
        y_pred: the student's embeddings, `(batch, ...)`.
        sample_weight: weights `(batch,)` >= 0, or `None`. A triplet weighs the
            product of its three.

    Returns:
        Scalar. Batches of one or two samples give 0.

    Raises:
        ValueError: if `delta` is not positive.

    Reference:
        - Park et al., "Relational Knowledge Distillation", CVPR 2019.

    Example:
        >>> import numpy as np
        >>> teacher = np.random.default_rng(0).normal(size=(8, 16))
        >>> round(float(RKDAngle()(teacher, 3 * teacher + 1)), 6)
        0.0
    """

    def __init__(self, delta=1.0, name="rkd_angle", dtype=None):
        super().__init__(delta, name, dtype)

    def call(self, y_true, y_pred, sample_weight):
        """Return the scalar loss; see the class."""
        pairs = pair_weights(sample_weight)
        # (j, i, k): w_i w_j w_k, without i = j, j = k and i = k.
        count = ops.shape(pairs)[0]
        others = 1.0 - ops.eye(count, dtype=pairs.dtype)
        weights = (
            ops.expand_dims(pairs, 2)
            * ops.expand_dims(sample_weight, (0, 1))
            * ops.expand_dims(others, 1)
            * ops.expand_dims(others, 0)
        )
        teacher = _cosines(ops.stop_gradient(y_true))
        student = _cosines(y_pred)
        return weighted_mean(self.huber(teacher - student), weights)


def _cosines(embedding):
    """Return the cosines `(j, i, k)` at `j` between `i` and `k`."""
    products = gram(embedding)
    distance, different = distances(products)
    inverse = different / (distance + (1.0 - different))
    # <f_i - f_j, f_k - f_j> = G_ik - G_ij - G_jk + G_jj
    inner = (
        ops.expand_dims(products, 0)
        - ops.expand_dims(products, 2)
        - ops.expand_dims(products, 1)
        + ops.expand_dims(ops.expand_dims(ops.diagonal(products), 1), 1)
    )
    return inner * ops.expand_dims(inverse, 2) * ops.expand_dims(inverse, 1)
