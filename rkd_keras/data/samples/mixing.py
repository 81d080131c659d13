"""Mixup and CutMix of a batch, by a seed."""

import tensorflow as tf


def mixup(images, labels, seed, alpha=0.2):
    """Blend each image and its label with another of the batch.

    Args:
        images: tensor `(N, H, W, C)`, float32.
        labels: tensor `(N, classes)`, float32, one-hot.
        seed: pair of integers.
        alpha: positive parameter of the Beta distribution. Defaults to `0.2`.

    Returns:
        Pair of images and labels of the same shapes.

    Reference:
        - Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018.

    Example:
        >>> import tensorflow as tf
        >>> x, y = mixup(tf.ones((4, 8, 8, 3)), tf.eye(4), (0, 0))
        >>> float(tf.reduce_max(abs(tf.reduce_sum(y, 1) - 1))) < 1e-6
        True
    """
    seeds = tf.random.split(seed, 2)
    order = _partners(images, seeds[0])
    share = _beta(tf.shape(images)[:1], alpha, seeds[1])
    image_share = share[:, tf.newaxis, tf.newaxis, tf.newaxis]
    images = image_share * images + (1 - image_share) * tf.gather(images, order)
    return images, _blend_labels(labels, order, share)


def cutmix(images, labels, seed, alpha=1.0):
    """Paste a rectangle of another image of the batch into each.

    Args:
        images: tensor `(N, H, W, C)`, float32.
        labels: tensor `(N, classes)`, float32, one-hot.
        seed: pair of integers.
        alpha: positive parameter of the Beta distribution of the kept area.
            Defaults to `1.0`.

    Returns:
        Pair of images and labels of the same shapes; labels are blended by the
        area that was kept.

    Reference:
        - Yun et al., "CutMix: Regularization Strategy to Train Strong
          Classifiers", ICCV 2019.

    Example:
        >>> import tensorflow as tf
        >>> x, y = cutmix(tf.ones((4, 8, 8, 3)), tf.eye(4), (0, 0))
        >>> x.shape, y.shape
        (TensorShape([4, 8, 8, 3]), TensorShape([4, 4]))
    """
    seeds = tf.random.split(seed, 4)
    count, height, width = tf.unstack(tf.shape(images)[:3])
    order = _partners(images, seeds[0])
    side = tf.sqrt(1 - _beta([count], alpha, seeds[1]))
    rows = _span(height, side, seeds[2])
    columns = _span(width, side, seeds[3])
    cut = rows[:, :, tf.newaxis] & columns[:, tf.newaxis, :]
    images = tf.where(cut[..., tf.newaxis], tf.gather(images, order), images)
    kept = 1 - tf.reduce_mean(tf.cast(cut, tf.float32), (1, 2))
    return images, _blend_labels(labels, order, kept)


def _partners(images, seed):
    return tf.random.experimental.stateless_shuffle(tf.range(tf.shape(images)[0]), seed)


def _beta(shape, alpha, seed):
    seeds = tf.unstack(tf.random.split(seed, 2))
    first, second = (tf.random.stateless_gamma(shape, s, alpha) for s in seeds)
    return first / tf.maximum(first + second, 1e-12)


def _span(length, side, seed):
    """Mark on `(N, length)` a stretch of `side * length` around a random centre."""
    size = tf.cast(length, tf.float32)
    centre = size * tf.random.stateless_uniform(tf.shape(side), seed)
    low = tf.round(centre - side * size / 2)[:, tf.newaxis]
    high = tf.round(centre + side * size / 2)[:, tf.newaxis]
    position = tf.range(size)[tf.newaxis, :]
    return (position >= low) & (position < high)


def _blend_labels(labels, order, share):
    share = share[:, tf.newaxis]
    return share * labels + (1 - share) * tf.gather(labels, order)
