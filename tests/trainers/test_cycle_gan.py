import keras
import numpy as np
import pytest
import tensorflow as tf

from rkd_keras.models import PatchDiscriminator, ResNetGenerator
from rkd_keras.trainers import (
    CycleGAN,
    CycleGANCheckpoint,
    DivergenceGuard,
    SampleGrid,
)
from rkd_keras.trainers.cycle_gan_losses import generator_losses

SHAPE = (16, 16, 1)


def networks():
    keras.utils.set_random_seed(0)
    return [
        ResNetGenerator(SHAPE, 3, 1, name="g"),
        ResNetGenerator(SHAPE, 3, 1, name="f"),
        PatchDiscriminator(SHAPE, 3, 1, name="dx"),
        PatchDiscriminator(SHAPE, 3, 1, name="dy"),
    ]


def compiled(run_eagerly=True, **options):
    gan = CycleGAN(*networks(), seed=0, **options)
    # A few eager steps cost less than tracing four networks.
    gan.compile(run_eagerly=run_eagerly)
    return gan


def images(mean, count=8, seed=0):
    rng = np.random.default_rng(seed)
    return np.clip(rng.normal(mean, 20, (count, *SHAPE)), 0, 255).astype("float32")


def snapshot(gan):
    return [[w.copy() for w in net.get_weights()] for net in gan.networks]


def changed(before, after):
    return [
        any((a != b).any() for a, b in zip(x, y, strict=True))
        for x, y in zip(before, after, strict=True)
    ]


def rescale(scale, offset):
    inputs = keras.Input(SHAPE)
    return keras.Model(inputs, keras.layers.Rescaling(scale, offset)(inputs))


def mean_score(scale):
    inputs = keras.Input(SHAPE)
    x = keras.layers.Rescaling(scale)(inputs)
    return keras.Model(inputs, keras.layers.AveragePooling2D(16)(x))


def test_losses_against_numpy():
    # G negates, F halves; the discriminators' score is the mean grey level.
    gan = CycleGAN(
        rescale(-1.0, 255.0),
        rescale(0.5, 0.0),
        mean_score(0.01),
        mean_score(0.02),
        cycle_weight=3.0,
        identity_weight=2.0,
    )
    x, y = images(100), images(180, seed=1)
    losses, fake_x, fake_y = generator_losses(gan, x, y)
    g, f = (lambda i: 255 - i), (lambda i: i / 2)
    gap = lambda a, b: np.abs(a - b).mean() / 127.5  # noqa: E731
    expected = {
        "generator_g_loss": np.mean((0.02 * g(x).mean((1, 2, 3)) - 1) ** 2),
        "generator_f_loss": np.mean((0.01 * f(y).mean((1, 2, 3)) - 1) ** 2),
        "cycle_x_loss": gap(f(g(x)), x),
        "cycle_y_loss": gap(g(f(y)), y),
        "identity_x_loss": gap(f(x), x),
        "identity_y_loss": gap(g(y), y),
    }
    expected["loss"] = (
        expected["generator_g_loss"]
        + expected["generator_f_loss"]
        + 3.0 * (expected["cycle_x_loss"] + expected["cycle_y_loss"])
        + 2.0 * (expected["identity_x_loss"] + expected["identity_y_loss"])
    )
    assert set(losses) == set(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(losses[name], value, rtol=1e-4, err_msg=name)
    np.testing.assert_allclose(fake_x, f(y))
    np.testing.assert_allclose(fake_y, g(x))
    np.testing.assert_allclose(gan.predict(x, verbose=0), g(x))


def test_a_perfect_cycle_costs_nothing():
    gan = CycleGAN(
        rescale(-1.0, 255.0), rescale(-1.0, 255.0), mean_score(0.01), mean_score(0.01)
    )
    losses, *_ = generator_losses(gan, images(100), images(100))
    assert float(losses["cycle_x_loss"]) == pytest.approx(0, abs=1e-6)
    assert float(losses["identity_x_loss"]) > 0.1


@pytest.mark.parametrize("gan_mode", ["lsgan", "vanilla"])
def test_fit_trains_all_four_and_reports_every_loss(gan_mode):
    gan = compiled(run_eagerly=gan_mode == "lsgan", gan_mode=gan_mode, pool_size=2)
    before = snapshot(gan)
    history = gan.fit(images(60), images(200), batch_size=2, verbose=0).history
    assert changed(before, snapshot(gan)) == [True] * 4
    assert set(history) == {
        "loss",
        "generator_g_loss",
        "generator_f_loss",
        "discriminator_x_loss",
        "discriminator_y_loss",
        "cycle_x_loss",
        "cycle_y_loss",
        "identity_x_loss",
        "identity_y_loss",
    }
    assert np.isfinite(list(history.values())).all()


def test_each_optimizer_trains_its_own_network():
    gan = CycleGAN(*networks(), seed=0)
    gan.compile(*(keras.optimizers.SGD(0.0, name=f"o{i}") for i in range(4)))
    batch = tf.constant(images(60, 1)), tf.constant(images(200, 1))
    for trained, optimizer in enumerate(gan.optimizers):
        optimizer.learning_rate = 0.1
        before = snapshot(gan)
        gan.train_step(batch)
        assert changed(before, snapshot(gan)) == [i == trained for i in range(4)]
        optimizer.learning_rate = 0.0


def test_without_identity_its_passes_are_left_out():
    gan = compiled(identity_weight=0.0)
    history = gan.fit(images(60), images(200), batch_size=4, verbose=0).history
    assert not any(name.startswith("identity") for name in history)


def test_evaluation_changes_nothing():
    gan = compiled()
    gan.fit(images(60), images(200), batch_size=4, verbose=0)
    before = snapshot(gan), gan.pool_x.get_weights()[0].copy()
    losses = gan.evaluate(images(60), images(200), verbose=0, return_dict=True)
    assert changed(before[0], snapshot(gan)) == [False] * 4
    np.testing.assert_array_equal(gan.pool_x.get_weights()[0], before[1])
    assert len(losses) == 9


def test_saved_and_loaded_without_custom_objects(tmp_path):
    gan = compiled(cycle_weight=7.0, pool_size=4)
    x, y = images(60), images(200)
    gan.fit(x, y, batch_size=4, verbose=0)
    gan.save(tmp_path / "gan.keras")
    copy = keras.models.load_model(tmp_path / "gan.keras")
    assert copy.cycle_weight == 7.0
    np.testing.assert_allclose(
        copy.predict(x, verbose=0), gan.predict(x, verbose=0), atol=1e-3
    )
    for mine, other in zip(copy.optimizers, gan.optimizers, strict=True):
        assert int(mine.iterations) == int(other.iterations) == 2
        np.testing.assert_allclose(mine.variables[2], other.variables[2])
    np.testing.assert_array_equal(
        copy.pool_y.get_weights()[0], gan.pool_y.get_weights()[0]
    )
    copy.run_eagerly = True
    copy.fit(x, y, batch_size=4, verbose=0)


def batches(initial_epoch=0):
    x, y = images(60), images(200, seed=1)
    pairs = tf.data.Dataset.from_tensor_slices((x, y)).batch(4)
    return pairs.repeat().skip(2 * initial_epoch)


def test_a_resumed_training_equals_an_uninterrupted_one(tmp_path):
    def train(gan, folder, epochs):
        checkpoint = CycleGANCheckpoint(folder, folder / "history.csv")
        start = checkpoint.initial_epoch
        gan.fit(
            batches(start),
            epochs=epochs,
            initial_epoch=start,
            steps_per_epoch=2,
            shuffle=False,
            verbose=0,
            callbacks=[DivergenceGuard(), checkpoint],
        )

    whole = compiled(pool_size=3)
    train(whole, tmp_path / "whole", 2)
    train(compiled(pool_size=3), tmp_path / "parts", 1)
    keras.utils.set_random_seed(9)
    resumed = compiled(pool_size=3)
    train(resumed, tmp_path / "parts", 2)
    for mine, other in zip(snapshot(resumed), snapshot(whole), strict=True):
        for a, b in zip(mine, other, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)
    rows = (tmp_path / "parts" / "history.csv").read_text().splitlines()
    assert len(rows) == 3
    assert "cycle_x_loss" in rows[0]


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_checkpoint(tmp_path):
    x, y = images(60), images(200)
    gan = compiled()
    checkpoint = CycleGANCheckpoint(tmp_path, tmp_path / "history.csv")
    callbacks = [DivergenceGuard(), checkpoint]
    gan.fit(x, y, batch_size=4, verbose=0, callbacks=callbacks)
    good = (tmp_path / "last.npz").read_bytes()
    x[3, 0, 0, 0] = np.nan
    with pytest.raises(
        FloatingPointError, match="cycle_x_loss is nan.* in epoch 2, step"
    ):
        gan.fit(
            x,
            y,
            batch_size=4,
            epochs=2,
            initial_epoch=1,
            verbose=0,
            callbacks=callbacks,
        )
    assert (tmp_path / "last.npz").read_bytes() == good


def test_weights_spoilt_by_the_last_step_are_noticed():
    gan = compiled()
    guard = DivergenceGuard()
    guard.set_model(gan)
    guard.on_epoch_end(0)
    kernel = gan.discriminator_x.trainable_variables[0]
    kernel.assign(np.full(kernel.shape, np.inf))
    with pytest.raises(FloatingPointError, match="weights .*conv_1.*after epoch 3"):
        guard.on_epoch_end(2)


def test_sample_grids(tmp_path):
    import cv2

    gan = compiled()
    grid = SampleGrid(images(60, 3), images(200, 2), tmp_path / "grids", every=2)
    gan.fit(
        images(60), images(200), batch_size=8, epochs=5, verbose=0, callbacks=[grid]
    )
    names = sorted(p.name for p in (tmp_path / "grids").iterdir())
    assert names == ["epoch_0002.png", "epoch_0004.png"]
    picture = cv2.imread(str(tmp_path / "grids" / names[0]), cv2.IMREAD_UNCHANGED)
    # Six rows of three, each picture two pixels from the next, under captions of 16.
    assert picture.shape[:2] == (6 * (16 + 16 + 2) + 2, 3 * (16 + 2) + 2)
    first = picture[18:34, 2:18, :1]
    np.testing.assert_allclose(first, images(60)[0], atol=1)
    with pytest.raises(ValueError, match="every=0"):
        SampleGrid(images(60), images(60), tmp_path, every=0)


def test_half_precision():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        gan = compiled()
        history = gan.fit(images(60), images(200), batch_size=4, verbose=0).history
    finally:
        keras.config.set_dtype_policy(policy)
    assert np.isfinite(list(history.values())).all()
    assert {v.dtype for v in gan.trainable_variables} == {"float32"}


@pytest.mark.slow
def test_learns_to_brighten():
    gan = CycleGAN(*networks(), identity_weight=0.0, seed=0)
    gan.compile(*(keras.optimizers.Adam(2e-3, beta_1=0.5) for _ in range(4)))
    x, y = images(60, 32), images(200, 32, seed=1)
    gan.fit(x, y, batch_size=8, epochs=40, verbose=0)
    assert gan.predict(x, verbose=0).mean() == pytest.approx(200, abs=30)
    back = gan.generator_f.predict(y, verbose=0)
    assert back.mean() == pytest.approx(60, abs=30)


def test_bad_arguments():
    with pytest.raises(ValueError, match="cycle_weight=-1"):
        CycleGAN(*networks(), cycle_weight=-1)
    with pytest.raises(ValueError, match="mode=x"):
        CycleGAN(*networks(), gan_mode="x")
    shared = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="optimizer of its own"):
        CycleGAN(*networks()).compile(shared, shared)


def test_float16_is_refused():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        gan = CycleGAN(*networks())
        with pytest.raises(ValueError, match="float32 or mixed_bfloat16"):
            gan.compile()
    finally:
        keras.config.set_dtype_policy(policy)
