"""Run `.keras` files with Keras."""

import importlib
import sys

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.predict.decision import softmax


class KerasBackend:
    """A Keras model with layers `embedding` and `logits`.

    Args:
        model: functional `keras.Model`.
        temperature: what logits are divided by. Defaults to `1.0`.
    """

    def __init__(self, model, temperature=1.0):
        """See the class."""
        import tensorflow as tf

        self._temperature = temperature
        outputs = logits_and_embedding(model)
        # One trace for every batch size; `predict_on_batch` makes one for each.
        self._call = tf.function(
            lambda images: outputs(images, training=False),
            input_signature=[tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)],
        )

    def logits_and_embedding(self, images):
        """Return logits `(N, C)` and embeddings `(N, E)` of `(N, H, W, 3)`, uint8."""
        logits, embedding = self._call(np.asarray(images, np.float32))
        return logits.numpy(), embedding.numpy().astype(np.float32)

    def predict_batch(self, images):
        """See `Predictor.predict_batch`."""
        logits, embedding = self.logits_and_embedding(images)
        return softmax(logits, self._temperature), embedding


def load_keras_model(path, threads=1):
    """Open a `.keras` file in safe mode.

    Args:
        path: the file.
        threads: CPU threads, see `rkd_keras.predict.load`. Defaults to `1`.

    Returns:
        A `keras.Model`, not compiled.

    Raises:
        InputError: when Keras cannot or, in safe mode, will not open it.
    """
    import_tensorflow(threads)
    import keras

    # Deserialization looks classes up in Keras's registry, which the package's
    # own layers enter when they are imported.
    importlib.import_module("rkd_keras.layers")
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises many kinds here
        reason = "it is damaged or was written by another version"
        if "Lambda" in str(error) or "locate class" in str(error):
            reason = "it holds code, or layers that are not the package's"
        raise InputError(f"Keras cannot open {path}: {reason}") from error


def logits_and_embedding(model):
    """Make a model that gives the layers `logits` and `embedding`.

    Args:
        model: a functional `keras.Model` with layers of these names.

    Returns:
        A `keras.Model` with the two outputs in this order.

    Raises:
        InputError: when a layer is missing, or the head applies an activation.
    """
    import keras

    try:
        head, tap = model.get_layer("logits"), model.get_layer("embedding")
    except ValueError as error:
        raise InputError(
            "the model must have layers named 'logits' and 'embedding'; build it with "
            "rkd_keras.models"
        ) from error
    activation = getattr(head, "activation", None)
    if activation not in (None, keras.activations.linear):
        raise InputError(
            "the model's head must give logits; build it with classifier_activation="
            f"None. Received: activation={keras.activations.serialize(activation)}"
        )
    return keras.Model(model.inputs[0], [head.output, tap.output], name=model.name)


def import_tensorflow(threads):
    """Import TensorFlow; where this is the first import, set its threads.

    A process that uses TensorFlow already, a training for example, keeps the
    threads that it has.
    """
    first = "tensorflow" not in sys.modules
    try:
        import tensorflow as tf
    except ImportError as error:
        raise ImportError(
            "Keras files and SavedModels need TensorFlow: pip install tensorflow keras"
        ) from error
    if first:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    return tf
