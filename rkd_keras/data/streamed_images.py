"""Images that are read when they are needed: as an array, without its memory."""

import contextlib
import hashlib

import numpy as np

from rkd_keras.data.reading.identity import digests_of
from rkd_keras.errors import InputError
from rkd_keras.files.images import read_image, resize_image


class StreamedImages:
    """Images of files or packs that are decoded anew whenever they are asked for.

    It is used in place of an array `(N, height, width, 3)`, uint8: it has its `shape`,
    `dtype` and `len`, and what is taken by index is such an array. Nothing is kept but
    the list of files, so that memory does not grow with the images.

    Args:
        files: list of paths, each of an image that can be decoded.
        size: `(height, width)` in pixels.
        made: array `(n, height, width, 3)`, uint8, of images that come after those of
            the files and are kept in memory. Defaults to `None`: none.

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

    def __init__(self, files, size, made=None):
        self.files = list(files)
        self.size = tuple(size)
        # What could not be read within `tf.data`, which tells it in many lines.
        self.faults = []
        self.made = np.empty((0, *self.size, 3), self.dtype) if made is None else made

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
        return resize_image(read_image(self.files[index]), self.size)

    def __getitem__(self, indices):
        """Read images, as indexing an array does.

        Args:
            indices: integer, slice, or array of integers of any shape or of N bools.

        Returns:
            Array of the indices' shape and `(height, width, 3)`, uint8.
        """
        chosen = np.arange(len(self))[indices]
        flat = np.reshape(chosen, -1)
        images = np.empty((len(flat), *self.shape[1:]), self.dtype)
        for place, index in enumerate(flat):
            images[place] = self.read(index)
        return images.reshape(*np.shape(chosen), *self.shape[1:])

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
        return self._derived(
            StreamedImages([self.files[i] for i in indices], self.size)
        )

    def followed_by(self, made):
        """Put images after those of the files.

        Args:
            made: array `(n, height, width, 3)`, uint8.

        Returns:
            `StreamedImages`.
        """
        made = np.concatenate([self.made, made])
        return self._derived(StreamedImages(self.files, self.size, made))

    def _derived(self, other):
        other.faults = self.faults
        return other


def update_digest(digest, images):
    """Digest images, so that other ones are noticed.

    Of an array its pixels count, of streamed images the files' content and the size,
    for which they need not be decoded.

    Args:
        digest: object of `hashlib`.
        images: array `(N, H, W, 3)`, or `StreamedImages`.
    """
    if isinstance(images, StreamedImages):
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
    """Make a function that takes an image of `images` within `tf.data`.

    Args:
        images: array `(N, H, W, C)`, or `StreamedImages`.

    Returns:
        Function of a scalar integer tensor that gives a tensor `(H, W, C)`.
    """
    import tensorflow as tf

    if not isinstance(images, StreamedImages):
        with tf.device("CPU"):
            tensor = tf.constant(images)
        return lambda index: tf.gather(tensor, index)

    def read(index):
        try:
            return images.read(index)
        except InputError as error:
            images.faults.append(error)
            raise

    def take(index):
        image = tf.numpy_function(read, [index], tf.uint8, stateful=False)
        image.set_shape(images.shape[1:])
        return image

    return take
