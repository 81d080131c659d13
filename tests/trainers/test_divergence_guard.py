import keras
import numpy as np
import pytest

from rkd_keras.errors import DivergedError, InputError
from rkd_keras.trainers import DivergenceGuard, RKDTrainer, TrainingCheckpoint
from rkd_keras.trainers.training_state import TrainingState


def network(width):
    inputs = keras.Input((4, 4, 3), name="image")
    x = keras.layers.Rescaling(1 / 127.5, -1)(inputs)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(width, name="embedding")(x)
    return keras.Model(inputs, keras.layers.Dense(2, name="logits")(x))


def data():
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 255, (8, 4, 4, 3)).astype("float32")
    inputs = {
        "image": x,
        "teacher_logits": rng.normal(size=(8, 2)).astype("float32"),
        "teacher_embedding": rng.normal(size=(8, 3)).astype("float32"),
    }
    return inputs, np.arange(8) % 2


@pytest.mark.parametrize(
    ("spoilt", "named"),
    [
        (
            "image",
            "^angle_loss is nan, distance_loss is nan, hard_loss is nan, kd_",
        ),
        ("teacher_logits", "^kd_loss is nan in epoch 1, step 2; lower the learning"),
        (
            "teacher_embedding",
            "^angle_loss is nan, distance_loss is nan in epoch 1, s",
        ),
    ],
)
def test_the_term_that_is_no_number_is_named(spoilt, named):
    keras.utils.set_random_seed(0)
    model = RKDTrainer(network(3), network(2))
    model.compile(keras.optimizers.SGD(0.01))
    inputs, labels = data()
    inputs[spoilt][6] = np.nan
    with pytest.raises(DivergedError, match=named) as caught:
        model.fit(
            inputs,
            labels,
            batch_size=4,
            shuffle=False,
            verbose=0,
            callbacks=[DivergenceGuard()],
        )
    assert isinstance(caught.value, InputError)


class Spoil(keras.callbacks.Callback):
    """Spoils a weight at an epoch's first step; remembers the good ones."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            self.good = self.model.get_weights()
            kernel = self.model.trainable_variables[0]
            kernel.assign(np.full(kernel.shape, np.inf))


def fit(folder, epoch, epochs=6):
    keras.utils.set_random_seed(0)
    model = network(2)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.01), loss, jit_compile=False)
    checkpoint = TrainingCheckpoint(folder, folder / "history.csv", "loss")
    spoil = Spoil(epoch)
    inputs, labels = data()
    with pytest.raises(DivergedError) as caught:
        model.fit(
            inputs["image"],
            labels,
            epochs=epochs,
            verbose=0,
            callbacks=[spoil, DivergenceGuard(checkpoint), checkpoint],
        )
    return str(caught.value), spoil.good


def test_the_last_good_epoch_stays_also_when_it_was_not_written_yet(tmp_path):
    """Of epochs of milliseconds the checkpoint writes the first alone."""
    message, good = fit(tmp_path, 4)
    state = TrainingState.newest(tmp_path)
    assert len(state.rows) == 4
    arrays = state.arrays()
    for i, weight in enumerate(good):
        np.testing.assert_array_equal(arrays[f"variable_{i}"], weight)
    assert message.startswith("loss is nan in epoch 5, step 1; lower the learning rate")
    assert message.endswith(f"the state after epoch 4 is in {tmp_path / 'last.npz'}")
    lines = (tmp_path / "history.csv").read_text().splitlines()
    assert len(lines) == 5 and "nan" not in "".join(lines)


def test_in_the_first_epoch_nothing_is_kept(tmp_path):
    message, _ = fit(tmp_path, 0)
    assert message.endswith("nothing was kept, for no epoch was finished")
    assert list(tmp_path.iterdir()) == []


def test_several_workers_end_a_step_later_and_name_the_first_step(monkeypatch):
    guard = DivergenceGuard()
    monkeypatch.setattr(guard, "_several_workers", lambda: True)
    guard.on_epoch_begin(1)
    guard.on_train_batch_end(0, {"loss": 1.0})
    guard.on_train_batch_end(1, {"loss": np.nan, "hard_loss": np.inf})
    with pytest.raises(DivergedError, match="^hard_loss is inf in epoch 2, step 2"):
        guard.on_train_batch_end(2, {"loss": np.nan})
