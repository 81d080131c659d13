"""The run directory of a CycleGAN, and its generators."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rkd_keras.errors import InputError
from rkd_keras.runs.run import Run

if TYPE_CHECKING:
    import keras

DIRECTIONS = ("a2b", "b2a")


class MigrationRun(Run):
    """The folder of one CycleGAN's training.

    Beside what every training writes it holds `generator_a2b.keras` and
    `generator_b2a.keras`, and pictures of samples in `figures/samples`.

    Args:
        path: the folder. Nothing is read before it is asked for.

    Example:
        >>> MigrationRun("runs/migrate").generator_path("a2b").name
        'generator_a2b.keras'
    """

    def generator_path(self, direction: str) -> Path:
        """Return the file of a generator.

        Args:
            direction: `"a2b"` or `"b2a"`.

        Returns:
            The path, whether the file is there or not.
        """
        return self.path / f"generator_{direction}.keras"

    def generator(self, direction: str = "a2b") -> keras.Model:
        """Load a generator.

        Args:
            direction: `"a2b"` or `"b2a"`. Defaults to `"a2b"`.

        Returns:
            A `keras.Model` from images `(N, H, W, C)`, 0 to 255, to such images.

        Raises:
            InputError: when there is none, or it cannot be opened.
        """
        from rkd_keras.models import load_model

        file = self.generator_path(direction)
        if not file.is_file():
            raise InputError(
                f"no generator at {file}; train one with rkd-keras migrate train"
            )
        return load_model(file)

    def clear(self) -> None:
        """Remove what a training wrote here; files of anybody else stay."""
        for direction in DIRECTIONS:
            self.generator_path(direction).unlink(missing_ok=True)
        super().clear()


def load_for(generator, files):
    """Load images in the size and channels that a generator takes.

    Args:
        generator: a `keras.Model`.
        files: list of paths.

    Returns:
        Pair: array `(N, H, W, C)`, uint8, and the indices of those that could be
        read.
    """
    from rkd_keras.data import load_images
    from rkd_keras.data.domains import grey_images

    height, width, channels = generator.input_shape[1:]
    images, kept = load_images(files, (height, width))
    return (grey_images(images) if channels == 1 else images), kept
