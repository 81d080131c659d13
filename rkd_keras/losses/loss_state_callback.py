"""The callback that tells losses about epochs and keeps their state."""

import keras


class LossStateCallback(keras.callbacks.Callback):
    """Tells a loss that changes while training about epochs and evaluations.

    `AdaptiveGMeanLoss` needs it to update its rates, `LDAMLoss` to begin its
    re-weighting. Losses without such needs ignore it, so it may always be given.

    A checkpoint callback that keeps callback state asks `get_state` and gives
    back to `set_state`, so that a resumed training goes on with the same weights.

    Args:
        loss: the loss, an `rkd_keras.losses.ImbalanceLoss`. Defaults to `None`:
            the `loss` that the model was compiled with.

    Raises:
        ValueError: when training begins and there is no such loss.

    Example:
        >>> import keras
        >>> import numpy as np
        >>> from rkd_keras.losses import AdaptiveGMeanLoss, LossStateCallback
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
        >>> loss = AdaptiveGMeanLoss([3, 1])
        >>> model.compile("sgd", loss)
        >>> x, y = np.eye(4, 2, dtype="float32"), np.array([0, 0, 0, 1])
        >>> history = model.fit(x, y, verbose=0, callbacks=[LossStateCallback()])
        >>> loss.get_state()["statistics"].shape
        (3, 2)
    """

    def __init__(self, loss=None):
        super().__init__()
        self.loss = loss
        self._pending_state = None

    def on_train_begin(self, logs=None):
        """Find the loss and give it the state of a resumed training."""
        if self.loss is None:
            self.loss = getattr(self.model, "loss", None)
        if not hasattr(self.loss, "on_epoch_begin"):
            raise ValueError(
                "`loss` must be an `rkd_keras.losses.ImbalanceLoss`, given to the "
                f"callback or to `model.compile`. Received: loss={self.loss}"
            )
        if self._pending_state is not None:
            self.loss.set_state(self._pending_state)
            self._pending_state = None

    def on_epoch_begin(self, epoch, logs=None):
        """Tell the loss."""
        self.loss.on_epoch_begin(epoch)

    def on_epoch_end(self, epoch, logs=None):
        """Tell the loss."""
        self.loss.on_epoch_end()

    def on_test_begin(self, logs=None):
        """Tell the loss, unless this is an evaluation outside training."""
        if self.loss is not None:
            self.loss.on_test_begin()

    def on_test_end(self, logs=None):
        """Tell the loss, unless this is an evaluation outside training."""
        if self.loss is not None:
            self.loss.on_test_end()

    def get_state(self):
        """The loss's state: a dict of numpy arrays."""
        if self._pending_state is not None:
            return self._pending_state
        return self.loss.get_state() if self.loss is not None else {}

    def set_state(self, state):
        """Give the loss its state, now or when training begins."""
        if self.loss is not None:
            self.loss.set_state(state)
        else:
            self._pending_state = dict(state)
