"""A learning rate that is constant, then falls to zero on a line."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="rkd_keras")
class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """The schedule of CycleGAN: constant, then linearly to zero.

    Args:
        learning_rate: the constant.
        total_steps: steps in the training.
        decay_start: fraction of the training that is constant, in [0, 1].
            Defaults to `0.5`.

    Raises:
        ValueError: when `total_steps` is not positive or `decay_start` is not in
            [0, 1].

    Reference:
        - Zhu et al. 2017, Unpaired Image-to-Image Translation using
          Cycle-Consistent Adversarial Networks, section 4.

    Example:
        >>> schedule = LinearDecay(0.2, total_steps=100)
        >>> [round(float(schedule(step)), 3) for step in (0, 50, 75, 100, 120)]
        [0.2, 0.2, 0.1, 0.0, 0.0]
    """

    def __init__(self, learning_rate, total_steps, decay_start=0.5):
        if total_steps <= 0 or not 0 <= decay_start <= 1:
            raise ValueError(
                "`total_steps` must be positive and `decay_start` in [0, 1]. "
                f"Received: total_steps={total_steps}, decay_start={decay_start}"
            )
        self.learning_rate = learning_rate
        self.total_steps = total_steps
        self.decay_start = decay_start

    def __call__(self, step):
        """Return the learning rate of a step."""
        start = self.decay_start * self.total_steps
        falling = max(self.total_steps - start, 1e-9)
        left = (self.total_steps - ops.cast(step, "float32")) / falling
        return self.learning_rate * ops.clip(left, 0.0, 1.0)

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            "learning_rate": self.learning_rate,
            "total_steps": self.total_steps,
            "decay_start": self.decay_start,
        }
