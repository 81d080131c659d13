"""Start TensorFlow without its reports on how it was built."""

import os
import sys
import tempfile

# A part of a batch holds at least so many images: batch normalisation learns from it.
LEAST_PART = 16


def start_tensorflow(find_devices=None, batch_parts=1):
    """Import TensorFlow and find its devices, with standard error held back.

    TensorFlow writes a dozen lines about oneDNN and missing CUDA drivers, some
    of them whatever the log level is. They are dropped when all goes well and
    shown when it does not.

    Args:
        find_devices: function that finds them, or `None` for TensorFlow's list of
            this machine's.
        batch_parts: parts of a batch that are to be trained side by side: the
            processor's cores are shared out among them. Where TensorFlow was started
            before, it stays as it is. Defaults to `1`.
    """
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # TensorFlow turns oneDNN on by itself only where the processor has AVX512-VNNI;
    # with AVX2 it trains small convolutions 1.4 to 1.6 times as fast as well.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            import tensorflow as tf

            if "TF_NUM_INTRAOP_THREADS" not in os.environ:
                threads = threads_of_parts(batch_parts, usable_cores())
                tf.config.threading.set_intra_op_parallelism_threads(threads)
            (find_devices or tf.config.list_logical_devices)()
            # Retracing advice is for the program's author, not for its user.
            tf.get_logger().setLevel("ERROR")
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def usable_cores():
    """Return the number of processor cores that this process may use.

    Example:
        >>> usable_cores() >= 1
        True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_of_parts(parts, cores):
    """Return the threads of one operation, so that the parts share the cores.

    Args:
        parts: parts of a batch.
        cores: processor cores that there are.

    Returns:
        Threads, or 0 for TensorFlow's own choice.

    Example:
        >>> [threads_of_parts(parts, 4) for parts in (1, 2, 8)]
        [0, 2, 1]
    """
    return 0 if parts == 1 else max(cores // parts, 1)


def parts_for(batch_size, cores):
    """Return how many parts of a batch use so many cores well.

    Args:
        batch_size: images of a batch.
        cores: processor cores that there are.

    Returns:
        Parts, at least 1; each of equal size, and of 16 images or more.

    Example:
        >>> [parts_for(batch, 4) for batch in (8, 32, 64, 100)]
        [1, 2, 4, 4]
    """
    most = max(min(cores, batch_size // LEAST_PART), 1)
    return next(parts for parts in range(most, 0, -1) if batch_size % parts == 0)
