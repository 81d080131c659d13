"""Show all classes equally often, however many images each has."""

import numpy as np
import tensorflow as tf


def balanced_order(labels, seed=0, power=1.0):
    """Make the `order` of a `TrainingPipeline` that balances the classes.

    An epoch stays as long as it was; class c gets a share of it in proportion to
    n_c^(1 - power). Within a class every image is shown once before any is shown
    twice. The order is a function of the seed and the epoch alone.

    Args:
        labels: array `(N,)` of class indices.
        seed: integer. Defaults to `0`.
        power: 1 shows all classes equally often, 0 is the data's own balance,
            0.5 ("square-root sampling") lies between. Defaults to `1.0`.

    Returns:
        Function of `epoch` (an integer or integer tensor) that gives the image
        indices of that epoch, an int32 tensor `(N,)`.

    Raises:
        ValueError: when `labels` is empty or `power` is not in [0, 1].

    Reference:
        Kang et al. 2020, Decoupling Representation and Classifier for
        Long-Tailed Recognition, eq. 1.

    Example:
        >>> import numpy as np
        >>> labels = np.array([0] * 9 + [1] * 3)
        >>> order = balanced_order(labels)
        >>> np.bincount(labels[order(0)]).tolist()
        [6, 6]
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or len(labels) == 0:
        raise ValueError(
            "`labels` must be a list of at least one class index. "
            f"Received: shape={labels.shape}"
        )
    if not 0 <= power <= 1:
        raise ValueError(f"`power` must be in [0, 1]. Received: power={power}")
    members = [np.flatnonzero(labels == c) for c in np.unique(labels)]
    quotas = _quotas([len(m) for m in members], len(labels), power)

    def order(epoch):
        epoch_seed = tf.stack(
            [tf.constant(seed, tf.int64), tf.cast(epoch, tf.int64)], axis=0
        )
        seeds = tf.random.split(epoch_seed, len(members) + 1)
        drawn = [
            _draw(m, quota, seeds[i])
            for i, (m, quota) in enumerate(zip(members, quotas, strict=True))
        ]
        return tf.random.experimental.stateless_shuffle(tf.concat(drawn, 0), seeds[-1])

    return order


def _draw(members, quota, seed):
    rounds = -(-quota // len(members))
    repeated = np.tile(members, rounds).astype("int32")
    # The round is the whole part, so no image comes again before all came.
    keys = np.repeat(np.arange(rounds), len(members)).astype("float32")
    keys += tf.random.stateless_uniform(keys.shape, seed)
    return tf.gather(repeated, tf.argsort(keys)[:quota])


def _quotas(counts, total, power):
    """Whole numbers that sum to `total`, by largest remainders."""
    shares = np.asarray(counts, "float64") ** (1 - power)
    shares *= total / shares.sum()
    quotas = np.floor(shares).astype(int)
    largest = np.argsort(quotas - shares, kind="stable")
    quotas[largest[: total - quotas.sum()]] += 1
    return quotas
