"""The two training presets, as plain data."""

from dataclasses import dataclass

import keras

from rkd_keras.errors import InputError
from rkd_keras.trainers.schedules import WarmupSteps


@dataclass(frozen=True)
class Preset:
    """How a classifier is trained.

    Attributes:
        name: `"paper"` or `"fast"`.
        epochs: epochs, unless asked otherwise.
        batch_size: images per batch.
        learning_rate: highest learning rate.
        weight_decay: weight decay (decoupled in AdamW).
        label_smoothing: label smoothing of the hard loss, in [0, 1).
        zoom: largest share of the side that augmentation crops away, in [0, 1).

    Example:
        >>> PRESETS["paper"].epochs
        200
    """

    name: str
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    label_smoothing: float
    zoom: float

    def optimizer(self, steps_per_epoch, epochs, clipnorm=None):
        """Make the optimizer with its schedule.

        Args:
            steps_per_epoch: batches in an epoch.
            epochs: epochs in the training.
            clipnorm: largest norm of each gradient, or `None`.

        Returns:
            A `keras.optimizers.Optimizer`.
        """
        if self.name == "paper":
            optimizer = keras.optimizers.SGD(
                WarmupSteps(steps_per_epoch, epochs, self.learning_rate),
                momentum=0.9,
                weight_decay=self.weight_decay,
                clipnorm=clipnorm,
            )
        else:
            steps = steps_per_epoch * epochs
            warmup = min(max(steps // 20, 1), 5 * steps_per_epoch)
            optimizer = keras.optimizers.AdamW(
                keras.optimizers.schedules.CosineDecay(
                    self.learning_rate / 100,
                    decay_steps=max(steps - warmup, 1),
                    warmup_target=self.learning_rate,
                    warmup_steps=warmup,
                ),
                weight_decay=self.weight_decay,
                clipnorm=clipnorm,
            )
            # Shifts and scales have no reason to be small.
            optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
        return optimizer


PRESETS = {
    "paper": Preset("paper", 200, 8, 0.1, 5e-4, 0.0, 0.0),
    "fast": Preset("fast", 60, 32, 1e-3, 0.05, 0.1, 0.0),
}


def get_preset(name):
    """Return a preset by name.

    Args:
        name: one of `PRESETS`.

    Returns:
        A `Preset`.

    Raises:
        InputError: for an unknown name.

    Example:
        >>> get_preset("fast").batch_size
        32
    """
    if name not in PRESETS:
        raise InputError(
            f"unknown preset {name!r}; the known ones are {', '.join(PRESETS)}"
        )
    return PRESETS[name]
