import shutil
import time

import keras
import numpy as np
import pytest

from rkd_keras.data import Augmentation, TrainingPipeline, evaluation_dataset
from rkd_keras.errors import InputError
from rkd_keras.trainers import TrainingCheckpoint
from rkd_keras.trainers.training_state import TrainingState, write_state


class Killed(Exception):
    """Stands for a kill in the middle of an epoch."""


class KillAt(keras.callbacks.Callback):
    def __init__(self, epoch, batch):
        super().__init__()
        self.when = (epoch, batch)
        self.epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.when:
            raise Killed


def network():
    keras.utils.set_random_seed(1)
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3)(inputs / 255.0)
    x = keras.layers.BatchNormalization(momentum=0.9)(x)
    x = keras.layers.GlobalAveragePooling2D(name="embedding")(x)
    # Dropout's generator is part of the state that must come back.
    x = keras.layers.Dropout(0.5)(x)
    model = keras.Model(inputs, keras.layers.Dense(3, name="logits")(x))
    model.compile(
        keras.optimizers.AdamW(0.01),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    return model


def run(folder, epochs=4, extra=(), monitor="val_accuracy"):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (20, 8, 8, 3), dtype=np.uint8)
    labels = np.arange(20) % 3
    pipeline = TrainingPipeline(images, labels, 8, Augmentation(), seed=5)
    checkpoint = TrainingCheckpoint(folder, folder / "history.csv", monitor)
    model = network()
    model.fit(
        pipeline.dataset(checkpoint.initial_epoch),
        steps_per_epoch=pipeline.steps_per_epoch,
        epochs=epochs,
        initial_epoch=checkpoint.initial_epoch,
        validation_data=evaluation_dataset(images, labels),
        callbacks=[*extra, checkpoint],
        shuffle=False,
        verbose=0,
    )
    return model


def test_killed_training_ends_as_the_uninterrupted_one(tmp_path):
    whole = run(tmp_path / "whole")
    with pytest.raises(Killed):
        run(tmp_path / "killed", extra=[KillAt(2, 1)])
    resumed = run(tmp_path / "killed")
    for a, b in zip(whole.variables, resumed.variables, strict=True):
        np.testing.assert_array_equal(np.array(a), np.array(b), err_msg=a.path)
    rows = (tmp_path / "whole" / "history.csv").read_text()
    assert rows == (tmp_path / "killed" / "history.csv").read_text()
    assert [line.split(",")[0] for line in rows.split()] == ["epoch", *"1234"]


def test_state_that_is_slow_to_write_is_written_after_some_epochs_only(
    tmp_path, monkeypatch
):
    written = []
    save = TrainingCheckpoint._save

    def slow(self):
        time.sleep(0.5)
        save(self)
        written.append(len(self.rows))

    monkeypatch.setattr(TrainingCheckpoint, "_save", slow)
    with pytest.raises(Killed):
        run(tmp_path, epochs=6, extra=[KillAt(4, 1)])
    # Of epochs of milliseconds; the next would be due ten seconds later.
    assert written == [1]
    assert TrainingCheckpoint(tmp_path, tmp_path / "h.csv").initial_epoch == 1
    run(tmp_path, epochs=6)
    assert written == [1, 2, 6]
    lines = (tmp_path / "history.csv").read_text().split()
    assert [line.split(",")[0] for line in lines] == ["epoch", *"123456"]


def test_leftovers_of_a_killed_write_do_no_harm(tmp_path):
    run(tmp_path, epochs=1)
    (tmp_path / ".last.npz.1.tmp.npz").write_bytes(b"half a file")
    (tmp_path / ".1.tmp.weights.h5").write_bytes(b"half")
    run(tmp_path, epochs=2)
    assert TrainingCheckpoint(tmp_path, tmp_path / "h.csv").initial_epoch == 2


@pytest.fixture(scope="module")
def two_epochs(tmp_path_factory):
    """A folder of two states on disk, of the first epoch and of the second."""
    folder = tmp_path_factory.mktemp("two_epochs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rkd_keras.trainers.training_checkpoint.SHARE", 1.0)
        run(folder, epochs=2)
    return folder


DAMAGES = {
    "truncated": lambda data: data[: len(data) // 2],
    "end cut": lambda data: data[:-1],
    "empty": lambda data: b"",
    "zeros": lambda data: bytes(len(data)),
    "zeros at the end": lambda data: data[:-4096] + bytes(4096),
    "flipped": lambda data: (
        data[: len(data) // 2]
        + bytes([data[len(data) // 2] ^ 1])
        + data[len(data) // 2 + 1 :]
    ),
    "text": lambda data: b"no checkpoint",
}


def damaged(folder, copy, damage):
    """Copy the folder and damage its last state; return that state's path."""
    shutil.copytree(folder, copy)
    last = copy / "last.npz"
    last.write_bytes(DAMAGES[damage](last.read_bytes()))
    return last


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_state_gives_way_to_the_one_before(
    damage, two_epochs, tmp_path, caplog
):
    last = damaged(two_epochs, tmp_path / "copy", damage)
    checkpoint = TrainingCheckpoint(last.parent, tmp_path / "h.csv")
    assert checkpoint.initial_epoch == 1
    assert f"{last} is damaged" in caplog.text
    assert "goes on after epoch 1" in caplog.text
    (last.parent / "previous.npz").unlink()
    with pytest.raises(InputError, match="last.npz is damaged or no check.*--overwr"):
        TrainingCheckpoint(last.parent, tmp_path / "h.csv")


def test_from_the_older_state_it_ends_as_the_uninterrupted_one(two_epochs, tmp_path):
    last = damaged(two_epochs, tmp_path / "copy", "truncated")
    with pytest.raises(Killed):
        run(last.parent, extra=[KillAt(2, 1)])
    # The damaged file was replaced, and the whole one before it stays.
    states = [TrainingState.newest(last.parent)]
    content = last.read_bytes()
    last.unlink()
    states.append(TrainingState.newest(last.parent))
    assert [len(state.rows) for state in states] == [2, 1]
    last.write_bytes(content)
    shutil.copytree(two_epochs, tmp_path / "whole")
    whole, resumed = run(tmp_path / "whole"), run(last.parent)
    for a, b in zip(whole.variables, resumed.variables, strict=True):
        np.testing.assert_array_equal(np.array(a), np.array(b), err_msg=a.path)


def test_no_flipped_byte_changes_the_state_unnoticed(tmp_path):
    """Each byte is either checked, or of no effect on what is read."""
    rng = np.random.default_rng(0)
    arrays = {f"variable_{i}": rng.normal(size=(3, i + 1)) for i in range(3)}
    write_state(tmp_path, arrays, [{"epoch": 1}], 0.5, "val_accuracy", False)
    path = tmp_path / "last.npz"
    whole = path.read_bytes()
    for place in range(len(whole)):
        broken = bytearray(whole)
        broken[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(broken)
        try:
            state = TrainingState.newest(tmp_path)
            found = state.arrays()
        except InputError:
            continue
        assert (state.rows, state.best) == ([{"epoch": 1}], 0.5)
        assert set(found) == set(arrays), place
        for name, array in arrays.items():
            np.testing.assert_array_equal(found[name], array)


def test_weights_that_are_not_finite_are_never_kept(tmp_path):
    class Spoil(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 2:
                kernel = self.model.trainable_variables[0]
                kernel.assign(np.full(kernel.shape, np.nan))

    run(tmp_path, extra=[Spoil()])
    state = TrainingState.newest(tmp_path)
    assert len(state.rows) == 2
    for name, array in state.arrays().items():
        assert np.isfinite(array).all(), name


@pytest.mark.parametrize(
    ("monitor", "best"), [("val_loss", min), ("accuracy", max), ("val_accuracy", max)]
)
def test_any_logged_name_chooses_the_best_epoch(monitor, best, tmp_path):
    run(tmp_path, monitor=monitor)
    checkpoint = TrainingCheckpoint(tmp_path, tmp_path / "h.csv", monitor)
    assert len(checkpoint.rows) == 4
    assert checkpoint.best == best(row[monitor] for row in checkpoint.rows)
    # By another measure there is no best epoch yet.
    assert TrainingCheckpoint(tmp_path, tmp_path / "h.csv", "val_x").best is None


def test_a_monitor_that_is_not_logged_is_named(tmp_path):
    with pytest.raises(InputError, match="no val_gmean is logged.*have .*val_accuracy"):
        run(tmp_path, monitor="val_gmean")


def test_best_weights_are_kept_over_a_resume(tmp_path):
    run(tmp_path, epochs=2)
    checkpoint = TrainingCheckpoint(tmp_path, tmp_path / "history.csv")
    best = checkpoint.best
    assert best == max(row["val_accuracy"] for row in checkpoint.rows)
    assert checkpoint.best_path.exists()


def test_states_of_callbacks_come_back(tmp_path):
    class Counter(keras.callbacks.Callback):
        count = 0

        def on_epoch_end(self, epoch, logs=None):
            self.count += 1

        def get_state(self):
            return {"count": np.array(self.count)}

        def set_state(self, state):
            self.count = int(state["count"])

    for epochs in (2, 3):
        counter = Counter()
        model = network()
        checkpoint = TrainingCheckpoint(
            tmp_path, tmp_path / "h.csv", callbacks=[counter]
        )
        model.fit(
            np.zeros((4, 8, 8, 3)),
            np.zeros(4),
            epochs=epochs,
            initial_epoch=checkpoint.initial_epoch,
            callbacks=[counter, checkpoint],
            verbose=0,
        )
    assert counter.count == 3


def test_foreign_files_are_refused(tmp_path):
    (tmp_path / "last.npz").write_bytes(b"not a checkpoint")
    with pytest.raises(InputError, match="no checkpoint of this package"):
        TrainingCheckpoint(tmp_path, tmp_path / "h.csv")


def test_checkpoint_of_another_model_is_refused(tmp_path):
    run(tmp_path, epochs=1)
    checkpoint = TrainingCheckpoint(tmp_path, tmp_path / "h.csv")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(InputError, match="belongs to another model or optimizer"):
        model.fit(
            np.ones((2, 2)), np.ones(2), epochs=2, callbacks=[checkpoint], verbose=0
        )
