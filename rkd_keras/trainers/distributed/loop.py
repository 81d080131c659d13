"""`fit` for strategies over several processes, where Keras's own fails."""

import keras
import numpy as np


def fit_replicas(
    model,
    strategy,
    batches,
    epochs,
    steps_per_epoch,
    initial_epoch=0,
    validation=None,
    validation_freq=1,
    callbacks=(),
):
    """Train as `model.fit` does, with the model's own `train_step`.

    With Keras 3.15 `fit` fails under `MultiWorkerMirroredStrategy` of two or more
    workers (keras issue 20585). This loop calls the same callbacks in the same
    order with the same logs: what the epoch's metrics are over all replicas. Every
    worker must call it alike; callbacks that write belong to the chief alone.

    Args:
        model: compiled model, made within the strategy's scope.
        strategy: the `tf.distribute.Strategy`.
        batches: function of `(replica, replicas)` that gives an endless iterable
            of that replica's batches, such as
            `lambda *shard: pipeline.dataset(initial_epoch, shard)`. Every batch
            of every replica has as many rows.
        epochs: number of the last epoch.
        steps_per_epoch: batches in an epoch.
        initial_epoch: number of finished epochs. Defaults to `0`.
        validation: pair of arrays, images `(N, H, W, C)` and labels, or `None`.
        validation_freq: epochs from one evaluation to the next. Defaults to `1`.
        callbacks: Keras callbacks. Defaults to `()`.

    Returns:
        The `keras.callbacks.History`.

    Example:
        >>> import numpy as np, tensorflow as tf
        >>> from rkd_keras.data import TrainingPipeline
        >>> strategy = tf.distribute.MirroredStrategy(["CPU:0"])
        >>> with strategy.scope():
        ...     model = keras.Sequential(
        ...         [keras.Input((8, 8, 3)), keras.layers.Flatten(),
        ...          keras.layers.Dense(2)]
        ...     )
        ...     model.compile("sgd", "mse")
        >>> pipeline = TrainingPipeline(
        ...     np.zeros((6, 8, 8, 3), "uint8"), np.zeros((6, 2)), batch_size=2
        ... )
        >>> history = fit_replicas(
        ...     model, strategy, lambda *shard: pipeline.dataset(0, shard),
        ...     epochs=2, steps_per_epoch=3,
        ... )
        >>> history.history["loss"]
        [0.0, 0.0]
    """
    batches = _Batches(strategy, batches)
    with strategy.scope():
        # The variables of metrics and optimizer, before replicas want them.
        model._symbolic_build(data_batch=batches.example())
    callbacks = keras.callbacks.CallbackList(
        callbacks,
        add_history=True,
        model=model,
        epochs=epochs,
        steps=steps_per_epoch,
        verbose=0,
    )
    train_step = _on_replicas(model.train_step, strategy)
    test_step = _on_replicas(model.test_step, strategy)
    model.stop_training = False
    callbacks.on_train_begin()
    logs = None
    for epoch in range(initial_epoch, epochs):
        model.reset_metrics()
        callbacks.on_epoch_begin(epoch)
        for step in range(steps_per_epoch):
            callbacks.on_train_batch_begin(step)
            results = _of_first(strategy, train_step(batches.next()))
            callbacks.on_train_batch_end(step, results)
            if model.stop_training:
                break
        logs = _metrics(model, results)
        if validation is not None and (epoch + 1) % validation_freq == 0:
            values = evaluate_replicas(
                model, strategy, *validation, test_step=test_step, callbacks=[callbacks]
            )
            logs.update({f"val_{name}": value for name, value in values.items()})
        callbacks.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    model.optimizer.finalize_variable_values(model.trainable_weights)
    callbacks.on_train_end(logs)
    return model.history


def evaluate_replicas(
    model, strategy, images, labels, batch_size=64, test_step=None, callbacks=()
):
    """Evaluate with each image on one replica, and with none left out.

    Args:
        model: compiled model, made within the strategy's scope.
        strategy: the `tf.distribute.Strategy`.
        images: array `(N, H, W, C)`.
        labels: array `(N, ...)`.
        batch_size: largest number of images per replica and step. Defaults to
            `64`.
        test_step: `model.test_step` on all replicas, already traced, or `None`.
        callbacks: Keras callbacks to tell of the test. Defaults to `()`.

    Returns:
        Dict of the metrics' values over all images.

    Raises:
        ValueError: when there is no image.
    """
    if len(images) == 0:
        raise ValueError("`images` must not be empty. Received: 0 images")
    test_step = test_step or _on_replicas(model.test_step, strategy)
    replicas = strategy.num_replicas_in_sync
    if len(images) < replicas:
        # Every replica evaluates all: the means are the same.
        replicas = 1
    steps = -(-len(images) // (replicas * batch_size))
    places = [
        np.array_split(np.arange(replica, len(images), replicas), steps)
        for replica in range(replicas)
    ]
    for callback in callbacks:
        callback.on_test_begin()
    model.reset_metrics()
    for step in range(steps):
        batch = _distribute(
            strategy,
            lambda replica, step=step: (
                images[places[replica % replicas][step]].astype("float32"),
                labels[places[replica % replicas][step]],
            ),
        )
        results = _of_first(strategy, test_step(batch))
    values = _metrics(model, results)
    for callback in callbacks:
        callback.on_test_end(values)
    return values


class ReplicaValidation(keras.callbacks.Callback):
    """Evaluates for a `fit` under `MirroredStrategy`, and adds to the logs.

    Keras 3.15 fails there when the first batch cannot be cut into equal parts,
    and takes the mean of the replicas' means however many images each had. Give
    this callback first, and no validation data to `fit`.

    Args:
        strategy: the `tf.distribute.Strategy`.
        images: array `(N, H, W, C)`.
        labels: array `(N, ...)`.
        validation_freq: epochs from one evaluation to the next. Defaults to `1`.
        callbacks: Keras callbacks to tell of the test. Defaults to `()`.

    Example:
        >>> import numpy as np
        >>> ReplicaValidation(None, np.ones((2, 8, 8, 3)), np.ones(2)).validation_freq
        1
    """

    def __init__(self, strategy, images, labels, validation_freq=1, callbacks=()):
        super().__init__()
        self.strategy = strategy
        self.validation = images, labels
        self.validation_freq = validation_freq
        self.callbacks = callbacks
        self._test_step = None

    def on_epoch_end(self, epoch, logs=None):
        """Evaluate when it is time; `logs` gets `val_` values."""
        if (epoch + 1) % self.validation_freq:
            return
        if self._test_step is None:
            self._test_step = _on_replicas(self.model.test_step, self.strategy)
        values = evaluate_replicas(
            self.model,
            self.strategy,
            *self.validation,
            test_step=self._test_step,
            callbacks=self.callbacks,
        )
        logs.update({f"val_{name}": value for name, value in values.items()})


class _Batches:
    """Each replica's batches, side by side; the first may be looked at."""

    def __init__(self, strategy, batches):
        self.strategy = strategy
        self.batches = batches
        self.iterators = {}
        self.first = None

    def next(self):
        """Return the next batch of each local replica as one value."""
        if self.first is not None:
            batch, self.first = self.first, None
            return batch
        return _distribute(self.strategy, lambda replica: next(self._of(replica)))

    def example(self):
        """Return the first replica's first batch, which `next` gives again."""
        self.first = self.next()
        return _of_first(self.strategy, self.first)

    def _of(self, replica):
        if replica not in self.iterators:
            replicas = self.strategy.num_replicas_in_sync
            self.iterators[replica] = iter(self.batches(replica, replicas))
        return self.iterators[replica]


def _distribute(strategy, value_of):
    """Make one distributed value of `value_of(replica)` for each local replica."""
    import tensorflow as tf

    def value(context):
        parts = value_of(context.replica_id_in_sync_group)
        return tf.nest.map_structure(tf.convert_to_tensor, parts)

    return strategy.experimental_distribute_values_from_function(value)


def _of_first(strategy, values):
    """Return the values of this worker's first replica."""
    import tensorflow as tf

    return tf.nest.map_structure(
        lambda value: strategy.experimental_local_results(value)[0],
        values,
        expand_composites=False,
    )


def _on_replicas(step, strategy):
    import tensorflow as tf

    # Validation's batches are of two sizes; one trace serves both.
    @tf.function(reduce_retracing=True)
    def run(batch):
        return strategy.run(step, args=(batch,))

    return run


def _metrics(model, results):
    """Return the metrics over all replicas, those that the step returned."""
    values = model.get_metrics_result()
    return {
        name: float(keras.ops.convert_to_numpy(value))
        for name, value in values.items()
        if name in results
    }
