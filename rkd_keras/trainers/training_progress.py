"""How far a training is, with the time left."""

import time

import keras

from rkd_keras.progress import Lines, duration

SHOWN = (("loss", "loss"), ("accuracy", "acc"), ("val_accuracy", "val"))


class TrainingProgress(keras.callbacks.Callback):
    """Show epochs, time left and the last values: a bar, or lines in a log.

    On a terminal one line is kept up to date; elsewhere a line is written every ten
    seconds and at the end.

    Args:
        epochs: epochs in the training.
        initial_epoch: finished epochs of a resumed training. Defaults to `0`.
        label: what stands before the numbers. Defaults to `"training"`.
        disable: whether nothing is shown. Defaults to `False`.

    Example:
        >>> TrainingProgress(epochs=3, disable=True).epochs
        3
    """

    def __init__(self, epochs, initial_epoch=0, label="training", disable=False):
        super().__init__()
        self.epochs = epochs
        self.initial_epoch = initial_epoch
        self.label = label
        self.disable = disable
        self.lines = self.bar = None

    def on_train_begin(self, logs=None):
        """Start."""
        self.steps = self.params.get("steps") or 1
        self.epoch, self.step = self.initial_epoch, 0
        self.values = {}
        self.started = time.monotonic()
        if self.disable:
            return
        from rich.console import Console

        console = Console()
        if not console.is_terminal:
            self.lines = Lines()
            return
        from rich.progress import BarColumn, Progress, TextColumn

        self.bar = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=12),
            TextColumn("{task.fields[text]}"),
            console=console,
        )
        total = self.epochs - self.initial_epoch
        self.task = self.bar.add_task(self.label, total=total, text="")
        self.bar.start()

    def on_epoch_begin(self, epoch, logs=None):
        """Remember the epoch."""
        self.epoch, self.step = epoch, 0

    def on_train_batch_end(self, batch, logs=None):
        """Move by a fraction of an epoch."""
        self.step = batch + 1
        self._note(logs)

    def on_epoch_end(self, epoch, logs=None):
        """Show the epoch's values."""
        self._note(logs)

    def on_train_end(self, logs=None):
        """Show the last values, and stop."""
        if self.bar is not None:
            self.bar.stop()
        elif self.lines is not None:
            self.lines.say(f"{self.label}: {self.line()}", now=True)

    def line(self):
        """Return how far it is, such as `epoch 3/60, 2 min 5 s left, loss 0.41`."""
        done = self.epoch - self.initial_epoch + self.step / self.steps
        total = self.epochs - self.initial_epoch
        left = (time.monotonic() - self.started) * (total - done) / max(done, 1e-9)
        parts = [f"epoch {self.epoch + 1}/{self.epochs}"]
        if self.bar is None:
            parts.append(f"step {self.step}/{self.steps}")
        parts.append(f"{duration(left)} left")
        for name, short in SHOWN:
            if name in self.values:
                value = self.values[name]
                shown = f"{value:.3f}" if name == "loss" else f"{100 * value:.1f} %"
                parts.append(f"{short} {shown}")
        return ", ".join(parts)

    def _note(self, logs):
        for name, _ in SHOWN:
            if name in (logs or {}):
                self.values[name] = float(logs[name])
        if self.bar is not None:
            done = self.epoch - self.initial_epoch + self.step / self.steps
            self.bar.update(self.task, completed=done, text=self.line())
        elif self.lines is not None:
            self.lines.say(f"{self.label}: {self.line()}")
