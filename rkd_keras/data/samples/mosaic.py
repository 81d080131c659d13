"""Mosaic: one new sample out of four of the same class."""

import tensorflow as tf

from rkd_keras.data.samples.partners import same_class_partners


def mosaic(quads, blur, seam=2, match_brightness=True):
    """Join four images 2x2, blur along the seams, shrink to the size of one.

    The paper's Figure 8: the joined image has twice the height and width, a
    median filter is applied within `seam` pixels of the two seams and nowhere
    else, then areas of 2x2 pixels are averaged.

    Args:
        quads: tensor `(N, 4, H, W, C)`, pixels 0 to 255; `H` and `W` even. The
            four are top left, top right, bottom left, bottom right.
        blur: the filter, `rkd_keras.layers.MedianBlur2D(3, padding="valid")` or
            another layer with a `kernel_size` and valid padding; `None` leaves
            the seams as they are.
        seam: pixels on each side of a seam that are blurred, even and positive.
            Defaults to `2`.
        match_brightness: whether each quarter is shifted to the mean level of
            the four, for the same steel under other light would leave steps
            that no blur removes. Defaults to `True`.

    Returns:
        Tensor `(N, H, W, C)`, float32, 0 to 255.

    Raises:
        ValueError: when `H`, `W` or `seam` is odd, the images are too small for
            the seam, or `blur` has not valid padding.

    Reference:
        Huang et al. 2023, section 3.1.2.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.layers import MedianBlur2D
        >>> blur = MedianBlur2D(3, padding="valid")
        >>> mosaic(np.zeros((2, 4, 64, 64, 3), "uint8"), blur).shape
        TensorShape([2, 64, 64, 3])
    """
    quads = tf.convert_to_tensor(quads)
    if quads.shape.rank != 5 or quads.shape[1] != 4:
        raise ValueError(
            "`quads` must have shape (N, 4, H, W, C). "
            f"Received: shape={tuple(quads.shape)}"
        )
    return _mosaic(tf.unstack(quads, axis=1), blur, seam, match_brightness)


def mosaic_batch(images, labels, seed, blur, probability=1.0, **options):
    """Replace images of a batch by mosaics with three others of their class.

    A function of the seed alone, for `tf.data.Dataset.map` after `batch`. The
    image itself lands in a random quarter. Images that are alone in their class
    are joined with themselves.

    Args:
        images: tensor `(N, H, W, C)`, pixels 0 to 255.
        labels: tensor `(N,)` of class indices, or `(N, classes)` one-hot.
        seed: pair of integers.
        blur: see `mosaic`.
        probability: share of images that become mosaics. Defaults to `1.0`.
        **options: `seam` and `match_brightness` of `mosaic`.

    Returns:
        Images `(N, H, W, C)`, float32; the labels do not change.

    Raises:
        ValueError: as `mosaic`.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.layers import MedianBlur2D
        >>> images = np.zeros((6, 32, 32, 3), "uint8")
        >>> labels = [0, 0, 0, 0, 1, 1]
        >>> blur = MedianBlur2D(3, padding="valid")
        >>> mosaic_batch(images, labels, (0, 1), blur).shape
        TensorShape([6, 32, 32, 3])
    """
    images = tf.convert_to_tensor(images)
    number = tf.shape(images)[0]
    seeds = tf.random.split(seed, 3)
    partners = same_class_partners(labels, 3, seeds[0])
    members = tf.concat([tf.range(number)[:, tf.newaxis], partners], axis=1)
    places = tf.argsort(tf.random.stateless_uniform((number, 4), seeds[1]), axis=1)
    members = tf.gather(members, places, batch_dims=1)
    quads = [tf.gather(images, members[:, place]) for place in range(4)]
    joined = _mosaic(quads, blur, **options)
    if probability >= 1:
        return joined
    replaced = tf.random.stateless_uniform((number, 1, 1, 1), seeds[2]) < probability
    return tf.where(replaced, joined, tf.cast(images, tf.float32))


def _mosaic(quads, blur, seam=2, match_brightness=True):
    _check(quads[0].shape, blur, seam)
    tl, tr, bl, br = (tf.cast(quad, tf.float32) for quad in quads)
    quarters = [_halve(quad) for quad in (tl, tr, bl, br)]
    shifts = [0.0] * 4
    if match_brightness:
        # Halving keeps the mean, so it is taken where it is cheap.
        levels = [tf.reduce_mean(q, (1, 2), keepdims=True) for q in quarters]
        level = tf.add_n(levels) / 4.0
        shifts = [level - own for own in levels]
    quarters = [q + shift for q, shift in zip(quarters, shifts, strict=True)]
    image = _join(*quarters)
    if blur is None:
        return tf.clip_by_value(image, 0.0, 255.0)

    # Of the joined image only what the filter sees is made at its full size:
    # two bands, both lying, so that they are filtered in one go.
    reach = seam + blur.kernel_size // 2
    upright = [tl[:, :, -reach:], tr[:, :, :reach], bl[:, :, -reach:], br[:, :, :reach]]
    lying = [tl[:, -reach:], tr[:, -reach:], bl[:, :reach], br[:, :reach]]
    upright = [band + shift for band, shift in zip(upright, shifts, strict=True)]
    lying = [band + shift for band, shift in zip(lying, shifts, strict=True)]
    upright = tf.transpose(_join(*upright), (0, 2, 1, 3))
    lying = _join(*lying)
    if upright.shape[2] == lying.shape[2]:
        bands = _blurred(tf.concat([upright, lying], axis=0), blur, seam)
        upright, lying = tf.split(bands, 2)
    else:
        upright, lying = (_blurred(band, blur, seam) for band in (upright, lying))
    upright = tf.transpose(upright, (0, 2, 1, 3))

    row, column, half = image.shape[1] // 2, image.shape[2] // 2, seam // 2
    image = tf.concat(
        [image[:, :, : column - half], upright, image[:, :, column + half :]], axis=2
    )
    image = tf.concat([image[:, : row - half], lying, image[:, row + half :]], axis=1)
    return tf.clip_by_value(image, 0.0, 255.0)


def _join(top_left, top_right, bottom_left, bottom_right):
    top = tf.concat([top_left, top_right], axis=2)
    bottom = tf.concat([bottom_left, bottom_right], axis=2)
    return tf.concat([top, bottom], axis=1)


def _halve(images):
    """Average areas of 2x2 pixels, as OpenCV's area interpolation does."""
    return tf.nn.avg_pool2d(images, 2, 2, "VALID")


def _blurred(band, blur, seam):
    edge = blur.kernel_size // 2
    # The window at the band's two ends sees the end repeated.
    band = tf.concat(
        [*[band[:, :, :1]] * edge, band, *[band[:, :, -1:]] * edge], axis=2
    )
    blurred = tf.cast(blur(band), band.dtype)
    if blurred.shape[1] != 2 * seam:
        raise ValueError(
            "`blur` must have valid padding: rows lost must be its kernel_size - 1. "
            f"Received: {band.shape[1]} rows became {blurred.shape[1]} rows with "
            f"kernel_size={blur.kernel_size}"
        )
    return _halve(blurred)


def _check(shape, blur, seam):
    if seam < 2 or seam % 2:
        raise ValueError(f"`seam` must be even and positive. Received: seam={seam}")
    least = 2 * (seam + (blur.kernel_size // 2 if blur is not None else 0))
    height, width = shape[1:3]
    if height % 2 or width % 2 or min(height, width) < least:
        raise ValueError(
            "Images must have an even height and width of at least "
            f"{least} pixels. Received: height={height}, width={width}"
        )
