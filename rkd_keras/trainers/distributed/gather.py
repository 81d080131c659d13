"""Bring the rows of all replicas together, with gradients that go back."""

import keras
from keras import ops


def replica_count():
    """Return the number of replicas of the strategy in force; 1 without one."""
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync


def gather_replicas(tensor):
    """Return the rows of all replicas, in the order of the replicas.

    Every replica gets the same tensor. The gradient of a replica's rows is the
    sum of what all replicas ask of them. So when each replica computes the same
    loss `L` of the gathered rows and minimises `L / replicas`, the gradients that
    the optimizer sums over the replicas are those of `L`.

    Every replica must hold equally many rows. With one replica, or outside of
    `tf.distribute.Strategy.run`, the tensor comes back as it is.

    Args:
        tensor: tensor `(rows, ...)`, or `None`.

    Returns:
        Tensor `(replicas * rows, ...)`; float32 if it was of lower precision.
        `None` for `None`.

    Example:
        >>> import numpy as np
        >>> gather_replicas(np.ones((2, 3), "float32")).shape
        (2, 3)
    """
    count = replica_count()
    if tensor is None or count == 1:
        return tensor
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    if context is None:
        return tensor
    if keras.backend.standardize_dtype(tensor.dtype) in ("float16", "bfloat16"):
        tensor = ops.cast(tensor, "float32")
    # The rows stand in their place among zeros and are summed, which is exact.
    # `all_gather` does not do: its gradient cannot be traced by `tf.function`.
    index = context.replica_id_in_sync_group
    rows = tf.shape(tensor)[0]
    around = [[index * rows, (count - 1 - index) * rows]]
    around += [[0, 0]] * (len(tensor.shape) - 1)
    gathered = context.all_reduce(tf.distribute.ReduceOp.SUM, tf.pad(tensor, around))
    if tensor.shape[0] is not None:
        gathered.set_shape((count * tensor.shape[0], *tensor.shape[1:]))
    return gathered


def share(loss):
    """Return a replica's share of a loss that all replicas computed alike."""
    count = replica_count()
    return loss if count == 1 else loss / count


def whole(loss):
    """Return the loss of which `loss` is a replica's share."""
    count = replica_count()
    return loss if count == 1 else loss * count
