"""Parts of a batch side by side learn what the whole would."""

import keras
import numpy as np
import pytest

from rkd_keras.models import ResNet18
from rkd_keras.models.blocks import conv_bn
from rkd_keras.runs.start_tensorflow import parts_for, threads_of_parts
from rkd_keras.trainers import BatchParts, RKDTrainer, TrainingCheckpoint
from rkd_keras.trainers.batch_parts import in_parts

IMAGES = np.random.default_rng(0).uniform(0, 255, (7, 16, 16, 3)).astype("float32")
LABELS = np.arange(7) % 3


def network(batch_norm=False, seed=0):
    """A small classifier with an embedding; with batch normalisation if asked for."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((16, 16, 3))
    x = keras.layers.Rescaling(1 / 255)(inputs)
    x = keras.layers.Conv2D(4, 3, strides=2)(x)
    if batch_norm:
        x = keras.layers.BatchNormalization(momentum=0.5)(x)
    x = keras.layers.GlobalAveragePooling2D(name="embedding")(keras.ops.relu(x))
    return keras.Model(inputs, keras.layers.Dense(3, name="logits")(x))


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_a_network_without_statistics_answers_the_same_in_parts(parts):
    model = network()
    whole = model(IMAGES, training=True)
    np.testing.assert_allclose(
        in_parts(model, IMAGES, parts, training=True), whole, atol=1e-6
    )


def test_batch_normalisation_sees_a_part():
    model = network(batch_norm=True)
    (norm,) = (
        x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)
    )
    expected = [model(half, training=True) for half in (IMAGES[:3], IMAGES[3:])]
    moved = norm.moving_mean.numpy()
    model = network(batch_norm=True)
    found = in_parts(model, IMAGES, 2, training=True)
    np.testing.assert_allclose(found, np.concatenate(expected), atol=1e-5)
    (norm,) = (
        x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)
    )
    np.testing.assert_allclose(norm.moving_mean, moved, atol=1e-6)
    # Where it does not train, the running statistics alone count.
    np.testing.assert_allclose(
        in_parts(model, IMAGES, 2, training=False),
        model(IMAGES, training=False),
        atol=1e-6,
    )


def test_a_step_in_parts_is_the_step_of_the_whole():
    networks = []
    for parts in (1, 2):
        model = BatchParts(network(), parts)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.1), loss, jit_compile=False)
        model.fit(IMAGES, LABELS, batch_size=7, epochs=3, verbose=0, shuffle=False)
        networks.append(model.network)
    for a, b in zip(*(each.get_weights() for each in networks), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_relations_span_the_parts():
    losses = []
    for parts in (1, 3):
        trainer = RKDTrainer(network(seed=1), network(), batch_parts=parts)
        trainer.compile(keras.optimizers.SGD(0.01))
        history = trainer.fit(IMAGES, LABELS, batch_size=7, epochs=2, verbose=0)
        losses.append(history.history)
    for name in ("distance_loss", "angle_loss", "kd_loss", "hard_loss"):
        np.testing.assert_allclose(losses[0][name], losses[1][name], rtol=1e-4)


def test_trainers_in_parts_survive_saving(tmp_path):
    model = BatchParts(network(), 3)
    model.save(tmp_path / "parts.keras")
    again = keras.saving.load_model(tmp_path / "parts.keras")
    assert again.parts == 3
    np.testing.assert_array_equal(again(IMAGES), model(IMAGES))
    trainer = RKDTrainer(network(seed=1), network(), batch_parts=2)
    assert RKDTrainer.from_config(trainer.get_config()).batch_parts == 2


def test_a_state_goes_on_with_another_number_of_parts(tmp_path):
    def fitted(parts, epochs):
        model = BatchParts(network(), parts) if parts > 1 else network()
        model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
        checkpoint = TrainingCheckpoint(tmp_path / "c", tmp_path / "history.csv")
        first = checkpoint.initial_epoch
        options = {"initial_epoch": first, "epochs": epochs, "verbose": 0}
        model.fit(IMAGES, LABELS, callbacks=[checkpoint], shuffle=False, **options)
        return first, getattr(model, "network", model).get_weights()

    _, begun = fitted(2, 2)
    first, ended = fitted(1, 3)
    assert first == 2
    assert any((a != b).any() for a, b in zip(begun, ended, strict=True))
    assert fitted(2, 3)[0] == 3


@pytest.mark.parametrize(
    ("batch", "cores", "parts"),
    [(8, 2, 1), (16, 2, 1), (32, 2, 2), (32, 8, 2), (48, 4, 3), (50, 4, 2), (33, 2, 1)],
)
def test_parts_are_equal_and_not_too_small(batch, cores, parts):
    assert parts_for(batch, cores) == parts


def test_the_parts_share_the_cores():
    assert [threads_of_parts(p, 2) for p in (1, 2, 4)] == [0, 1, 1]
    assert threads_of_parts(2, 8) == 4


def test_no_parts_are_no_parts():
    with pytest.raises(ValueError, match="`parts` must be at least 1"):
        BatchParts(network(), 0)


@pytest.mark.parametrize("channels", [3, 8, 9])
@pytest.mark.parametrize("side", [7, 8])
def test_a_strided_projection_gives_the_same_whatever_it_is_made_of(channels, side):
    inputs = keras.Input((side, side, channels))
    model = keras.Model(inputs, conv_bn(inputs, 5, 1, 2, None, name="projection"))
    x = np.random.default_rng(1).normal(size=(2, side, side, channels))
    kernel = model.get_layer("projection_conv").kernel.numpy()[0, 0]
    expected = x[:, ::2, ::2] @ kernel / np.sqrt(1 + 1e-5)
    np.testing.assert_allclose(model(x), expected, atol=1e-4)


def test_narrow_networks_on_large_maps_can_be_trained():
    model = ResNet18(width=0.125, input_shape=(64, 64, 3))
    names = [layer.name for layer in model.layers]
    assert [name for name in names if name.endswith("_sample")]
    strided = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D)
        and (layer.kernel_size, layer.strides) == ((1, 1), (2, 2))
    ]
    assert min(layer.input.shape[-1] for layer in strided) > 8
