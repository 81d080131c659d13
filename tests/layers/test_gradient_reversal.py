import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import check_layer

from rkd_keras.layers import GradientReversal


@pytest.mark.filterwarnings("ignore:The model does not have any trainable")
def test_forward_it_is_nothing_and_backward_it_turns_round():
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    model = check_layer(GradientReversal(0.25), x, x.shape)
    np.testing.assert_array_equal(model(x), x)
    layer = model.layers[-1]
    for factor in (0.25, 3.0, 0.0):
        layer.factor.assign(factor)
        with tf.GradientTape() as tape:
            inputs = tf.constant(x)
            tape.watch(inputs)
            loss = tf.reduce_sum(layer(inputs) ** 3)
        # dL/dy = 3 y^2
        np.testing.assert_allclose(
            tape.gradient(loss, inputs), -factor * 3 * x**2, rtol=1e-5
        )


def test_what_stands_before_it_climbs(tmp_path):
    """A weight before the layer makes the loss larger, one behind it smaller."""
    inputs = keras.Input((1,))
    before = keras.layers.Dense(1, use_bias=False, name="before")
    behind = keras.layers.Dense(1, use_bias=False, name="behind")
    reversed_ = GradientReversal(name="reversal")(before(inputs))
    model = keras.Model(inputs, behind(reversed_))
    before.set_weights([np.array([[2.0]])])
    behind.set_weights([np.array([[3.0]])])
    model.compile(keras.optimizers.SGD(0.01), "mse", jit_compile=False)
    model.train_on_batch(np.ones((1, 1), "float32"), np.zeros((1, 1)))
    # L = (6 w)^2 of each: slopes 2 * 6 * 3 and 2 * 6 * 2.
    assert float(before.kernel[0, 0]) == pytest.approx(2 + 0.01 * 36, rel=1e-5)
    assert float(behind.kernel[0, 0]) == pytest.approx(3 - 0.01 * 24, rel=1e-5)
    model.get_layer("reversal").factor.assign(0.5)
    model.save(tmp_path / "model.keras")
    copy = keras.models.load_model(tmp_path / "model.keras")
    assert float(copy.get_layer("reversal").factor) == 0.5


@pytest.mark.parametrize("factor", [-1, float("inf"), float("nan")])
def test_bad_factors(factor):
    with pytest.raises(ValueError, match="factor"):
        GradientReversal(factor)
