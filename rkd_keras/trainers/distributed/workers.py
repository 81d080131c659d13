"""Several replicas: how they are found, how they agree, how they end."""

import contextlib

import numpy as np

from rkd_keras.errors import WorkerLostError

# What TensorFlow raises where another worker, or the way to it, is gone.
LOST = (
    "UnavailableError",
    "AbortedError",
    "CancelledError",
    "DeadlineExceededError",
)
# Raised for other reasons as well: then the message must speak of workers.
PERHAPS_LOST = ("InternalError", "FailedPreconditionError", "UnknownError")
SIGNS = ("collective", "heartbeat", "coordination", "/job:worker", "/job:chief")


def connect_workers():
    """Make the strategy over the workers of `TF_CONFIG`; wait until all are there.

    Call it before TensorFlow computes anything.

    Returns:
        A `tf.distribute.MultiWorkerMirroredStrategy`; without `TF_CONFIG` one of
        this process alone.

    Example:
        >>> connect_workers().num_replicas_in_sync
        1
    """
    import tensorflow as tf

    return tf.distribute.MultiWorkerMirroredStrategy()


def is_chief(strategy):
    """Say whether this process is the one that writes.

    Args:
        strategy: a `tf.distribute.Strategy`, or `None`.

    Returns:
        `True` but for the workers beside the chief of several.

    Example:
        >>> is_chief(None)
        True
    """
    return strategy is None or strategy.extended.should_checkpoint


def is_multi_worker(strategy):
    """Say whether the strategy spans several processes."""
    return strategy is not None and strategy.extended._in_multi_worker_mode()


def sum_over_workers(strategy, array):
    """Add up the workers' arrays; every worker must call this alike.

    Args:
        strategy: the strategy; with one process the array comes back.
        array: array of the same shape and dtype (float32, int32 or int64) on
            every worker.

    Returns:
        Array.

    Example:
        >>> import numpy as np
        >>> sum_over_workers(None, np.array([1.0, 2.0])).tolist()
        [1.0, 2.0]
    """
    array = np.asarray(array)
    if not is_multi_worker(strategy):
        return array
    import tensorflow as tf

    total = strategy.reduce(
        tf.distribute.ReduceOp.SUM, tf.identity(tf.constant(array)), axis=None
    )
    return total.numpy()


def from_chief(strategy, content):
    """Give every worker the chief's bytes.

    Args:
        strategy: the strategy.
        content: the chief's `bytes`, or `None`; ignored on other workers.

    Returns:
        The chief's bytes, or `None`.

    Example:
        >>> from_chief(None, b"as it was")
        b'as it was'
    """
    if not is_multi_worker(strategy):
        return content
    chief = is_chief(strategy)
    size = -1 if content is None or not chief else len(content)
    size = int(sum_over_workers(strategy, np.int64(size if chief else 0)))
    if size < 0:
        return None
    words = np.zeros(-(-size // 4), "int32")
    if chief:
        words.view("uint8")[:size] = np.frombuffer(content, "uint8")
    return sum_over_workers(strategy, words).view("uint8")[:size].tobytes()


@contextlib.contextmanager
def watch_workers(strategy):
    """Turn TensorFlow's errors about a lost worker into one that says so.

    TensorFlow's coordination service notices a worker that died or froze within
    some 10 to 30 seconds and aborts the collective operations of the others,
    which would else wait for ever.

    Args:
        strategy: the strategy; nothing is changed without several workers.

    Returns:
        A context manager for the block that trains.

    Raises:
        WorkerLostError: for such an error in the block.

    Example:
        >>> with watch_workers(None):
        ...     print("alone")
        alone
    """
    if not is_multi_worker(strategy):
        yield
        return
    import tensorflow as tf

    try:
        yield
    except tf.errors.OpError as error:
        name, text = type(error).__name__, str(error)
        told = name in PERHAPS_LOST and any(sign in text.lower() for sign in SIGNS)
        if name not in LOST and not told:
            raise
        raise WorkerLostError(
            f"another worker is gone ({reason(text)}); this one ends as well. Start "
            "all workers again with --resume: they go on after the last finished "
            "epoch"
        ) from error


def reason(text):
    """Find in TensorFlow's message the line that names what happened."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for i, line in enumerate(lines):
        if "heartbeats" in line and i + 1 < len(lines):
            return f"no sign of life from {lines[i + 1]}"
        _, found, rest = line.partition("aborted by: ")
        if found and "heartbeats" not in line:
            return rest
    return lines[0] if lines else "no reason given"
