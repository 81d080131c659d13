"""Sample weights, so that a term is a mean under the weights."""

from keras import ops

from rkd_keras.trainers.distributed.gather import gather_replicas


def mean_one(sample_weight):
    """Scale weights so that their mean over the rows of all replicas is 1.

    A loss that divides by the number of rows then divides by the sum of the weights:
    a sample of weight 0 is as good as absent.

    Args:
        sample_weight: weights `(batch,)`, or `None`.

    Returns:
        Weights, float32; all 0 where all were. `None` for `None`.

    Example:
        >>> ops.convert_to_numpy(mean_one([1.0, 1.0, 0.0, 0.0])).tolist()
        [2.0, 2.0, 0.0, 0.0]
    """
    if sample_weight is None:
        return None
    sample_weight = ops.cast(sample_weight, "float32")
    return ops.divide_no_nan(sample_weight, _mean(sample_weight))


def labelled_weight(y, sample_weight):
    """Return weights under which rows without a label count nothing.

    Args:
        y: labels `(batch,)`, below 0 where there is none, or `(batch, classes)`, a
            row of zeros where there is none.
        sample_weight: weights `(batch,)`, or `None` for 1 each.

    Returns:
        Weights `(batch,)`, float32.

    Example:
        >>> ops.convert_to_numpy(labelled_weight([2, -1], None)).tolist()
        [1.0, 0.0]
        >>> ops.convert_to_numpy(labelled_weight([[0, 1], [0, 0]], [3, 3])).tolist()
        [3.0, 0.0]
    """
    y = ops.convert_to_tensor(y)
    known = ops.any(y > 0, axis=-1) if len(y.shape) == 2 else y >= 0
    known = ops.cast(known, "float32")
    if sample_weight is None:
        return known
    return known * ops.cast(sample_weight, "float32")


def labelled(y, sample_weight, unlabelled=True):
    """Return labels and the weights of what depends on them.

    Args:
        y: labels `(batch,)` or `(batch, classes)`.
        sample_weight: weights `(batch,)`, or `None`.
        unlabelled: whether some images have no label, see `labelled_weight`.

    Returns:
        Pair of labels, none below 0, and weights.
    """
    if not unlabelled:
        return y, sample_weight
    return ops.maximum(y, 0), labelled_weight(y, sample_weight)


def batch_weight(rows, sample_weight):
    """Return what a batch counts in the mean of an epoch.

    Args:
        rows: tensor with one row for each sample of the batch.
        sample_weight: weights `(batch,)`, or `None`.

    Returns:
        Scalar, float32: the number of rows, times the mean weight of all replicas'.
    """
    count = ops.cast(ops.shape(rows)[0], "float32")
    if sample_weight is None:
        return count
    return count * _mean(ops.cast(sample_weight, "float32"))


def _mean(weights):
    """Return the mean over the rows of all replicas, which may hold unequally many."""
    own = ops.stack([ops.sum(weights), ops.cast(ops.size(weights), "float32")])
    total, count = ops.unstack(
        ops.sum(gather_replicas(ops.expand_dims(own, 0)), axis=0), num=2
    )
    return ops.divide_no_nan(total, count)
