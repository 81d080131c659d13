"""A frozen teacher's answers, kept so that epochs cost the student alone."""

from dataclasses import dataclass

import numpy as np

from rkd_keras.models.taps import tapped
from rkd_keras.trainers.frozen_network import frozen_network


@dataclass
class TeacherCache:
    """A teacher's answers to seeded views of the training images.

    `build` keeps them in memory; `AnswerFolder` keeps them on disk, where they are
    shared by later trainings and need no memory.

    Attributes:
        logits: array `(views, images, classes)`, or `ViewAnswers`.
        embedding: array `(views, images, features)`, or `ViewAnswers`.

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
            teacher: model with logits as output, see `rkd_keras.models.tapped`.
            views: iterable of views, each an iterable of image batches
                `(batch, H, W, C)` in the order of the images, for example
                `TrainingPipeline.view_dataset(view)`.
            tap: layer whose output is stored beside the logits. Defaults to
                `"embedding"`.
            progress: function called after each batch with its number of
                images, or `None`.

        Returns:
            A `TeacherCache` of float32 arrays.
        """
        answer = answering(teacher, tap, progress)
        views = [zip(*answer(view), strict=True) for view in views]
        answers = [[np.concatenate(part) for part in view] for view in views]
        return cls(*(np.stack(part) for part in zip(*answers, strict=True)))


def stored_answers(x, tap, layers):
    """Take the stored answers out of a batch of `TrainingPipeline`.

    Args:
        x: dict with `teacher_logits` `(batch, classes)` and `teacher_embedding`
            `(batch, features)`.
        tap: name of the layer whose output is stored.
        layers: names of the layers that are asked for.

    Returns:
        Dict of the logits under `None`, and of the layer's output under its name.

    Raises:
        ValueError: when another layer is asked for.
    """
    missing = [layer for layer in layers if layer != tap]
    if missing:
        raise ValueError(
            f"of the teacher's layers only {tap!r} is stored, and the terms compare "
            f"{', '.join(missing)}; train without stored answers"
        )
    return {None: x["teacher_logits"], tap: x["teacher_embedding"]}


def answering(teacher, tap="embedding", progress=None, pixels=0):
    """Make a function that runs a teacher over image batches, in inference mode.

    Args:
        teacher: model with logits as output, see `rkd_keras.models.tapped`.
        tap: layer whose output is given beside the logits. Defaults to
            `"embedding"`.
        progress: function called after each batch with its number of images, or
            `None`.
        pixels: number of pixels that will be shown, see `frozen_network`. Defaults to
            `0`.

    Returns:
        Function of an iterable of batches `(batch, H, W, C)` that yields pairs of
        arrays, logits `(batch, classes)` and embedding `(batch, features)`, float32.
    """
    answers_of = frozen_network(tapped(teacher, tap), pixels)

    def answer(batches):
        for batch in batches:
            yield tuple(answers_of(batch))
            if progress is not None:
                progress(len(batch))

    return answer
