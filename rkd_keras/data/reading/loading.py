"""Decode images: into one array, or one by one as they are needed."""

import logging
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from rkd_keras.data.streamed_images import StreamedImages
from rkd_keras.errors import InputError
from rkd_keras.files.images import read_image, resize_image

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
    images = _each_read(files, size, strict, lambda image: image, progress)
    kept = _kept(images, files)
    return np.stack([images[i] for i in kept]), kept


def _each_read(files, size, strict, keep, progress=None):
    """Return what `keep` makes of each image, `None` where it cannot be decoded."""

    def read(path):
        try:
            kept = keep(resize_image(read_image(path), size))
        except InputError as error:
            if strict:
                raise
            LOGGER.warning("left out: %s", error)
            kept = None
        if progress is not None:
            progress()
        return kept

    # OpenCV decodes outside the interpreter's lock.
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(read, files))


def _kept(images, files):
    kept = np.array([i for i, image in enumerate(images) if image is not None], int)
    if len(kept) == 0:
        raise InputError(
            f"none of {len(images)} images could be decoded; "
            f"the first is {files[0] if len(files) else 'missing'}"
        )
    if len(kept) < len(images):
        LOGGER.warning(
            "%d of %d images could not be decoded and were left out",
            len(images) - len(kept),
            len(images),
        )
    return kept


def open_images(files, size=(64, 64), strict=False, memory_mb=IN_MEMORY_MB):
    """Decode images into an array, or leave them to be read as they are needed.

    All are decoded once either way, to find those that cannot be. So the images that
    are kept are the same, and a training that streams them shows the same batches.

    Args:
        files: list of paths.
        size: `(height, width)` in pixels. Defaults to `(64, 64)`.
        strict: see `load_images`. Defaults to `False`.
        memory_mb: most memory for the decoded images in 2^20 bytes; 0 streams
            always. Defaults to `1024`: 87,381 images of 64x64 pixels.

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
    if len(files) * size[0] * size[1] * 3 <= memory_mb * 2**20:
        return load_images(files, size, strict)
    kept = _kept(_each_read(files, size, strict, lambda image: True), files)
    return StreamedImages([files[i] for i in kept], size), kept


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
