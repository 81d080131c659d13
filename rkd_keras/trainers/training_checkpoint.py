"""Keep a training so that it continues from where it was killed."""

import csv
import os
import time
from pathlib import Path

import keras
import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.files.replacing import replacing
from rkd_keras.files.results import make_folder
from rkd_keras.trainers.batch_parts import BatchParts
from rkd_keras.trainers.training_state import LAST, TrainingState, write_state

# The state is written so rarely that it takes no more than this share of the time.
SHARE = 0.05


class TrainingCheckpoint(keras.callbacks.Callback):
    """Write the whole state of a training after its epochs, and restore it.

    After the first epoch, the last, and between them after every epoch that is long
    beside the time that writing takes: of epochs of a second, a large model's state
    is written after some only. The state is one file, replaced in one step: weights,
    optimizer, the states of dropout's generators, the history so far, and what other
    callbacks keep (those with `get_state` and `set_state`). The state before it
    stays as well, and serves where the last one is damaged. The frozen teacher of an
    `RKDTrainer` is not part of it. Give this callback last, so that it sees what the
    others did.

    Weights that are not finite are never written: what stays is the last good epoch
    (`DivergenceGuard` ends such a training).

    Args:
        directory: folder for `last.npz`, `previous.npz` and `best.weights.h5`.
        history: path of a CSV file that holds one row per epoch.
        monitor: name in the logs by which the best epoch is chosen, or `None` for
            no best epoch. Of a name with `loss` in it the smallest value is best, of
            others the largest. Defaults to `"val_accuracy"`.
        callbacks: other callbacks of the same `fit`. Defaults to `()`.
        read_only: whether the state is restored but never written, as befits the
            workers beside the chief. Defaults to `False`.

    Raises:
        InputError: when the state on disk is damaged and there is no older one; when
            training begins and the state belongs to another model; or when
            `monitor` is not in the logs of an epoch that was evaluated.

    Example:
        >>> import numpy as np, tempfile, pathlib
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> checkpoint = TrainingCheckpoint(folder, folder / "history.csv")
        >>> history = model.fit(
        ...     np.ones((4, 2)), np.ones(4), verbose=0, callbacks=[checkpoint]
        ... )
        >>> TrainingCheckpoint(folder, folder / "history.csv").initial_epoch
        1
    """

    def __init__(
        self,
        directory,
        history,
        monitor="val_accuracy",
        callbacks=(),
        read_only=False,
    ):
        super().__init__()
        self.directory = Path(directory)
        self.history_path = Path(history)
        self.monitor = monitor
        self.callbacks = [c for c in callbacks if hasattr(c, "get_state")]
        self.read_only = read_only
        make_folder(self.directory)
        self.rows = []
        self.best = None
        self._pending = None
        self._last_is_whole = False
        self._next = 0.0
        self._find_state()

    @property
    def last_path(self):
        """Path of the state after the last epoch."""
        return self.directory / LAST

    @property
    def best_path(self):
        """Path of the best epoch's weights."""
        return self.directory / "best.weights.h5"

    @property
    def initial_epoch(self):
        """Number of finished epochs; give it to `fit`."""
        return len(self.rows)

    @property
    def network(self):
        """The model whose weights are kept: what a trainer of ours trains."""
        if isinstance(self.model, BatchParts):
            return self.model.network
        return getattr(self.model, "student", self.model)

    def on_train_begin(self, logs=None):
        """Restore the state, if there is one."""
        # After a failure the file knows less than this object does.
        state = self._find_state()
        if state:
            self._restore(state)

    def on_epoch_end(self, epoch, logs=None):
        """Write the state and history if due and, when it is the best, the weights."""
        if self.read_only:
            return
        arrays = self._arrays()
        if not _all_finite(arrays):
            return
        row = {"epoch": epoch + 1}
        row.update({name: float(value) for name, value in (logs or {}).items()})
        self.rows.append(row)
        if self._is_best(row):
            self.best = row[self.monitor]
            self._save_best()
        # A copy, for the next epoch may spoil the weights.
        self._pending = arrays
        if time.monotonic() >= self._next:
            self.flush()

    def on_train_end(self, logs=None):
        """Write what the last epochs left unwritten."""
        self.flush()

    def flush(self):
        """Write the state after the last good epoch, unless it is on disk already."""
        if self._pending is None:
            return
        started = time.monotonic()
        self._save()
        self._write_history()
        ended = time.monotonic()
        self._next = ended + (ended - started) * (1 - SHARE) / SHARE
        self._pending = None

    def restore_best(self, network):
        """Give a network the weights of the best epoch; where none was, leave it.

        Args:
            network: the `keras.Model` whose weights were kept.

        Raises:
            InputError: when the file of the weights is missing or damaged.
        """
        if self.best is None or self.read_only:
            return
        try:
            network.load_weights(self.best_path)
        except (OSError, ValueError, KeyError) as error:
            raise InputError(
                f"{self.best_path}, the best epoch's weights, is missing or damaged; "
                "begin again with --overwrite"
            ) from error

    def _is_best(self, row):
        if self.monitor is None:
            return False
        evaluated = not self.monitor.startswith("val_") or any(
            name.startswith("val_") for name in row
        )
        if self.monitor not in row:
            if not evaluated:
                return False
            raise InputError(
                f"no {self.monitor} is logged, by which the best epoch was to be "
                f"chosen; the logs have {', '.join(n for n in row if n != 'epoch')}"
            )
        score = row[self.monitor]
        if not np.isfinite(score) or self.best is None:
            return bool(np.isfinite(score))
        return score < self.best if "loss" in self.monitor else score > self.best

    def _save_best(self):
        with replacing(self.best_path) as temporary:
            # Keras insists on the suffix.
            weights = self.directory / f".{os.getpid()}.tmp.weights.h5"
            try:
                self.network.save_weights(weights)
                weights.replace(temporary)
            finally:
                weights.unlink(missing_ok=True)

    def _variables(self):
        return [*self.network.variables, *self.model.optimizer.variables]

    def _arrays(self):
        arrays = {
            f"variable_{i}": np.array(keras.ops.convert_to_numpy(variable))
            for i, variable in enumerate(self._variables())
        }
        for i, callback in enumerate(self.callbacks):
            for name, value in callback.get_state().items():
                arrays[f"callback_{i}_{name}"] = np.array(value)
        return arrays

    def _save(self):
        write_state(
            self.directory,
            self._pending,
            self.rows,
            self.best,
            self.monitor,
            self._last_is_whole,
        )
        self._last_is_whole = True

    def _write_history(self):
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        with (
            replacing(self.history_path) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(self.rows)

    def _find_state(self):
        state = TrainingState.newest(self.directory)
        self._last_is_whole = state is not None and state.path == self.last_path
        if state:
            self.rows = list(state.rows)
            # What was best by another measure is no yardstick.
            self.best = state.best if state.monitor in (None, self.monitor) else None
        return state

    def _restore(self, state):
        self.model.optimizer.build(self.network.trainable_variables)
        variables = self._variables()
        arrays = state.arrays()
        count = sum(name.startswith("variable_") for name in arrays)
        saved = [arrays.get(f"variable_{i}") for i in range(count)]
        if [np.shape(array) for array in saved] != [tuple(v.shape) for v in variables]:
            raise InputError(
                f"{state.path} belongs to another model or optimizer; use "
                "the settings it was begun with, or --overwrite"
            )
        for variable, array in zip(variables, saved, strict=True):
            variable.assign(array)
        for i, callback in enumerate(self.callbacks):
            start = f"callback_{i}_"
            callback.set_state(
                {
                    name.removeprefix(start): array
                    for name, array in arrays.items()
                    if name.startswith(start)
                }
            )
        self._write_history()


def _all_finite(arrays):
    return all(
        np.isfinite(array).all()
        for array in arrays.values()
        if np.issubdtype(array.dtype, np.floating)
    )
