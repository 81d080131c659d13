"""How a classifier is trained: optimizer, schedule, smoothing and views together."""

import math
from dataclasses import dataclass, fields, replace

import keras

from rkd_keras.errors import InputError, OptionError
from rkd_keras.trainers.momentum_sgd import MomentumSGD
from rkd_keras.trainers.schedules import WarmupSteps

ALGORITHMS = ("adamw", "sgd")
SCHEDULES = ("cosine", "steps")
MIXES = (None, "mixup", "cutmix")


@dataclass(frozen=True)
class Recipe:
    """All that decides how a network is trained, but for data and network.

    The parts belong together: a recipe with label smoothing makes a pipeline of
    smoothed labels and a loss that takes them. `rkd-keras train` trains with
    these very parts.

    Attributes:
        name: name of the recipe.
        algorithm: `"adamw"` (decay decoupled from the gradient, not of shifts and
            scales) or `"sgd"` (`MomentumSGD` with momentum 0.9: decay in the
            gradient, of all weights).
        schedule: `"cosine"` (a twentieth of the steps, but at most five epochs, of
            warm-up, then cosine to 0) or `"steps"` (`WarmupSteps`).
        epochs: epochs, at least 1.
        batch_size: images per batch, at least 1.
        learning_rate: highest learning rate, above 0.
        weight_decay: weight decay, at least 0.
        label_smoothing: share of a label that is spread over all classes, in
            [0, 1).
        clipnorm: largest norm of each gradient, above 0, or `None`.
        augment: whether images are augmented.
        quarter_turns: whether augmentation turns images by 90 degrees, too.
        zoom: largest share of the side that augmentation crops away, in [0, 1).
        mix: `None`, `"mixup"` or `"cutmix"`.

    Raises:
        OptionError: for a value out of its range.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.models import ResNet18
        >>> recipe = get_recipe("fast").with_changes(epochs=1)
        >>> images, labels = np.zeros((8, 32, 32, 3), "uint8"), np.arange(8) % 2
        >>> pipeline = recipe.pipeline(images, labels, num_classes=2)
        >>> model = ResNet18(2, width=0.125, input_shape=(32, 32, 3))
        >>> steps = pipeline.steps_per_epoch
        >>> model.compile(
        ...     recipe.optimizer(steps), recipe.loss([4, 4]), jit_compile=False
        ... )
        >>> history = model.fit(
        ...     pipeline.dataset(), steps_per_epoch=steps, shuffle=False, verbose=0
        ... )
    """

    name: str
    algorithm: str
    schedule: str
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    label_smoothing: float = 0.0
    clipnorm: float | None = None
    augment: bool = True
    quarter_turns: bool = True
    zoom: float = 0.0
    mix: str | None = None

    def __post_init__(self):
        """Check every value."""
        for name, known in (
            ("algorithm", ALGORITHMS),
            ("schedule", SCHEDULES),
            ("mix", MIXES),
        ):
            value = getattr(self, name)
            if value not in known:
                shown = ", ".join(str(each) for each in known)
                raise OptionError(name, f"must be one of {shown}, not {value!r}")
        for name, fits, range_ in (
            ("epochs", self.epochs >= 1, "at least 1"),
            ("batch_size", self.batch_size >= 1, "at least 1"),
            ("learning_rate", 0 < self.learning_rate < math.inf, "above 0"),
            ("weight_decay", 0 <= self.weight_decay < math.inf, "at least 0"),
            ("label_smoothing", 0 <= self.label_smoothing < 1, "from 0 to below 1"),
            ("zoom", 0 <= self.zoom < 1, "from 0 to below 1"),
            ("clipnorm", self.clipnorm is None or self.clipnorm > 0, "above 0"),
        ):
            if not fits:
                raise OptionError(name, f"must be {range_}, not {getattr(self, name)}")

    def with_changes(self, **changes):
        """Return a recipe that differs in some values.

        Args:
            **changes: attributes and their values; `None` leaves a value as it is.

        Returns:
            A `Recipe`.

        Raises:
            OptionError: for an unknown attribute or a value out of its range.

        Example:
            >>> get_recipe("fast").with_changes(batch_size=8, epochs=None).batch_size
            8
        """
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                raise OptionError(name, f"is not one of {', '.join(known)}")
        return replace(self, **{k: v for k, v in changes.items() if v is not None})

    def optimizer(self, steps_per_epoch, epochs=None):
        """Make the optimizer with its schedule.

        Args:
            steps_per_epoch: batches in an epoch.
            epochs: epochs in the training. Defaults to `None`: the recipe's.

        Returns:
            A `keras.optimizers.Optimizer`.

        Example:
            >>> get_recipe("paper").optimizer(steps_per_epoch=100).name
            'momentum_sgd'
        """
        rate = self._schedule(steps_per_epoch, epochs or self.epochs)
        options = {"weight_decay": self.weight_decay, "clipnorm": self.clipnorm}
        if self.algorithm == "sgd":
            return MomentumSGD(rate, momentum=0.9, **options)
        optimizer = keras.optimizers.AdamW(rate, **options)
        # Shifts and scales have no reason to be small.
        optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
        return optimizer

    def _schedule(self, steps_per_epoch, epochs):
        if self.schedule == "steps":
            return WarmupSteps(steps_per_epoch, epochs, self.learning_rate)
        steps = steps_per_epoch * epochs
        warmup = min(max(steps // 20, 1), 5 * steps_per_epoch)
        return keras.optimizers.schedules.CosineDecay(
            self.learning_rate / 100,
            decay_steps=max(steps - warmup, 1),
            warmup_target=self.learning_rate,
            warmup_steps=warmup,
        )

    def augmentation(self):
        """Make the augmentation of the training images.

        Returns:
            An `rkd_keras.data.Augmentation`, or `None` when it is off.

        Example:
            >>> get_recipe("fast").augmentation().quarter_turns
            True
        """
        from rkd_keras.data import Augmentation

        if not self.augment:
            return None
        return Augmentation(quarter_turns=self.quarter_turns, zoom=self.zoom)

    def pipeline(self, images, labels, num_classes, seed=0, **more):
        """Make the stream of training batches.

        Args:
            images: array `(N, H, W, 3)`, uint8.
            labels: array `(N,)` of class indices.
            num_classes: number of classes.
            seed: integer that decides order and views. Defaults to `0`.
            **more: further arguments of `rkd_keras.data.TrainingPipeline`, such as
                `order` or `views`.

        Returns:
            A `TrainingPipeline`, whose labels are one-hot where the recipe is.
        """
        from rkd_keras.data import TrainingPipeline

        return TrainingPipeline(
            images,
            labels,
            self.batch_size,
            self.augmentation(),
            seed,
            mix=self.mix,
            label_smoothing=self.label_smoothing,
            num_classes=num_classes,
            **more,
        )

    def loss(self, class_counts, name="cross_entropy", epochs=None):
        """Make the hard loss, for logits and for labels of either form.

        Args:
            class_counts: training images of each class, in label order, such as
                `index.counts(split.train)`.
            name: one of `rkd_keras.losses.LOSSES`. Defaults to
                `"cross_entropy"`, which the counts do not change.
            epochs: epochs in the training, for losses that change late. Defaults
                to `None`: the recipe's.

        Returns:
            An `rkd_keras.losses.ImbalanceLoss`.

        Raises:
            InputError: for an unknown name.
            ValueError: for a class without images.

        Example:
            >>> get_recipe("fast").loss([90, 10], "ldam").drw_epoch
            48
        """
        from rkd_keras.losses import create_loss

        return create_loss(name, class_counts, epochs or self.epochs)

    def metrics(self, num_classes):
        """Make the metrics of a training: accuracy, macro recall and GMean.

        Args:
            num_classes: number of classes.

        Returns:
            List of `keras.metrics.Metric` of the names `accuracy`, `macro_recall` and
            `gmean`, for logits and for labels of either form.

        Example:
            >>> [metric.name for metric in get_recipe("fast").metrics(6)]
            ['accuracy', 'macro_recall', 'gmean']
        """
        from rkd_keras.metrics import Accuracy, GMean, MacroRecall

        return [kind(num_classes) for kind in (Accuracy, MacroRecall, GMean)]


RECIPES = {
    "fast": Recipe("fast", "adamw", "cosine", 60, 32, 1e-3, 0.05, 0.1),
    "paper": Recipe("paper", "sgd", "steps", 200, 8, 0.1, 5e-4),
    "fine_tune": Recipe("fine_tune", "adamw", "cosine", 12, 32, 3e-4, 0.05, 0.1),
}


def get_recipe(name):
    """Return a recipe by name.

    Args:
        name: one of `RECIPES`: `"fast"`, `"paper"` or `"fine_tune"`.

    Returns:
        A `Recipe`.

    Raises:
        InputError: for an unknown name.

    Example:
        >>> get_recipe("fast").batch_size
        32
    """
    if name not in RECIPES:
        raise InputError(
            f"unknown preset {name!r}; the known ones are {', '.join(RECIPES)}"
        )
    return RECIPES[name]
