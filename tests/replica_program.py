"""One training step on several replicas, in processes of their own.

`python replica_program.py workers FOLDER` is one of the workers of TF_CONFIG;
`python replica_program.py mirrored FOLDER` runs one process alone, then two replicas
in one process.
"""

import os
import sys
from pathlib import Path

import numpy as np

BATCH = 64
VARIANTS = ("none", "synchronized", "local", "weighted")


def trainer(variant):
    """A teacher and a student whose weights follow from the seed."""
    import keras

    from rkd_keras.trainers import RKDTrainer

    keras.utils.set_random_seed(0)

    def network(width, norm):
        inputs = keras.Input((12, 12, 3), name="image")
        x = keras.layers.Rescaling(1 / 127.5, -1)(inputs)
        for stride in (2, 1):
            x = keras.layers.Conv2D(width, 3, strides=stride)(x)
            if norm in ("synchronized", "local"):
                x = keras.layers.BatchNormalization(
                    momentum=0.9, synchronized=norm == "synchronized"
                )(x)
            x = keras.layers.ReLU()(x)
        x = keras.layers.GlobalAveragePooling2D(name="embedding")(x)
        return keras.Model(inputs, keras.layers.Dense(4, name="logits")(x))

    model = RKDTrainer(network(7, "none"), network(5, variant))
    model.compile(
        # A rate of 1: the weights move by the gradient.
        keras.optimizers.SGD(1.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    return model


def data():
    """Images, labels and the pipeline that draws one batch of all."""
    from rkd_keras.data import TrainingPipeline

    rng = np.random.default_rng(0)
    labels = np.arange(BATCH) % 4
    images = rng.integers(0, 256, (BATCH, 12, 12, 3)) // (
        1 + labels[:, None, None, None]
    )
    images = images.astype("uint8")
    return images, labels, TrainingPipeline(images, labels, BATCH, seed=3)


def weighted(image, label):
    """Add weights that differ between samples, and so between replicas."""
    import tensorflow as tf

    return image, label, tf.gather([0.0, 1.0, 2.0, 5.0], label)


def result(model, before, history):
    """What the step did: losses, gradients, running statistics."""
    found = {f"log_{name}": values[0] for name, values in history.history.items()}
    weights = model.student.trainable_weights
    for i, (old, new) in enumerate(zip(before, weights, strict=True)):
        found[f"gradient_{i}"] = old - np.array(new)
    for i, value in enumerate(model.student.non_trainable_weights):
        found[f"statistic_{i}"] = np.array(value)
    return found


def one_step(variant, strategy=None, own_loop=False):
    """Train one step on one batch of 64 and evaluate; return what it did."""
    import contextlib

    from rkd_keras.data import evaluation_dataset
    from rkd_keras.trainers.distributed.loop import ReplicaValidation, fit_replicas
    from rkd_keras.trainers.distributed.statistics import ReplicaStatistics

    images, labels, pipeline = data()

    def batches(*shard):
        dataset = pipeline.dataset(0, *shard and [shard])
        return dataset.map(weighted) if variant == "weighted" else dataset

    with strategy.scope() if strategy else contextlib.nullcontext():
        model = trainer(variant)
    before = [np.array(w) for w in model.student.trainable_weights]
    callbacks = [ReplicaStatistics(strategy, model.student)]
    common = {"epochs": 1, "steps_per_epoch": 1, "callbacks": callbacks}
    # 63 images: the parts of two replicas differ in length.
    validation = images[:63], labels[:63]
    if own_loop:
        history = fit_replicas(
            model,
            strategy,
            batches,
            validation=validation,
            **common,
        )
    else:
        kept = evaluation_dataset(*validation)
        if strategy:
            kept = None
            callbacks.insert(
                0, ReplicaValidation(strategy, *validation, 1, [*callbacks])
            )
        history = model.fit(
            batches(),
            validation_data=kept,
            shuffle=False,
            verbose=0,
            **common,
        )
    return result(model, before, history)


def run_workers(folder):
    """Do one step of each variant; then lose the second worker."""
    import signal
    import time

    import keras

    from rkd_keras.errors import WorkerLostError
    from rkd_keras.trainers.distributed.loop import fit_replicas
    from rkd_keras.trainers.distributed.workers import (
        connect_workers,
        from_chief,
        is_chief,
        sum_over_workers,
        watch_workers,
    )

    strategy = connect_workers()
    index = 0 if is_chief(strategy) else 1
    for variant in VARIANTS:
        np.savez(folder / f"{variant}_{index}.npz", **one_step(variant, strategy, True))
    sent = from_chief(strategy, b"seven b" if index == 0 else None)
    nothing = from_chief(strategy, None)
    total = sum_over_workers(strategy, np.array([index + 1.0, 2.0], "float32"))
    print("agreed", sent, nothing, total.tolist(), flush=True)

    class Die(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if index == 1 and epoch == 1:
                os.kill(os.getpid(), signal.SIGKILL)

    with strategy.scope():
        model = trainer("none")
    _, _, pipeline = data()
    try:
        with watch_workers(strategy):
            fit_replicas(
                model,
                strategy,
                lambda *shard: pipeline.dataset(0, shard),
                epochs=1000000,
                steps_per_epoch=1,
                callbacks=[Die()],
            )
    except WorkerLostError as error:
        print("lost", time.time(), error, flush=True)
        sys.exit(3)


def run_mirrored(folder):
    """Do one step of each variant alone, then on two logical processors."""
    import tensorflow as tf

    processor = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        processor, [tf.config.LogicalDeviceConfiguration()] * 2
    )
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    for variant in VARIANTS:
        np.savez(folder / f"{variant}_alone.npz", **one_step(variant))
        np.savez(folder / f"{variant}_mirrored.npz", **one_step(variant, strategy))


if __name__ == "__main__":
    {"workers": run_workers, "mirrored": run_mirrored}[sys.argv[1]](Path(sys.argv[2]))
