"""Store a frozen teacher's answers, so that epochs cost the student alone."""

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.models.taps import tapped


@dataclass
class TeacherCache:
    """A teacher's answers to seeded views of the training images.

    Attributes:
        logits: array `(views, images, classes)`, float32.
        embedding: array `(views, images, features)`, float32.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.models import ResNet18
        >>> teacher = ResNet18(width=0.125, input_shape=(32, 32, 3))
        >>> view = [np.zeros((4, 32, 32, 3), "float32")]
        >>> TeacherCache.build(teacher, [view, view]).logits.shape
        (2, 4, 6)
    """

    logits: np.ndarray
    embedding: np.ndarray

    @classmethod
    def build(cls, teacher, views, tap="embedding", progress=None):
        """Run the teacher over all views, in inference mode.

        Args:
            teacher: built model with logits as output.
            views: iterable of views, each an iterable of image batches
                `(batch, H, W, C)` in the order of the images, for example
                `TrainingPipeline.view_dataset(view)`.
            tap: layer whose output is stored beside the logits. Defaults to
                `"embedding"`.
            progress: function called after each batch with its number of
                images, or `None`.

        Returns:
            A `TeacherCache`.
        """
        import tensorflow as tf

        model = tapped(teacher, tap)
        answer = tf.function(lambda x: model(x, training=False))
        answers = ([], [])
        for view in views:
            parts = ([], [])
            for batch in view:
                for part, output in zip(parts, answer(batch), strict=True):
                    part.append(tf.cast(output, tf.float32).numpy())
                if progress is not None:
                    progress(len(batch))
            for kept, part in zip(answers, parts, strict=True):
                kept.append(np.concatenate(part))
        return cls(np.stack(answers[0]), np.stack(answers[1]))

    def save(self, path, made_of=""):
        """Write the arrays to an `.npz` file, in one step.

        Args:
            path: path of the file.
            made_of: text that tells what the answers depend on, for `load`.
        """
        path = Path(path)
        partial = path.with_suffix(f".{os.getpid()}.partial")
        with partial.open("wb") as file:
            np.savez(
                file, logits=self.logits, embedding=self.embedding, made_of=made_of
            )
        partial.replace(path)

    @classmethod
    def load(cls, path, made_of=None):
        """Read what `save` wrote.

        Args:
            path: path of the file.
            made_of: the text that was given to `save`; `None` is not compared.

        Returns:
            A `TeacherCache`.

        Raises:
            InputError: when the file holds no answers, or others than asked for.
        """
        try:
            with (
                Path(path).open("rb") as file,
                np.load(file, allow_pickle=False) as arrays,
            ):
                if made_of is not None and str(arrays["made_of"]) != made_of:
                    raise InputError(
                        f"{path} holds answers of another teacher, or to other images, "
                        "views or augmentation; give another file"
                    )
                return cls(arrays["logits"], arrays["embedding"])
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{path} holds no teacher's answers: {error}") from error
