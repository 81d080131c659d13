"""Keep a training so that it continues from where it was killed."""

import csv
import json
import os
import time
from pathlib import Path

import keras
import numpy as np

from rkd_keras.errors import InputError

# The state is written so rarely that it takes no more than this share of the time.
SHARE = 0.05


class TrainingCheckpoint(keras.callbacks.Callback):
    """Write the whole state of a training after its epochs, and restore it.

    After the first epoch, the last, and between them after every epoch that is long
    beside the time that writing takes: of epochs of a second, a large model's state
    is written after some only. The state is one file, replaced in one step: weights,
    optimizer, the states of dropout's generators, the history so far, and what other
    callbacks keep (those with `get_state` and `set_state`). The frozen teacher of an
    `RKDTrainer` is not part of it. Give this callback last, so that it sees what the
    others did.

    Args:
        directory: folder for `last.npz` and `best.weights.h5`.
        history: path of a CSV file that holds one row per epoch.
        monitor: name in the logs by which the best epoch is chosen; larger is
            better. Defaults to `"val_accuracy"`.
        callbacks: other callbacks of the same `fit`. Defaults to `()`.
        read_only: whether the state is restored but never written, as befits the
            workers beside the chief. Defaults to `False`.

    Raises:
        InputError: when training begins and the state on disk belongs to
            another model.

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
        self.directory.mkdir(parents=True, exist_ok=True)
        self.rows = []
        self.best = None
        self._written = True
        self._next = 0.0
        self._read_header()

    @property
    def last_path(self):
        """Path of the state after the last epoch."""
        return self.directory / "last.npz"

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
        """The model whose weights are kept: the student of an `RKDTrainer`."""
        return getattr(self.model, "student", self.model)

    def on_train_begin(self, logs=None):
        """Restore the state, if there is one."""
        # After a failure the file knows less than this object does.
        self._read_header()
        if self.rows:
            self._restore()

    def on_epoch_end(self, epoch, logs=None):
        """Write the state and history if due and, when it is the best, the weights."""
        if self.read_only:
            return
        row = {"epoch": epoch + 1}
        row.update({name: float(value) for name, value in (logs or {}).items()})
        self.rows.append(row)
        score = row.get(self.monitor)
        if score is not None and (self.best is None or score > self.best):
            self.best = score
            partial = self.directory / "partial.weights.h5"
            self.network.save_weights(partial)
            os.replace(partial, self.best_path)
        self._written = False
        if time.monotonic() >= self._next:
            self._write()

    def on_train_end(self, logs=None):
        """Write what the last epochs left unwritten."""
        if not self._written:
            self._write()

    def _write(self):
        started = time.monotonic()
        self._save()
        self._write_history()
        ended = time.monotonic()
        self._next = ended + (ended - started) * (1 - SHARE) / SHARE
        self._written = True

    def _variables(self):
        return [*self.network.variables, *self.model.optimizer.variables]

    def _save(self):
        arrays = {
            f"variable_{i}": keras.ops.convert_to_numpy(variable)
            for i, variable in enumerate(self._variables())
        }
        for i, callback in enumerate(self.callbacks):
            for name, value in callback.get_state().items():
                arrays[f"callback_{i}_{name}"] = np.asarray(value)
        header = {"rows": self.rows, "best": self.best}
        arrays["header"] = np.array(json.dumps(header))
        partial = self.directory / "partial.npz"
        with partial.open("wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, self.last_path)

    def _write_history(self):
        columns = list(dict.fromkeys(name for row in self.rows for name in row))
        partial = self.history_path.with_suffix(".partial")
        with partial.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(self.rows)
        os.replace(partial, self.history_path)

    def _read_header(self):
        if not self.last_path.exists():
            return
        try:
            with np.load(self.last_path, allow_pickle=False) as arrays:
                header = json.loads(str(arrays["header"]))
        except (OSError, ValueError, KeyError) as error:
            raise InputError(
                f"{self.last_path} is no checkpoint of this package ({error}); "
                "start again with --overwrite"
            ) from error
        self.rows, self.best = header["rows"], header["best"]

    def _restore(self):
        self.model.optimizer.build(self.network.trainable_variables)
        variables = self._variables()
        with np.load(self.last_path, allow_pickle=False) as arrays:
            saved = [n for n in arrays.files if n.startswith("variable_")]
            shapes = [tuple(arrays[f"variable_{i}"].shape) for i in range(len(saved))]
            if shapes != [tuple(v.shape) for v in variables]:
                raise InputError(
                    f"{self.last_path} belongs to another model or optimizer; use "
                    "the settings it was begun with, or --overwrite"
                )
            for i, variable in enumerate(variables):
                variable.assign(arrays[f"variable_{i}"])
            for i, callback in enumerate(self.callbacks):
                start = f"callback_{i}_"
                callback.set_state(
                    {
                        name.removeprefix(start): arrays[name]
                        for name in arrays.files
                        if name.startswith(start)
                    }
                )
        self._write_history()
