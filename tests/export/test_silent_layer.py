import keras
import numpy as np
import pytest
from keras import layers

from rkd_keras.errors import InputError
from rkd_keras.export.serving_model import serving_model
from rkd_keras.export.tflite import convert_to_tflite


@pytest.mark.slow
@pytest.mark.parametrize("bias", [-1000.0, 1.0])
def test_a_layer_of_zeros_is_refused_in_int8(bias):
    """XNNPACK cannot prepare it, and LiteRT may end the process instead of failing."""
    images = np.random.default_rng(0).integers(0, 256, (4, 4, 4, 3)).astype("uint8")
    image = keras.Input((4, 4, 3))
    x = layers.GlobalAveragePooling2D()(image)
    x = layers.Dense(
        2,
        activation="relu",
        kernel_initializer="ones",
        bias_initializer=keras.initializers.Constant(bias),
        name="squeeze",
    )(x)
    x = layers.Dense(4, name="embedding")(x)
    serving = serving_model(keras.Model(image, layers.Dense(2, name="logits")(x)))
    if bias > 0:
        assert convert_to_tflite(serving, "int8", images)
    else:
        with pytest.raises(InputError, match="gives nothing but zeros on the calib"):
            convert_to_tflite(serving, "int8", images)
