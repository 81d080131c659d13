"""Train on parts of a batch side by side, each on processor cores of its own."""

import keras
from keras import ops


def in_parts(model, images, parts, training):
    """Run a model over the parts of a batch, which do not wait for one another.

    What one part computes is no input of another, so TensorFlow runs them on different
    cores, forwards and backwards, where cutting each of many small operations in two
    gains little. Batch normalisation takes the statistics of each part (ghost batch
    normalisation; Hoffer et al., "Train longer, generalize better", NeurIPS 2017).

    Args:
        model: built `keras.Model`.
        images: `(batch, height, width, channels)`.
        parts: number of parts; a batch has at least so many images.
        training: whether the model trains; where not, the batch is one part.

    Returns:
        What the model answers for the whole batch, in its order.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.models import ResNet18
        >>> model = ResNet18(width=0.125, input_shape=(32, 32, 3))
        >>> in_parts(model, np.zeros((5, 32, 32, 3)), 2, training=True).shape
        TensorShape([5, 6])
    """
    if parts == 1 or not training:
        return model(images, training=training)
    count = ops.shape(images)[0]
    bounds = [count * i // parts for i in range(parts + 1)]
    answers = [
        model(images[begin:end], training=training)
        for begin, end in zip(bounds[:-1], bounds[1:], strict=True)
    ]
    return keras.tree.map_structure(
        lambda *each: ops.concatenate(each, axis=0), *answers
    )


@keras.saving.register_keras_serializable(package="rkd_keras")
class BatchParts(keras.Model):
    """Trains a network on parts of each batch, see `in_parts`.

    It has no weights but the network's. `evaluate` and `predict` are the network's.

    Args:
        network: built `keras.Model` that takes images.
        parts: parts of a batch, at least 1. Defaults to `2`.
        **kwargs: `keras.Model` arguments such as `name`.

    Raises:
        ValueError: when `parts` is less than 1.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.models import ResNet18
        >>> model = BatchParts(ResNet18(width=0.125, input_shape=(32, 32, 3)))
        >>> model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=False)
        >>> x, y = np.zeros((8, 32, 32, 3)), np.zeros(8)
        >>> history = model.fit(x, y, verbose=0)
    """

    def __init__(self, network, parts=2, **kwargs):
        super().__init__(**kwargs)
        if parts < 1:
            raise ValueError(f"`parts` must be at least 1. Received: parts={parts}")
        self.network = network
        self.parts = parts
        self.built = True

    def build(self, input_shape):
        """Do nothing: the network is built already."""

    def call(self, inputs, training=None):
        """Return what the network answers."""
        return in_parts(self.network, inputs, self.parts, training)

    def get_config(self):
        """Return the constructor's arguments, the network included."""
        network = keras.saving.serialize_keras_object(self.network)
        return {**super().get_config(), "network": network, "parts": self.parts}

    @classmethod
    def from_config(cls, config):
        """Make one of `get_config`'s dict."""
        network = keras.saving.deserialize_keras_object(config.pop("network"))
        return cls(network, **config)
