"""Fusion: one new sample that shows the defects of two."""

import tensorflow as tf

from rkd_keras.data.samples.partners import same_class_partners


def fusion(first, second, sharpness=4.0, neighbourhood=5):
    """Blend two images so that the defects of both stay visible.

    The mean of two images would halve the contrast of either's defects. Here
    each image is its level (its mean) plus its deviation from it. The result has
    the mean of both levels, and at each place the deviation of the image that
    deviates more there: with e the local mean of the squared deviation, the
    first image's share is e1^(s/2) / (e1^(s/2) + e2^(s/2)).

    Args:
        first: tensor `(N, H, W, C)`, pixels 0 to 255.
        second: tensor of the same shape.
        sharpness: exponent s: 0 is the plain mean, large values switch from one
            image to the other. Defaults to `4.0`.
        neighbourhood: side in pixels of the window in which deviations are
            compared, odd. Defaults to `5`.

    Returns:
        Tensor `(N, H, W, C)`, float32, 0 to 255.

    Raises:
        ValueError: when the shapes differ or an argument is out of range.

    Reference:
        Huang et al. 2023, section 3.1.2 and Figure 9, which show the result and
        give no formula; the formula is ours.

    Example:
        A dark spot in each image: both are in the result.

        >>> import numpy as np
        >>> a = np.full((1, 16, 16, 1), 128.0, "float32")
        >>> b = a.copy()
        >>> a[0, 3, 3], b[0, 12, 12] = 28.0, 28.0
        >>> fused = fusion(a, b)
        >>> bool(fused[0, 3, 3, 0] < 35) and bool(fused[0, 12, 12, 0] < 35)
        True
    """
    first, second = tf.cast(first, tf.float32), tf.cast(second, tf.float32)
    if first.shape.rank != 4 or not first.shape.is_compatible_with(second.shape):
        raise ValueError(
            "`first` and `second` must be (N, H, W, C) of one shape. Received: "
            f"shapes {tuple(first.shape)} and {tuple(second.shape)}"
        )
    if sharpness < 0 or neighbourhood < 1 or neighbourhood % 2 == 0:
        raise ValueError(
            "`sharpness` must not be negative and `neighbourhood` odd. Received: "
            f"sharpness={sharpness}, neighbourhood={neighbourhood}"
        )
    level_1, level_2 = (
        tf.reduce_mean(x, (1, 2), keepdims=True) for x in (first, second)
    )
    deviation_1, deviation_2 = first - level_1, second - level_2
    log_1, log_2 = (
        tf.math.log(_local_energy(d, neighbourhood) + 1.0)
        for d in (deviation_1, deviation_2)
    )
    share = tf.sigmoid(0.5 * sharpness * (log_1 - log_2))
    fused = share * deviation_1 + (1.0 - share) * deviation_2
    return tf.clip_by_value(0.5 * (level_1 + level_2) + fused, 0.0, 255.0)


def fusion_batch(images, labels, seed, probability=1.0, **options):
    """Replace images of a batch by fusions with another of their class.

    A function of the seed alone, for `tf.data.Dataset.map` after `batch`. An
    image that is alone in its class stays as it is.

    Args:
        images: tensor `(N, H, W, C)`, pixels 0 to 255.
        labels: tensor `(N,)` of class indices, or `(N, classes)` one-hot.
        seed: pair of integers.
        probability: share of images that are fused. Defaults to `1.0`.
        **options: `sharpness` and `neighbourhood` of `fusion`.

    Returns:
        Images `(N, H, W, C)`, float32; the labels do not change.

    Example:
        >>> import numpy as np
        >>> fusion_batch(np.zeros((4, 8, 8, 3), "uint8"), [0, 0, 1, 1], (0, 1)).shape
        TensorShape([4, 8, 8, 3])
    """
    images = tf.cast(images, tf.float32)
    seeds = tf.random.split(seed, 2)
    partners = same_class_partners(labels, 1, seeds[0])[:, 0]
    fused = fusion(images, tf.gather(images, partners), **options)
    if probability >= 1:
        return fused
    replaced = (
        tf.random.stateless_uniform((tf.shape(images)[0], 1, 1, 1), seeds[1])
        < probability
    )
    return tf.where(replaced, fused, images)


def _local_energy(deviation, size):
    energy = tf.reduce_mean(tf.square(deviation), axis=-1, keepdims=True)
    return tf.nn.avg_pool2d(energy, size, 1, "SAME")
