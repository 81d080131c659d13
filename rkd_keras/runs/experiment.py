"""One training from data to a finished run directory.

`train`, `distill`, `compare` and `pipeline` are this with different settings.
"""

import contextlib
import sys
from dataclasses import replace
from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.runs.parts import check_same_images, load_parts, open_split
from rkd_keras.runs.precision import choose_precision
from rkd_keras.runs.results import save_scores
from rkd_keras.runs.settings import OVERSAMPLINGS, Settings
from rkd_keras.runs.transfer import check_seen, fit_head, load_fitting_weights
from rkd_keras.runs.unlabelled import check_unlabelled, find_unlabelled

__all__ = ["Settings", "run_experiment"]
# Weights that a network's builder knows by name.
NAMED_WEIGHTS = ("imagenet", "neu")


def run_experiment(settings):
    """Train, keep and score one model.

    Args:
        settings: a `Settings`.

    Returns:
        The `Run`; its `scores` are those of the part `settings.evaluate`.

    Raises:
        InputError: when a setting or the data cannot be used, or the training came
            to what is no number.
        WorkerLostError: when another of several workers is gone.
    """
    from rkd_keras.runs.distribution import Distribution
    from rkd_keras.trainers.distributed.tf_config import choose_strategy

    settings = replace(settings, strategy=choose_strategy(settings.strategy))
    settings.check()
    distribution = Distribution.open(settings)
    with distribution.watch():
        return _run(distribution.own_settings(settings), distribution)


def _run(settings, distribution):
    import keras

    from rkd_keras.data.streamed_images import reading_faults
    from rkd_keras.runs.teaching import Teacher

    teacher = Teacher.open(settings) if settings.teacher else None
    # What is wrong with the data must show before anything is written.
    index, split = open_split(settings, teacher and teacher.class_names)
    if teacher:
        teacher.check(settings, index, split)
    if settings.weights == "neu":
        check_seen(settings, index, split)
    if settings.unlabelled:
        known = [index.files[i] for i in split.train]
        check_unlabelled(settings.unlabelled, known, settings.any_size)
    _check_names(settings)
    policy = keras.config.dtype_policy()
    with distribution.open_run(settings) as run:
        try:
            keras.config.set_dtype_policy(precision_of(settings))
            check_same_images(run, index, split)
            split.write(run.split_path, index)
            keras.utils.set_random_seed(settings.seed)
            if settings.deterministic:
                import tensorflow as tf

                tf.config.experimental.enable_op_determinism()
            more = []
            if settings.unlabelled:
                more = find_unlabelled(settings.unlabelled, run.split)
                if not settings.quiet:
                    print(f"{len(more)} images without labels", file=sys.stderr)
            parts = load_parts(settings, index, split, more, run.path)
            distribution.check_alike(settings, parts)
            streamed = reading_faults(parts.images.values())
            with distribution.scope(), streamed:
                model = _train(settings, run, parts, distribution, teacher)
            model = distribution.plain(model)
        finally:
            keras.config.set_dtype_policy(policy)
        if distribution.chief:
            run.write_model(model, parts.class_names)
            if settings.evaluate != "none" and len(parts.images[settings.evaluate]):
                save_scores(model, run, parts, settings.evaluate)
        distribution.wait()
    run.left_out = parts.left_out
    return run


def precision_of(settings):
    """Return the dtype policy's name of a training."""
    if settings.weights == "imagenet" and settings.precision == "auto":
        # What stays frozen is as exact as it was learnt.
        return "float32"
    return choose_precision(settings.precision)


def _check_names(settings):
    """Raise `InputError` for what does not exist: a model, its options, a preset."""
    from rkd_keras.losses import LOSSES
    from rkd_keras.models.zoo import builder_for
    from rkd_keras.trainers import get_recipe

    get_recipe(settings.preset)
    builder_for(settings.model, settings.model_options)
    named = (None, *NAMED_WEIGHTS)
    if settings.weights not in named and not Path(settings.weights).is_file():
        raise InputError(
            f"weights {settings.weights} do not exist; give a file, imagenet or neu"
        )
    if settings.loss not in LOSSES:
        raise InputError(
            f"unknown loss {settings.loss!r}; the known ones are {', '.join(LOSSES)}"
        )


def _train(settings, run, parts, distribution, teacher):
    from rkd_keras.trainers import unfrozen

    recipe = recipe_of(settings)
    num_classes = len(parts.class_names)
    network = _network(settings, num_classes)
    distribution.prepare(settings, network)
    images, labels = _oversampled(settings, parts)
    pipeline = recipe.pipeline(
        images,
        labels,
        num_classes,
        settings.seed,
        order=_order(settings, parts),
        epoch_size=len(parts.images["train"]),
    )
    distribution.check_batch(settings, pipeline)
    model, tuned = _in_parts(settings, network), contextlib.nullcontext()
    if settings.weights == "imagenet":
        fit_head(settings, run, network, pipeline)
        if not settings.unfreeze:
            return network
        tuned = unfrozen(network, settings.unfreeze)
    elif teacher:
        model, pipeline = teacher.make_trainer(
            settings, run, network, pipeline, parts.files["train"], distribution
        )
    with tuned:
        return _fitted(settings, run, parts, distribution, model, network, pipeline)


def _fitted(settings, run, parts, distribution, model, network, pipeline):
    """Train a model, which is the network or has it as its student."""
    import keras

    from rkd_keras.losses import LossStateCallback
    from rkd_keras.trainers import (
        DivergenceGuard,
        EpochFacts,
        TrainingCheckpoint,
        TrainingProgress,
    )

    recipe, steps = recipe_of(settings), pipeline.steps_per_epoch
    epochs = recipe.epochs
    loss = _loss(recipe, settings, parts, pipeline.labels)
    model.compile(
        recipe.optimizer(steps),
        loss,
        metrics=recipe.metrics(len(parts.class_names)),
        # XLA makes training slower on a processor.
        jit_compile=False,
    )
    # With all variables made by now, TensorFlow traces the first step once.
    model.optimizer.build(network.trainable_variables)
    states = [LossStateCallback(loss)] if hasattr(loss, "on_epoch_begin") else []
    checkpoint = TrainingCheckpoint(
        run.checkpoints,
        run.history_path,
        monitor=_monitor(settings, parts),
        callbacks=states,
        read_only=not distribution.chief,
    )
    initial_epoch = checkpoint.initial_epoch
    validation = None
    if len(parts.images["val"]):
        validation = (parts.images["val"], parts.labels["val"])
    logs = keras.callbacks.TensorBoard(str(run.tensorboard), write_graph=False)
    if initial_epoch < epochs:
        distribution.fit(
            model,
            network,
            pipeline,
            validation,
            epochs=epochs,
            initial_epoch=initial_epoch,
            steps_per_epoch=steps,
            # Where images are few, validating must not cost more than training.
            validation_freq=-(-4 * len(parts.images["val"]) // len(pipeline.images))
            or 1,
            callbacks=[
                *([logs] if distribution.chief else []),
                *states,
                EpochFacts(),
                TrainingProgress(epochs, initial_epoch, settings.model, settings.quiet),
                DivergenceGuard(checkpoint),
                checkpoint,
            ],
        )
    else:
        checkpoint.set_model(model)
        checkpoint.on_train_begin()
    if settings.keep == "best":
        checkpoint.restore_best(network)
    return network


def _network(settings, num_classes):
    """Build the network, and let it start from weights where they are given."""
    from rkd_keras.models import create_model

    options = dict(settings.model_options)
    if settings.weights in NAMED_WEIGHTS:
        options["weights"] = settings.weights
    network = create_model(
        settings.model,
        num_classes=num_classes,
        input_shape=(settings.size, settings.size, 3),
        **options,
    )
    if settings.weights not in (None, *NAMED_WEIGHTS):
        left = load_fitting_weights(network, settings.weights)
        if left and not settings.quiet:
            print(
                f"{len(left)} layers did not fit {settings.weights} and begin anew: "
                f"{', '.join(left[:6])}{' ...' if len(left) > 6 else ''}",
                file=sys.stderr,
            )
    return network


def _in_parts(settings, network):
    """Return what trains a network: itself, or parts of a batch side by side."""
    from rkd_keras.trainers import BatchParts

    if settings.batch_parts == 1:
        return network
    return BatchParts(network, settings.batch_parts)


def _monitor(settings, parts):
    """What the best epoch is chosen by: GMean where classes are unbalanced."""
    if settings.monitor:
        return settings.monitor
    counts = _counts(parts.labels["train"], parts)
    # A few images more or less of a class are no imbalance.
    return "val_gmean" if counts.max() > 1.5 * counts.min() else "val_accuracy"


def _oversampled(settings, parts):
    """Return what trains: the training part, and new samples if asked for."""
    images, labels = parts.images["train"], parts.labels["train"]
    if settings.sampling not in OVERSAMPLINGS:
        return images, labels
    from rkd_keras.data import oversample
    from rkd_keras.layers import MedianBlur2D

    blur = MedianBlur2D(3, padding="valid")
    return oversample(images, labels, settings.sampling, settings.seed, blur)


def _order(settings, parts):
    if settings.sampling != "balanced":
        return None
    from rkd_keras.data import balanced_order

    return balanced_order(parts.labels["train"], settings.seed)


def recipe_of(settings):
    """Return the preset's recipe with what the settings change of it."""
    from rkd_keras.trainers import get_recipe

    names = (
        "epochs",
        "batch_size",
        "learning_rate",
        "label_smoothing",
        "clipnorm",
        "augment",
        "quarter_turns",
        "zoom",
        "mix",
    )
    changes = {name: getattr(settings, name) for name in names}
    return get_recipe(settings.preset).with_changes(**changes)


def _counts(labels, parts):
    """Count the labels of each class; images without one do not count."""
    import numpy as np

    return np.bincount(labels[labels >= 0], minlength=len(parts.class_names))


def _loss(recipe, settings, parts, trained):
    import numpy as np

    counts = _counts(trained, parts)
    if (counts == 0).any():
        missing = parts.class_names[int(np.argmin(counts))]
        raise InputError(f"class {missing!r} has no training image")
    return recipe.loss(counts, settings.loss)
