"""A progress bar with the time left, for a training."""

import keras


class TrainingProgress(keras.callbacks.Callback):
    """Show epochs, time left and the last values in one line.

    Args:
        epochs: epochs in the training.
        initial_epoch: finished epochs of a resumed training. Defaults to `0`.
        label: what stands before the bar. Defaults to `"training"`.
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

    def on_train_begin(self, logs=None):
        """Start the bar."""
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self.bar = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[values]}"),
            disable=self.disable,
        )
        steps = self.params.get("steps") or 1
        self.steps = steps
        self.task = self.bar.add_task(
            self.label,
            total=self.epochs,
            completed=self.initial_epoch,
            values="",
        )
        self.bar.start()

    def on_train_batch_end(self, batch, logs=None):
        """Move the bar by a fraction of an epoch."""
        self.bar.advance(self.task, 1 / self.steps)

    def on_epoch_end(self, epoch, logs=None):
        """Show the epoch's values."""
        logs = logs or {}
        names = ("loss", "accuracy", "val_accuracy")
        values = "  ".join(f"{n} {logs[n]:.4f}" for n in names if n in logs)
        self.bar.update(self.task, completed=epoch + 1, values=values)

    def on_train_end(self, logs=None):
        """Stop the bar."""
        self.bar.stop()
