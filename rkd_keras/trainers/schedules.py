"""The learning-rate schedule of the paper."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="rkd_keras")
class WarmupSteps(keras.optimizers.schedules.LearningRateSchedule):
    """The paper's schedule: one linear warm-up epoch, then falling steps.

    0.1, 0.02, 0.004 and 0.0008, with falls at 30, 60 and 80 % of the training
    (epochs 60, 120 and 160 of 200).

    Args:
        steps_per_epoch: batches in an epoch.
        epochs: epochs in the training. Defaults to `200`.
        learning_rate: first learning rate after warm-up. Defaults to `0.1`.
        factor: factor of each fall. Defaults to `0.2`.

    Reference:
        - Huang et al., Algorithms 2023, section 3.2.1.

    Example:
        >>> schedule = WarmupSteps(steps_per_epoch=10, epochs=200)
        >>> [round(float(schedule(10 * epoch)), 5) for epoch in (1, 61, 121, 161)]
        [0.1, 0.02, 0.004, 0.0008]
    """

    FALLS = (0.3, 0.6, 0.8)

    def __init__(self, steps_per_epoch, epochs=200, learning_rate=0.1, factor=0.2):
        self.steps_per_epoch = steps_per_epoch
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.factor = factor

    def __call__(self, step):
        """Return the learning rate of a step."""
        epoch = ops.cast(step, "float32") / self.steps_per_epoch
        rate = self.learning_rate * ops.minimum(1.0, epoch + 1 / self.steps_per_epoch)
        for fall in self.FALLS:
            passed = ops.cast(epoch >= fall * self.epochs, "float32")
            rate = rate * (1.0 + passed * (self.factor - 1.0))
        return rate

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            "steps_per_epoch": self.steps_per_epoch,
            "epochs": self.epochs,
            "learning_rate": self.learning_rate,
            "factor": self.factor,
        }
