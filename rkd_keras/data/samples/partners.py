"""Draw other images of the same class out of a batch."""

import tensorflow as tf


def same_class_partners(labels, count, seed):
    """Draw `count` partners of the same class for each image of a batch.

    Partners are distinct and not the image itself as long as the batch has
    enough images of the class; else they repeat, and an image that is alone
    becomes its own partner.

    Args:
        labels: tensor `(N,)` of class indices, or `(N, classes)` one-hot.
        count: number of partners.
        seed: pair of integers.

    Returns:
        int32 tensor `(N, count)` of positions in the batch.

    Example:
        >>> same_class_partners([0, 1, 0], 1, (0, 0)).numpy().tolist()
        [[2], [1], [0]]
    """
    labels = tf.convert_to_tensor(labels)
    if labels.shape.rank == 2:
        labels = tf.argmax(labels, axis=-1)
    number = tf.shape(labels)[0]
    same = labels[:, tf.newaxis] == labels[tf.newaxis, :]
    score = tf.random.stateless_uniform((number, number), seed)
    score = tf.linalg.set_diag(score, tf.fill([number], -1.0))
    order = tf.argsort(tf.where(same, score, -2.0), axis=-1, direction="DESCENDING")
    # The image itself comes last of its class, so it is drawn only when alone.
    others = tf.reduce_sum(tf.cast(same, tf.int32), axis=-1) - 1
    column = tf.range(count)[tf.newaxis, :] % tf.maximum(others, 1)[:, tf.newaxis]
    return tf.gather(order, column, batch_dims=1)
