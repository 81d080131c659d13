"""What the networks of a pipeline cost on this machine, measured for some seconds."""

import contextlib
import time
from dataclasses import dataclass

from rkd_keras.runs.experiment import precision_of, recipe_of


@dataclass
class Speeds:
    """What one image costs on this machine, in seconds.

    Attributes:
        teacher_seconds: of training the teacher, 0 without one.
        answer_seconds: of the teacher's answer, 0 without one.
        student_seconds: of training the student.
    """

    teacher_seconds: float
    answer_seconds: float
    student_seconds: float


def measured(settings, num_classes, teacher=None):
    """Measure the networks of a pipeline on this machine, for some seconds.

    Args:
        settings: the student's `Settings`.
        num_classes: number of classes.
        teacher: the teacher's `Settings`, or `None`.

    Returns:
        The `Speeds`.
    """
    from rkd_keras.trainers import unfrozen

    teaching = answering = 0.0
    if teacher is not None:
        with _built(teacher, num_classes) as network:
            batch = recipe_of(teacher).batch_size
            # Before it is trained: batch normalisation follows.
            answering = answer_seconds(network, teacher.size, batch)
            if teacher.weights != "imagenet":
                teaching = training_seconds(network, teacher)
            elif teacher.unfreeze:
                with unfrozen(network, teacher.unfreeze):
                    teaching = training_seconds(network, teacher)
    with _built(settings, num_classes) as network:
        learning = training_seconds(network, settings)
    return Speeds(teaching, answering, learning)


@contextlib.contextmanager
def _built(settings, num_classes):
    """Build a network as a training would, without its weights."""
    import keras

    from rkd_keras.models import create_model

    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision_of(settings))
    try:
        yield create_model(
            settings.model,
            num_classes=num_classes,
            input_shape=(settings.size, settings.size, 3),
            **settings.model_options,
        )
    finally:
        keras.config.set_dtype_policy(policy)
        keras.backend.clear_session()


def training_seconds(network, settings, seconds=3.0):
    """Measure how long training takes for one image, its augmentation included.

    Args:
        network: a `keras.Model`; it is trained a little.
        settings: its `Settings`.
        seconds: how long to measure, after the first batches.

    Returns:
        Seconds of one image.
    """
    import numpy as np

    from rkd_keras.trainers import BatchParts

    recipe = recipe_of(settings)
    shape, classes = network.input_shape[1:], network.output_shape[-1]
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (4 * recipe.batch_size, *shape), dtype=np.uint8)
    pipeline = recipe.pipeline(images, np.arange(len(images)) % classes, classes)
    model = BatchParts(network, settings.batch_parts)
    model.compile(
        recipe.optimizer(pipeline.steps_per_epoch),
        recipe.loss([1] * classes),
        metrics=recipe.metrics(classes),
        jit_compile=False,
    )
    model.optimizer.build(network.trainable_variables)
    batches = iter(pipeline.dataset())
    return _seconds(
        lambda: model.train_on_batch(*next(batches)), recipe.batch_size, seconds
    )


def answer_seconds(network, size, batch_size, seconds=3.0):
    """Measure how long the answer of a frozen network takes for one image.

    Args:
        network: a `keras.Model` for images of that size.
        size: side of the images in pixels.
        batch_size: images per batch.
        seconds: how long to measure, after the first batches.

    Returns:
        Seconds of one image.
    """
    import numpy as np

    from rkd_keras.trainers.frozen_network import WORTH_CONVERTING, frozen_network

    images = np.zeros((batch_size, size, size, 3), "float32")
    answer = frozen_network(network, WORTH_CONVERTING)
    return _seconds(lambda: answer(images), batch_size, seconds)


def _seconds(step, batch_size, seconds):
    # The first ones trace, and take what was prepared meanwhile.
    for _ in range(4):
        step()
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        step()
        count += 1
    return (time.perf_counter() - started) / (count * batch_size)
