"""Features of a frozen ImageNet network, computed once for several benchmarks."""

from pathlib import Path

import numpy as np


def open_features(data, cache, name, change=None):
    """Return a data set and the features of its images.

    Args:
        data: the data set's folder.
        cache: folder in which the features are kept.
        name: their file's name, without suffix.
        change: function of the images `(n, height, width, 3)`, uint8, before the
            network sees them, or `None`.

    Returns:
        Pair of the `ImageIndex` and an array `(images, 1280)`, float32.
    """
    from rkd_keras.data import load_images, open_dataset
    from rkd_keras.trainers import imagenet_features
    from rkd_keras.trainers.imagenet_embedding import SIDE

    index = open_dataset(data)
    path = Path(cache) / f"{name}.npy"
    if path.is_file():
        return index, np.load(path, allow_pickle=False)
    images, _ = load_images(index.files, (SIDE, SIDE), strict=True)
    features = imagenet_features(images if change is None else change(images))
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, features)
    return index, features
