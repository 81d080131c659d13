"""Two folders of images between which samples are to migrate."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from rkd_keras.data.reading.loading import load_images
from rkd_keras.data.streams import steady_options
from rkd_keras.errors import InputError
from rkd_keras.files.images import list_images, read_image

LEAST_IMAGES = 8


@dataclass
class Domain:
    """The images of one production line.

    Attributes:
        name: what messages call it, such as `"A"`.
        files: list of `Path`, one per image.
        images: array `(N, H, W, C)`, uint8; C is 1 or 3.
        sizes: set of `(height, width)` that the files had.
        is_grey: whether every file is grey (its three channels are equal).
    """

    name: str
    files: list
    images: np.ndarray
    sizes: set
    is_grey: bool


def open_domain(name, paths, size):
    """Load the images of one production line.

    Args:
        name: what messages call it.
        paths: folder, image or glob, or a list of them; folders below are
            searched too, labels are not needed.
        size: `(height, width)` in pixels that the images are resized to.

    Returns:
        A `Domain`, its images with three channels.

    Raises:
        InputError: when a path does not exist or fewer than 8 images can be
            decoded.

    Example:
        >>> import tempfile, pathlib, cv2, numpy as np
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> for i in range(8):
        ...     _ = cv2.imwrite(str(folder / f"{i}.png"), np.full((9, 9), i, "uint8"))
        >>> open_domain("A", folder, (8, 8)).images.shape
        (8, 8, 8, 3)
    """
    files = list_images(paths)
    images, kept = load_images(files, size)
    if len(images) < LEAST_IMAGES:
        raise InputError(
            f"domain {name} has {len(images)} images and CycleGAN needs at least "
            f"{LEAST_IMAGES} of each domain; add images to {_shown(paths)}"
        )
    files = [files[i] for i in kept]
    sizes = {read_image(file).shape[:2] for file in files[:64]}
    is_grey = bool(
        (images[..., 0] == images[..., 1]).all()
        and (images[..., 0] == images[..., 2]).all()
    )
    return Domain(name, files, images, sizes, is_grey)


def match_domains(first, second, size, grey=None):
    """Bring two domains to one number of channels, and tell what was done.

    Args:
        first: a `Domain`.
        second: another.
        size: `(height, width)` that both were resized to.
        grey: whether to train on one channel. Defaults to `None`: when both
            domains are grey.

    Returns:
        Triple: images of the first, images of the second, both `(N, H, W, C)`
        with the same C, and a list of sentences.

    Example:
        >>> import tempfile, pathlib, cv2, numpy as np
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> for i in range(8):
        ...     _ = cv2.imwrite(str(folder / f"{i}.png"), np.full((9, 9), i, "uint8"))
        >>> domain = open_domain("A", folder, (8, 8))
        >>> first, second, messages = match_domains(domain, domain, (8, 8))
        >>> first.shape, messages[0]
        ((8, 8, 8, 1), 'domain A has images of 9x9 pixels; they are resized to 8x8')
    """
    messages = []
    for domain in (first, second):
        others = sorted(domain.sizes - {tuple(size)})
        if others:
            shown = ", ".join(f"{w}x{h}" for h, w in others[:3])
            more = " and others" if len(others) > 3 else ""
            messages.append(
                f"domain {domain.name} has images of {shown}{more} pixels; they are "
                f"resized to {size[1]}x{size[0]}"
            )
    if first.is_grey != second.is_grey:
        grey_one, colour = (first, second) if first.is_grey else (second, first)
        done = "both are made grey" if grey else "grey is repeated on three channels"
        messages.append(
            f"domain {grey_one.name} is grey, domain {colour.name} has colour; {done}"
        )
    if grey is None:
        grey = first.is_grey and second.is_grey
    if grey:
        return grey_images(first.images), grey_images(second.images), messages
    return first.images, second.images, messages


def grey_images(images):
    """Make grey images of colour images.

    Args:
        images: array `(N, H, W, 3)`, uint8, RGB.

    Returns:
        Array `(N, H, W, 1)`, uint8; where the channels are equal, their value.

    Example:
        >>> import numpy as np
        >>> grey_images(np.full((1, 2, 2, 3), 77, "uint8"))[0, 0, 0].tolist()
        [77]
    """
    weights = np.array([0.299, 0.587, 0.114])
    return np.round(images @ weights).astype("uint8")[..., np.newaxis]


def domain_levels(images):
    """Brightness and contrast of a line's steel.

    Args:
        images: array `(N, H, W, C)`, uint8.

    Returns:
        Pair of floats in grey levels, for `rkd_keras.layers.MatchLevels`: the
        medians over the images of their median and of their median absolute
        deviation (at least 1).

    Example:
        >>> import numpy as np
        >>> domain_levels(np.arange(0, 50, 10, dtype="uint8").reshape(1, 1, 5, 1))
        (20.0, 10.0)
    """
    axes = (1, 2, 3)
    medians = np.median(images, axes, keepdims=True)
    spreads = np.median(np.abs(images - medians), axes)
    return float(np.median(medians)), max(float(np.median(spreads)), 1.0)


def unpaired_dataset(x, y, batch_size=1, seed=0, initial_epoch=0, flips=True):
    """Make the endless stream of unpaired batches that CycleGAN trains on.

    An epoch shows each image of the larger domain once, the smaller domain's
    images again as needed. Order and flips of epoch `e` are functions of
    `(seed, e)`, so a training resumed at `e` sees what it would have seen.

    Args:
        x: images of the first domain, array `(N, H, W, C)`, uint8.
        y: images of the second, array `(M, H, W, C)`, uint8.
        batch_size: images of each domain per batch. Defaults to `1`.
        seed: integer. Defaults to `0`.
        initial_epoch: epoch that comes first. Defaults to `0`.
        flips: whether images are mirrored at random, both ways. Defaults to
            `True`.

    Returns:
        Pair: a `tf.data.Dataset` of `(x, y)`, float32, 0 to 255, and the number
        of steps in an epoch.

    Example:
        >>> import numpy as np
        >>> x, y = np.zeros((10, 8, 8, 1)), np.zeros((6, 8, 8, 1))
        >>> dataset, steps = unpaired_dataset(x, y, batch_size=4)
        >>> steps, next(iter(dataset))[1].shape
        (2, TensorShape([4, 8, 8, 1]))
    """
    length = max(len(x), len(y))
    batch_size = min(batch_size, length)
    steps = length // batch_size
    with tf.device("CPU"):
        tensors = [tf.constant(images) for images in (x, y)]

    def epoch(number):
        base = tf.stack([tf.constant(seed, tf.int64), number])
        seeds = tf.unstack(tf.random.split(base, 2))
        parts = []
        for images, own_seed in zip(tensors, seeds, strict=True):
            order_seed, flip_seed = tf.unstack(tf.random.split(own_seed, 2))
            order = _rounds(len(images), length, order_seed)
            part = tf.data.Dataset.from_tensor_slices(order).enumerate()
            parts.append(part.map(_reader(images, flip_seed, flips)))
        return tf.data.Dataset.zip(tuple(parts)).batch(batch_size, drop_remainder=True)

    dataset = tf.data.Dataset.counter(initial_epoch).flat_map(epoch)
    return dataset.with_options(steady_options()).prefetch(2), steps


def _rounds(available, length, seed):
    """`length` indices; none comes again before all have come."""
    rounds = -(-length // available)
    keys = tf.random.stateless_uniform((rounds, available), seed)
    return tf.reshape(tf.argsort(keys, axis=1), (-1,))[:length]


def _reader(images, seed, flips):
    def read(position, index):
        image = tf.cast(tf.gather(images, index), tf.float32)
        if flips:
            one = tf.stack([seed[0], seed[1] + tf.cast(position, seed.dtype)])
            mirror = tf.random.stateless_uniform((2,), one) < 0.5
            image = tf.where(mirror[0], tf.reverse(image, [0]), image)
            image = tf.where(mirror[1], tf.reverse(image, [1]), image)
        return image

    return read


def _shown(paths):
    return ", ".join(map(str, paths if isinstance(paths, list) else [paths]))
