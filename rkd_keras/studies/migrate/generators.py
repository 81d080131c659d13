"""The generators of a CycleGAN's run directory."""

from pathlib import Path

from rkd_keras.errors import InputError


def load_generator(run, direction):
    """Load a generator of a run directory.

    Raises:
        InputError: when there is none, or it cannot be opened.
    """
    from rkd_keras.models import load_model

    file = Path(run) / f"generator_{direction}.keras"
    if not file.is_file():
        raise InputError(
            f"no generator at {file}; train one with rkd-keras migrate train"
        )
    return load_model(file)


def load_for(generator, files):
    """Load images in the size and channels that a generator takes."""
    from rkd_keras.data import load_images
    from rkd_keras.data.domains import grey_images

    height, width, channels = generator.input_shape[1:]
    images, kept = load_images(files, (height, width))
    return (grey_images(images) if channels == 1 else images), kept
