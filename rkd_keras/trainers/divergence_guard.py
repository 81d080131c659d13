"""End a training whose loss is no longer a number."""

import keras
import numpy as np

from rkd_keras.errors import DivergedError


class DivergenceGuard(keras.callbacks.Callback):
    """Ends a training as soon as a loss or a weight is not finite.

    Such a training cannot recover: the next step spoils every weight. What stays on
    disk is the last good epoch. Give this callback before the checkpoint callback.

    Over several workers it waits for one step more, so that all end alike.

    Args:
        checkpoint: the `TrainingCheckpoint` of the same `fit`, which then writes
            the last good epoch if that is not on disk yet; or `None`.

    Raises:
        DivergedError: in `fit`, when a loss (after any step) or a weight (after an
            epoch) is not finite; the message names it. Of an `RKDTrainer` that is
            the term: `hard_loss`, `kd_loss`, `distance_loss` or `angle_loss`.

    Example:
        >>> import numpy as np
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> guard = DivergenceGuard()
        >>> x = np.array([[1.0], [np.inf]])
        >>> model.fit(x, x, batch_size=1, shuffle=False, verbose=0, callbacks=[guard])
        Traceback (most recent call last):
            ...
        rkd_keras.errors.DivergedError: loss is ... in epoch 1, step 2; ...
    """

    HELP = "lower the learning rate, or look for broken images"

    def __init__(self, checkpoint=None):
        super().__init__()
        self.checkpoint = checkpoint
        self.epoch = 0
        self._found = None

    def on_train_begin(self, logs=None):
        """Forget what an earlier training came to."""
        self._found = None

    def on_epoch_begin(self, epoch, logs=None):
        """Remember the epoch."""
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        """Check every loss."""
        if self._found:
            self._end(self._found)
        broken = [n for n, v in (logs or {}).items() if not np.all(np.isfinite(v))]
        if not broken:
            return
        # The sum of all losses tells nothing that its parts do not.
        names = [name for name in broken if name != "loss"] or broken
        values = ", ".join(f"{name} is {float(logs[name])}" for name in names)
        self._found = f"{values} in epoch {self.epoch + 1}, step {batch + 1}"
        if not self._several_workers():
            self._end(self._found)

    def on_epoch_end(self, epoch, logs=None):
        """Check every weight, which the last step may have spoilt."""
        if self._found:
            self._end(self._found)
        for variable in self.model.weights:
            if not keras.backend.is_float_dtype(variable.dtype):
                continue
            if not np.isfinite(keras.ops.convert_to_numpy(variable)).all():
                self._end(
                    f"the weights {variable.path} are not finite after epoch "
                    f"{epoch + 1}"
                )

    def _several_workers(self):
        if keras.backend.backend() != "tensorflow":
            return False
        from rkd_keras.trainers.distributed.workers import is_multi_worker

        return is_multi_worker(self.model.distribute_strategy)

    def _end(self, found):
        raise DivergedError(f"{found}; {self.HELP}{self._kept()}")

    def _kept(self):
        """Write the last good epoch, and say where it is."""
        if self.checkpoint is None or self.checkpoint.read_only:
            return ""
        self.checkpoint.flush()
        epochs = len(self.checkpoint.rows)
        if not epochs:
            return "; nothing was kept, for no epoch was finished"
        return f"; the state after epoch {epochs} is in {self.checkpoint.last_path}"
