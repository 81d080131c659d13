"""What the two relational losses share: distances, weights, reduction."""

import math

import keras
from keras import ops


class RelationalLoss(keras.losses.Loss):
    """Base of losses on the relations between a batch's samples.

    A relation belongs to two or three samples, so there is no loss per sample
    and no `reduction` to choose: the call returns the weighted mean over the
    relations. A relation's weight is the product of its samples' weights; a
    sample of weight 0 is as good as absent.
    """

    def __init__(self, delta=1.0, name=None, dtype=None):
        super().__init__(name=name, reduction="none", dtype=dtype)
        if not 0 < delta < math.inf:
            raise ValueError(f"`delta` must be positive. Received: delta={delta}")
        self.delta = delta

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Return the scalar loss; see the class."""
        y_true = flatten(ops.convert_to_tensor(y_true, dtype=self.dtype))
        y_pred = flatten(ops.convert_to_tensor(y_pred, dtype=self.dtype))
        if sample_weight is None:
            sample_weight = ops.ones_like(y_pred[:, 0])
        sample_weight = ops.reshape(ops.cast(sample_weight, self.dtype), (-1,))
        with keras.name_scope(self.name):
            return self.call(y_true, y_pred, sample_weight)

    def huber(self, difference):
        """Return Huber's function of `difference`, element by element."""
        size = ops.abs(difference)
        quadratic = ops.minimum(size, self.delta)
        return 0.5 * quadratic**2 + self.delta * (size - quadratic)

    def get_config(self):
        """Return the constructor's arguments."""
        config = super().get_config()
        config.pop("reduction", None)
        return {**config, "delta": self.delta}


def flatten(embedding):
    """Reshape `(batch, ...)` to `(batch, features)`."""
    if len(embedding.shape) == 2:
        return embedding
    return ops.reshape(embedding, (ops.shape(embedding)[0], -1))


def gram(embedding):
    """Return the Gram matrix `(N, N)` of the centred embeddings.

    Distances and angles do not change under a shift, and centring takes the
    large common part out before differences of squares are formed.
    """
    centred = embedding - ops.mean(embedding, axis=0, keepdims=True)
    return ops.matmul(centred, ops.transpose(centred))


def distances(products):
    """Return distances `(N, N)` and a mask of the pairs that differ.

    Where two rows are equal the distance is 0, the mask is 0 and the gradient
    is 0: the square root is taken of 1 there.
    """
    squares = ops.diagonal(products)
    squared = ops.expand_dims(squares, 0) + ops.expand_dims(squares, 1) - 2.0 * products
    # Rounding leaves about 1e-7 of the squares where the rows are equal.
    scale = ops.stop_gradient(ops.expand_dims(squares, 0) + ops.expand_dims(squares, 1))
    # What is no number counts as different, so that it shows in the loss.
    differ = ops.logical_or(squared > 1e-6 * scale + 1e-20, ops.isnan(squared))
    different = ops.cast(differ, products.dtype)
    root = ops.sqrt(ops.where(differ, squared, ops.ones_like(squared)))
    return root * different, different


def weighted_mean(values, weights):
    """Return the mean of `values` under `weights`; 0 where all weights are 0."""
    total = ops.sum(weights)
    some = total > 0
    total = ops.where(some, total, ops.ones_like(total))
    return ops.sum(values * weights) / total


def pair_weights(sample_weight):
    """Return `w_i * w_j` on `(N, N)`, 0 on the diagonal."""
    weights = ops.expand_dims(sample_weight, 0) * ops.expand_dims(sample_weight, 1)
    return weights * (1.0 - ops.eye(ops.shape(weights)[0], dtype=weights.dtype))
