"""Decode images: into one array, or one by one as they are needed."""

import logging

import numpy as np

from rkd_keras.data.decoded_images import DecodedImages, has_room
from rkd_keras.data.streamed_images import StreamedImages
from rkd_keras.errors import InputError
from rkd_keras.files.images import read_image, resize_image
from rkd_keras.files.threads import in_threads

LOGGER = logging.getLogger(__name__)
# Up to so much, images are decoded once and kept: 2^20 bytes.
IN_MEMORY_MB = 1024


def load_images(files, size=(64, 64), strict=False, progress=None):
    """Decode and resize images.

    Args:
        files: list of paths.
        size: `(height, width)` in pixels. Defaults to `(64, 64)`.
        strict: whether an image that cannot be decoded stops the call. When
            false it is named in a warning and left out. Defaults to `False`.
        progress: function called after each image with no argument, or `None`.

    Returns:
        A pair: images `(kept, height, width, 3)`, uint8, and the indices of the
        kept files, `(kept,)`, int64.

    Raises:
        InputError: under `strict`, for the first image that cannot be decoded;
            always when none can be.

    Example:
        >>> import tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     files = sorted((write_dataset(folder, 1, 32) / "IMAGES").iterdir())
        ...     images, kept = load_images(files, (16, 16))
        >>> images.shape, kept.tolist()
        ((6, 16, 16, 3), [0, 1, 2, 3, 4, 5])
    """
    images = np.empty((len(files), *size, 3), "uint8")
    kept = _each_read(files, size, strict, images.__setitem__, progress)
    return (images if len(kept) == len(files) else images[kept]), kept


def _each_read(files, size, strict, keep, progress=None):
    """Give each image to `keep` with its number; return the numbers of those read."""

    def read(number, path):
        try:
            image = resize_image(read_image(path), size)
        except InputError as error:
            if strict:
                raise
            LOGGER.warning("left out: %s", error)
            image = None
        else:
            keep(number, image)
        if progress is not None:
            progress()
        return image is not None

    # OpenCV decodes outside the interpreter's lock.
    kept = np.flatnonzero(list(in_threads(read, range(len(files)), files)))
    if len(kept) == 0:
        raise InputError(
            f"none of {len(files)} images could be decoded; "
            f"the first is {files[0] if len(files) else 'missing'}"
        )
    if len(kept) < len(files):
        LOGGER.warning(
            "%d of %d images could not be decoded and were left out",
            len(files) - len(kept),
            len(files),
        )
    return kept


def open_images(files, size=(64, 64), strict=False, memory_mb=None, store=None):
    """Decode images into an array, or leave them to be read as they are needed.

    All are decoded once either way, to find those that cannot be. So the images that
    are kept are the same, and a training that streams them shows the same batches.
    What is read often, as by a training, is read from a store: a file of the decoded
    images, without a name, which is gone with the process. What is read once needs
    none.

    Args:
        files: list of paths.
        size: `(height, width)` in pixels. Defaults to `(64, 64)`.
        strict: see `load_images`. Defaults to `False`.
        memory_mb: most memory for the decoded images in 2^20 bytes; 0 streams
            always. Defaults to `None`: 1024, or 87,381 images of 64x64 pixels.
        store: folder for the file of decoded images, where they are not kept in memory
            and its disk has room. Defaults to `None`: they are decoded anew whenever
            they are asked for.

    Returns:
        A pair: images `(kept, height, width, 3)`, an array of uint8 or
        `StreamedImages`, and the indices of the kept files, `(kept,)`, int64.

    Raises:
        InputError: see `load_images`.

    Example:
        >>> import tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> folder = write_dataset(tempfile.mkdtemp(), 1, 32, quiet=True) / "IMAGES"
        >>> images, kept = open_images(sorted(folder.iterdir()), memory_mb=0)
        >>> type(images).__name__, images.shape
        ('StreamedImages', (6, 64, 64, 3))
    """
    memory_mb = IN_MEMORY_MB if memory_mb is None else memory_mb
    if len(files) * size[0] * size[1] * 3 <= memory_mb * 2**20:
        return load_images(files, size, strict)
    decoded = None
    if store is not None and has_room(len(files), size, store):
        decoded = DecodedImages(len(files), size, store)
    elif store is not None:
        LOGGER.warning(
            "%s has no room for %d decoded images; each is decoded whenever it is "
            "needed, which is slower",
            store,
            len(files),
        )
    keep = decoded.write if decoded else lambda number, image: None
    kept = _each_read(files, size, strict, keep)
    chosen = [files[i] for i in kept]
    return StreamedImages(chosen, size, decoded=decoded, rows=kept), kept


def load_samples(index, indices=None, size=(64, 64), strict=False):
    """Load images of a data set together with their labels.

    Args:
        index: an `ImageIndex`.
        indices: which of its images, such as `split.train`: array `(n,)` of
            integers. Defaults to `None`: all.
        size: `(height, width)` in pixels. Defaults to `(64, 64)`.
        strict: whether an image that cannot be decoded stops the call instead of
            being left out with a warning. Defaults to `False`.

    Returns:
        A pair: images `(kept, height, width, 3)`, uint8, and their labels
        `(kept,)`, int64.

    Raises:
        InputError: as `load_images`.

    Example:
        >>> import tempfile
        >>> from rkd_keras.data import make_split, open_dataset
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     index = open_dataset(write_dataset(folder, 3, 32))
        ...     images, labels = load_samples(index, make_split(index).train, (16, 16))
        >>> images.shape, labels.shape
        ((12, 16, 16, 3), (12,))
    """
    indices = np.arange(len(index)) if indices is None else np.asarray(indices, int)
    images, kept = load_images([index.files[i] for i in indices], size, strict)
    return images, index.labels[indices[kept]]
