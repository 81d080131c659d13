import keras
import numpy as np
import pytest

from rkd_keras.layers import ReflectionPadding2D


@pytest.mark.parametrize("padding", [0, 1, 3, (2, 0), (1, 4)])
def test_equals_numpy(padding):
    x = np.random.default_rng(0).normal(size=(2, 5, 6, 3)).astype("float32")
    v, h = (padding, padding) if isinstance(padding, int) else padding
    layer = ReflectionPadding2D(padding)
    y = layer(x)
    np.testing.assert_array_equal(
        y, np.pad(x, ((0, 0), (v, v), (h, h), (0, 0)), mode="reflect")
    )
    assert layer.compute_output_shape(x.shape) == tuple(y.shape)
    assert layer.compute_output_shape((None, None, 6, 3))[:2] == (None, None)


def test_saved_in_a_model(tmp_path):
    inputs = keras.Input((None, None, 1))
    model = keras.Model(inputs, ReflectionPadding2D((1, 2), name="pad")(inputs))
    model.save(tmp_path / "model.keras")
    copy = keras.models.load_model(tmp_path / "model.keras")
    assert copy.get_layer("pad").get_config() == model.get_layer("pad").get_config()
    x = np.arange(12.0, dtype="float32").reshape(1, 3, 4, 1)
    np.testing.assert_array_equal(copy.predict(x, verbose=0), model(x))


@pytest.mark.parametrize("padding", [-1, (1,), (1, -1), 1.5 * np.ones(2)])
def test_bad_padding(padding):
    with pytest.raises(ValueError, match="padding="):
        ReflectionPadding2D(padding)


def test_an_image_too_small_to_mirror():
    with pytest.raises(
        ValueError, match=r"larger than `padding`.*shape=\(1, 3, 3, 1\)"
    ):
        ReflectionPadding2D(3)(np.zeros((1, 3, 3, 1), "float32"))
