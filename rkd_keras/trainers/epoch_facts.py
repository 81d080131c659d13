"""Log what an epoch was trained with, and how long it took."""

import time

import keras


class EpochFacts(keras.callbacks.Callback):
    """Adds the learning rate and the seconds of each epoch to the logs.

    Give it before the callbacks that write the logs.

    Example:
        >>> import numpy as np
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.SGD(0.5), "mse")
        >>> x = np.ones((2, 1))
        >>> history = model.fit(x, x, verbose=0, callbacks=[EpochFacts()]).history
        >>> history["learning_rate"], len(history["seconds"])
        ([0.5], 1)
    """

    def on_epoch_begin(self, epoch, logs=None):
        """Start the clock."""
        self.started = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        """Add `learning_rate` (after the last step) and `seconds`."""
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        logs["seconds"] = round(time.perf_counter() - self.started, 3)
