import keras
import numpy as np
import pytest

from rkd_keras.layers import CosineDense
from rkd_keras.losses import LDAMLoss


def test_against_numpy():
    layer = CosineDense(2, scale=10.0)
    x = np.array([[3.0, 4.0], [-2.0, 0.0]], "float32")
    layer.build(x.shape)
    layer.set_weights([np.array([[5.0, 0.0], [0.0, -0.1]], "float32")])
    np.testing.assert_allclose(layer(x), [[6.0, -8.0], [-10.0, 0.0]], atol=1e-5)


def test_the_zero_vector_gives_finite_logits():
    assert np.isfinite(CosineDense(3)(np.zeros((1, 4), "float32"))).all()


def test_trains_with_ldam_and_is_saved(tmp_path):
    model = keras.Sequential([keras.Input((4,)), CosineDense(3, name="logits")])
    model.compile(
        keras.optimizers.SGD(0.1), LDAMLoss([3, 2, 1], scale=30.0), metrics=["accuracy"]
    )
    x, y = np.eye(3, 4, dtype="float32"), np.arange(3)
    losses = model.fit(x, y, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model.keras")
    copy = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(copy(x), model(x))
    assert (
        copy.get_layer("logits").get_config() == model.get_layer("logits").get_config()
    )


@pytest.mark.parametrize(("units", "scale"), [(0, 1.0), (3, 0.0)])
def test_bad_arguments(units, scale):
    with pytest.raises(ValueError, match="must be positive"):
        CosineDense(units, scale)
