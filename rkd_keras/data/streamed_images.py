"""Images that are read when they are needed: as an array, without its memory."""

import contextlib
import hashlib

import numpy as np

from rkd_keras.data.reading.identity import digests_of
from rkd_keras.errors import InputError
from rkd_keras.files.images import read_image, resize_image


class StreamedImages:
    """Images of files or packs that are read whenever they are asked for.

    It is used in place of an array `(N, height, width, 3)`, uint8: it has its `shape`,
    `dtype` and `len`, and what is taken by index is such an array. Nothing is kept but
    the list of files, so that memory does not grow with the pixels. They are decoded
    anew each time, or read from where `open_images` kept them.

    Args:
        files: list of paths, each of an image that can be decoded.
        size: `(height, width)` in pixels.
        made: array `(n, height, width, 3)`, uint8, of images that come after those of
            the files and are kept in memory. Defaults to `None`: none.
        decoded: `DecodedImages` that hold the files' images, or `None`.
        rows: array `(files,)`, the number of each file's image in `decoded`.

    Raises:
        InputError: when an image is taken whose file cannot be decoded (any more).

    Example:
        >>> import tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> folder = write_dataset(tempfile.mkdtemp(), 2, 32, quiet=True) / "IMAGES"
        >>> images = StreamedImages(sorted(folder.iterdir()), (16, 16))
        >>> images.shape, images[2].shape, images[[0, 5]].shape
        ((12, 16, 16, 3), (16, 16, 3), (2, 16, 16, 3))
    """

    dtype = np.dtype("uint8")
    ndim = 4

    def __init__(self, files, size, made=None, decoded=None, rows=None):
        self.files = list(files)
        self.size = tuple(size)
        # What could not be read within `tf.data`, which tells it in many lines.
        self.faults = []
        self.made = np.empty((0, *self.size, 3), self.dtype) if made is None else made
        self._decoded = decoded
        self._rows = rows

    def __len__(self):
        """Return the number of images."""
        return len(self.files) + len(self.made)

    @property
    def shape(self):
        """Tuple `(N, height, width, 3)`."""
        return len(self), *self.size, 3

    def read(self, index):
        """Read one image.

        Args:
            index: integer from 0 to below N.

        Returns:
            Array `(height, width, 3)`, uint8.
        """
        if index >= len(self.files):
            return self.made[index - len(self.files)]
        if self._decoded is not None:
            return self._decoded.read(int(self._rows[index]))
        return resize_image(read_image(self.files[index]), self.size)

    def __getitem__(self, indices):
        """Read images, as indexing an array does.

        Args:
            indices: integer, slice, or array of integers of any shape or of N bools.

        Returns:
            Array of the indices' shape and `(height, width, 3)`, uint8.
        """
        return self.read_all(np.arange(len(self))[indices])

    def read_all(self, indices):
        """Read several images.

        Args:
            indices: array of integers from 0 to below N, of any shape.

        Returns:
            Array of the indices' shape and `(height, width, 3)`, uint8.
        """
        images = np.empty((np.size(indices), *self.shape[1:]), self.dtype)
        for place, index in enumerate(np.ravel(indices)):
            images[place] = self.read(index)
        return images.reshape(*np.shape(indices), *self.shape[1:])

    def __iter__(self):
        """Read one image after the other."""
        return (self.read(index) for index in range(len(self)))

    def __array__(self, dtype=None, copy=None):
        """Read all images into one array."""
        images = self[:]
        return images if dtype is None else images.astype(dtype)

    def subset(self, indices):
        """Choose images of files without reading them.

        Args:
            indices: array `(n,)` of integers.

        Returns:
            `StreamedImages`.
        """
        return self._derived([self.files[i] for i in indices], None, indices)

    def followed_by(self, made):
        """Put images after those of the files.

        Args:
            made: array `(n, height, width, 3)`, uint8.

        Returns:
            `StreamedImages`.
        """
        return self._derived(self.files, np.concatenate([self.made, made]))

    def _derived(self, files, made, indices=slice(None)):
        rows = None if self._rows is None else self._rows[indices]
        other = StreamedImages(files, self.size, made, self._decoded, rows)
        other.faults = self.faults
        return other


def chosen_images(images, indices):
    """Choose images; of streamed ones without reading them.

    Args:
        images: array `(N, H, W, C)`, or `StreamedImages` of files alone.
        indices: array `(n,)` of integers.

    Returns:
        Array `(n, H, W, C)`, or `StreamedImages`.

    Example:
        >>> chosen_images(np.arange(3).reshape(3, 1, 1, 1), [2, 0]).ravel().tolist()
        [2, 0]
    """
    return images.subset(indices) if is_streamed(images) else images[indices]


def joined_images(images, made):
    """Put images that are in memory after others, streamed or not.

    Args:
        images: array `(N, H, W, C)`, or `StreamedImages`.
        made: array `(n, H, W, C)`, uint8.

    Returns:
        Array `(N + n, H, W, C)`, or `StreamedImages`.

    Example:
        >>> joined_images(np.zeros((3, 1, 1, 1)), np.ones((2, 1, 1, 1))).shape
        (5, 1, 1, 1)
    """
    if is_streamed(images):
        return images.followed_by(made)
    return np.concatenate([images, made])


def is_streamed(images):
    """Tell whether images are read as they are needed.

    Args:
        images: array, or `StreamedImages`.

    Returns:
        Whether they are.

    Example:
        >>> is_streamed(np.zeros((1, 2, 2, 3)))
        False
    """
    return isinstance(images, StreamedImages)


def update_digest(digest, images):
    """Digest images, so that other ones are noticed.

    Of an array its pixels count, of streamed images the files' content and the size,
    for which they need not be decoded.

    Args:
        digest: object of `hashlib`.
        images: array `(N, H, W, 3)`, or `StreamedImages`.
    """
    if is_streamed(images):
        digest.update(repr((images.size, digests_of(images.files))).encode())
        digest.update(images.made.tobytes())
    else:
        digest.update(np.ascontiguousarray(images).tobytes())


def fingerprint(images):
    """Return the digest of images, see `update_digest`.

    Args:
        images: array `(N, H, W, 3)`, or `StreamedImages`.

    Returns:
        Hexadecimal digits.

    Example:
        >>> len(fingerprint(np.zeros((1, 2, 2, 3), "uint8")))
        64
    """
    digest = hashlib.sha256()
    update_digest(digest, images)
    return digest.hexdigest()


@contextlib.contextmanager
def reading_faults(several):
    """Raise what could not be read as it is, and not as TensorFlow tells it.

    Args:
        several: iterable of arrays and `StreamedImages`.

    Yields:
        Nothing.

    Raises:
        InputError: when a streamed image could not be read meanwhile.

    Example:
        >>> with reading_faults([np.zeros((1, 2, 2, 3), "uint8")]):
        ...     pass
    """
    try:
        yield
    except Exception as error:
        for images in several:
            for fault in getattr(images, "faults", ()):
                raise InputError(
                    f"{fault}; it could be read when the training began, bring it back "
                    "and go on with --resume"
                ) from error
        raise


def in_graph(images):
    """Make a function that takes images of `images` within `tf.data`.

    Streamed ones had better be taken several at a time: each call of the function goes
    through Python.

    Args:
        images: array `(N, H, W, C)`, or `StreamedImages`.

    Returns:
        Function of an integer tensor, of whatever shape, that gives a tensor of this
        shape and `(H, W, C)`.
    """
    import tensorflow as tf

    if not is_streamed(images):
        with tf.device("CPU"):
            tensor = tf.constant(images)
        return lambda index: tf.gather(tensor, index)

    def read(index):
        try:
            return images.read_all(index)
        except InputError as error:
            images.faults.append(error)
            raise

    def take(index):
        found = tf.numpy_function(read, [index], tf.uint8, stateful=False)
        found.set_shape((*index.shape, *images.shape[1:]))
        return found

    return take
