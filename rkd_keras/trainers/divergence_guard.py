"""Stop a training whose loss is no longer a number."""

import keras
import numpy as np


class DivergenceGuard(keras.callbacks.Callback):
    """Stops a training as soon as a loss or a weight is not finite.

    Give it before the checkpoint callback: the last good checkpoint is then the
    one that stays on disk.

    Raises:
        FloatingPointError: in `fit`, when a loss (after any step) or a weight
            (after an epoch) is not finite; the message names it.

    Example:
        >>> import numpy as np
        >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> guard = DivergenceGuard()
        >>> x = np.array([[1.0], [np.inf]])
        >>> model.fit(x, x, batch_size=1, shuffle=False, verbose=0, callbacks=[guard])
        Traceback (most recent call last):
            ...
        FloatingPointError: loss is ... in epoch 1, step 2; ...
    """

    HELP = "lower the learning rate, or look for broken images"

    def on_epoch_begin(self, epoch, logs=None):
        """Remember the epoch."""
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        """Check every loss."""
        broken = [n for n, v in (logs or {}).items() if not np.all(np.isfinite(v))]
        if broken:
            # The sum of all losses tells nothing that its parts do not.
            names = [name for name in broken if name != "loss"] or broken
            values = ", ".join(f"{name} is {float(logs[name])}" for name in names)
            raise FloatingPointError(
                f"{values} in epoch {self.epoch + 1}, step {batch + 1}; {self.HELP}"
            )

    def on_epoch_end(self, epoch, logs=None):
        """Check every weight, which the last step may have spoilt."""
        for variable in self.model.trainable_variables:
            if not np.isfinite(keras.ops.convert_to_numpy(variable)).all():
                raise FloatingPointError(
                    f"the weights {variable.path} are not finite after epoch "
                    f"{epoch + 1}; {self.HELP}"
                )
