"""Keep a CycleGAN's training so that it continues from where it was killed."""

from rkd_keras.trainers.training_checkpoint import TrainingCheckpoint


class CycleGANCheckpoint(TrainingCheckpoint):
    """`TrainingCheckpoint` for four networks with four optimizers.

    The state is that of both generators, both discriminators, their optimizers
    and both image pools. No best epoch is kept: adversarial losses do not tell
    which one it is.

    Args:
        directory: folder for `last.npz` and `previous.npz`.
        history: path of a CSV file that holds one row per epoch.
        callbacks: other callbacks of the same `fit`. Defaults to `()`.

    Raises:
        InputError: when training begins and the state on disk belongs to
            another model.

    Example:
        >>> import pathlib, tempfile
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> CycleGANCheckpoint(folder, folder / "history.csv").initial_epoch
        0
    """

    def __init__(self, directory, history, callbacks=()):
        super().__init__(directory, history, monitor=None, callbacks=callbacks)

    def _variables(self):
        optimizers = [v for o in self.model.optimizers for v in o.variables]
        return [*self.model.variables, *optimizers]
