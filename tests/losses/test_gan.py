import keras
import numpy as np
import pytest

from rkd_keras.losses import GANLoss

REAL = np.random.default_rng(0).normal(size=(3, 4, 4, 1)).astype("float32")
FAKE = np.random.default_rng(1).normal(size=(3, 4, 4, 1)).astype("float32")


def test_least_squares():
    loss = GANLoss()
    np.testing.assert_allclose(loss.generator(FAKE), np.mean((FAKE - 1) ** 2), 1e-6)
    expected = (np.mean((REAL - 1) ** 2) + np.mean(FAKE**2)) / 2
    np.testing.assert_allclose(loss.discriminator(REAL, FAKE), expected, rtol=1e-6)


def test_vanilla_is_equation_1():
    loss = GANLoss("vanilla")
    real, fake = (1 / (1 + np.exp(-scores)) for scores in (REAL, FAKE))
    value = np.mean(np.log(real)) + np.mean(np.log(1 - fake))
    np.testing.assert_allclose(loss.discriminator(REAL, FAKE), -value / 2, rtol=1e-5)
    np.testing.assert_allclose(loss.generator(FAKE), -np.mean(np.log(fake)), rtol=1e-5)


@pytest.mark.parametrize("mode", ["lsgan", "vanilla"])
def test_extreme_scores_have_finite_gradients(mode):
    import tensorflow as tf

    scores = tf.constant([[[[1e4]], [[-1e4]]]])
    with tf.GradientTape() as tape:
        tape.watch(scores)
        value = GANLoss(mode).generator(scores)
    assert np.isfinite(float(value))
    assert np.isfinite(tape.gradient(value, scores).numpy()).all()


def test_config_round_trip():
    loss = GANLoss("vanilla", reduction="sum")
    copy = keras.losses.deserialize(keras.losses.serialize(loss))
    assert isinstance(copy, GANLoss)
    assert copy.get_config() == loss.get_config()


def test_unknown_mode():
    with pytest.raises(ValueError, match="mode=wgan"):
        GANLoss("wgan")
