"""Plain `tf.data` streams of images: in order, or shuffled, as they are."""

import tensorflow as tf

from rkd_keras.data.streamed_images import in_graph, is_streamed


def steady_options():
    """Options of a dataset: the same order always, and an end at once.

    The thread with which `tf.data` tunes itself sleeps in periods that double (from
    10 ms, up to a minute), and whoever lets the iterator go waits for it to wake: a
    training of 43 s ended after 82.

    Returns:
        A `tf.data.Options`.

    Example:
        >>> steady_options().deterministic
        True
    """
    options = tf.data.Options()
    options.deterministic = True
    options.autotune.enabled = False
    return options


def shuffled_dataset(images, labels, batch_size=32, seed=0):
    """Make the dataset of an epoch: each image once, anew shuffled each time.

    Args:
        images: array `(N, H, W, 3)`, uint8, or `StreamedImages`.
        labels: array `(N,)`, integer.
        batch_size: images per batch. Defaults to `32`.
        seed: integer that decides the orders. Defaults to `0`.

    Returns:
        A `tf.data.Dataset` of `(images, labels)`, images float32 of 0 to 255.

    Example:
        >>> import numpy as np
        >>> images = np.zeros((3, 8, 8, 3), "uint8")
        >>> batches = shuffled_dataset(images, [0, 1, 2])
        >>> sorted(next(iter(batches))[1].numpy().tolist())
        [0, 1, 2]
    """
    take = in_graph(images)
    with tf.device("CPU"):
        targets = tf.constant(labels)
    order = tf.data.Dataset.range(len(images))
    order = order.shuffle(len(images), seed=seed, reshuffle_each_iteration=True)

    def batch(indices):
        return tf.cast(take(indices), tf.float32), tf.gather(targets, indices)

    dataset = order.batch(batch_size).map(batch, tf.data.AUTOTUNE)
    return dataset.with_options(steady_options()).prefetch(2)


def evaluation_dataset(images, labels=None, batch_size=64):
    """Make the dataset that is evaluated or predicted: in order, each image once.

    Args:
        images: array `(N, H, W, 3)`, uint8, or `StreamedImages`.
        labels: array `(N,)`, integer, or `None`.
        batch_size: images per batch. Defaults to `64`.

    Returns:
        A `tf.data.Dataset` of images (float32, 0 to 255) or `(images, labels)`.

    Example:
        >>> import numpy as np
        >>> images = np.zeros((3, 8, 8, 3), "uint8")
        >>> next(iter(evaluation_dataset(images, [0, 1, 2])))[0].shape
        TensorShape([3, 8, 8, 3])
    """
    if is_streamed(images):
        order = tf.data.Dataset.range(len(images)).batch(batch_size)
        dataset = order.map(in_graph(images), tf.data.AUTOTUNE)
    else:
        dataset = tf.data.Dataset.from_tensor_slices(images).batch(batch_size)
    dataset = dataset.map(lambda x: tf.cast(x, tf.float32))
    if labels is not None:
        more = tf.data.Dataset.from_tensor_slices(labels).batch(batch_size)
        dataset = tf.data.Dataset.zip(dataset, more)
    return dataset.with_options(steady_options()).prefetch(2)
