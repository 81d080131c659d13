import numpy as np
import pytest


@pytest.fixture
def linear_model():
    """A function that builds maps -> (1x1 convolution) -> mean -> linear head.

    The maps are the image's own channels, so that every gradient is known.
    """

    def build(weights, activation=None, mixing=None, size=8):
        import keras
        from keras import layers

        weights = np.asarray(weights, "float32")
        inputs = keras.Input((size, size, 3), name="image")
        x = layers.Activation("linear", name="maps")(inputs)
        if mixing is not None:
            mixing = np.asarray(mixing, "float32")
            conv = layers.Conv2D(mixing.shape[1], 1, use_bias=False, name="mixed")
            x = conv(x)
            conv.set_weights([mixing[None, None]])
        x = layers.GlobalAveragePooling2D(name="embedding")(x)
        head = layers.Dense(weights.shape[1], activation=activation, name="logits")
        model = keras.Model(inputs, head(x), name="linear")
        head.set_weights([weights, np.zeros(weights.shape[1], "float32")])
        return model

    return build


@pytest.fixture
def spots():
    """Four images with a spot in one channel each, and the spots' places."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 30, (4, 8, 8, 3)).astype(np.uint8)
    places = [(2, 3, 0), (5, 5, 1), (1, 6, 2), (6, 1, 0)]
    for image, (y, x, channel) in zip(images, places, strict=True):
        image[y, x, channel] = 250
    return images, places
