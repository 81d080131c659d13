"""Batch normalisation's statistics under several replicas."""

import keras


def set_synchronized(model, synchronized=True):
    """Let batch normalisation use the statistics of the global batch, or not.

    Args:
        model: a model; its `BatchNormalization` layers are changed in place, at
            any depth.
        synchronized: whether the mean and the variance of a training batch are
            those of all replicas' rows. Defaults to `True`.

    Returns:
        Number of layers.

    Example:
        >>> from rkd_keras.models import ResNet18
        >>> set_synchronized(ResNet18(width=0.0625, input_shape=(32, 32, 3)))
        20
    """
    layers = [
        layer
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    for layer in layers:
        layer.synchronized = synchronized
    return len(layers)


class ReplicaStatistics(keras.callbacks.Callback):
    """Averages running statistics over the replicas before they are used.

    In Keras 3 every replica keeps moving means and variances of its own, and a
    saved model holds those of the first. This callback replaces them by their
    average, before each evaluation and at each epoch's end. A moving average is
    linear, so this is what averaging after every step would give: the moving mean
    is that of the global batches; the moving variance is the mean of the replicas'
    variances, without what their means differ (`set_synchronized` counts that as
    well). Give it before the checkpoint callback.

    Args:
        strategy: the `tf.distribute.Strategy`, or `None`, which does nothing.
        network: the model whose statistics are averaged: all float variables
            that are not trained.

    Example:
        >>> ReplicaStatistics(None, keras.Sequential()).strategy is None
        True
    """

    def __init__(self, strategy, network):
        super().__init__()
        self.strategy = strategy
        self.network = network
        self._average = None

    def on_test_begin(self, logs=None):
        """Average, so that all replicas evaluate the same model."""
        self.average()

    def on_epoch_end(self, epoch, logs=None):
        """Average, so that what is saved is the same everywhere."""
        self.average()

    def average(self):
        """Replace the statistics by their average over all replicas."""
        if self.strategy is None or self.strategy.num_replicas_in_sync == 1:
            return
        if self._average is None:
            self._average = self._traced()
        self._average()

    def _traced(self):
        import tensorflow as tf

        variables = [
            variable
            for variable in self.network.non_trainable_variables
            if keras.backend.is_float_dtype(variable.dtype)
        ]

        def replica():
            context = tf.distribute.get_replica_context()
            # Summing needs to know the device of each value; a read does not tell.
            values = [tf.identity(tf.convert_to_tensor(v.value)) for v in variables]
            sums = context.all_reduce(tf.distribute.ReduceOp.SUM, values)
            for variable, total in zip(variables, sums, strict=True):
                variable.value.assign(total / context.num_replicas_in_sync)

        @tf.function
        def average():
            if variables:
                self.strategy.run(replica)

        return average
