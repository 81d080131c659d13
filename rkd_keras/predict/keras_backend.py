"""Run `.keras` files with Keras."""

import numpy as np

from rkd_keras.predict.decision import softmax


class KerasBackend:
    """A Keras model with a layer `embedding`, see `rkd_keras.models.tapped`.

    Args:
        model: built `keras.Model`.
        temperature: what logits are divided by. Defaults to `1.0`.
    """

    def __init__(self, model, temperature=1.0):
        """See the class."""
        import tensorflow as tf

        from rkd_keras.models.taps import tapped

        self._temperature = temperature
        outputs = tapped(model)
        shape = (None, *outputs.input_shape[1:])
        # One trace for every batch size; `predict_on_batch` makes one for each.
        self._call = tf.function(
            lambda images: outputs(images, training=False),
            input_signature=[tf.TensorSpec(shape, tf.float32)],
        )

    def logits_and_embedding(self, images):
        """Return logits `(N, C)` and embeddings `(N, E)` of `(N, H, W, 3)`, uint8."""
        logits, embedding = self._call(np.asarray(images, np.float32))
        return logits.numpy(), embedding.numpy().astype(np.float32)

    def predict_batch(self, images):
        """See `Predictor.predict_batch`."""
        logits, embedding = self.logits_and_embedding(images)
        return softmax(logits, self._temperature), embedding
