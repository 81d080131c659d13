"""What a classifier is compiled with where nothing is said."""

import keras

from rkd_keras.losses import create_loss
from rkd_keras.metrics import Accuracy


def with_defaults(classes, optimizer="auto", loss="auto", metrics="auto", **options):
    """Fill in what is left to us of the arguments of `keras.Model.compile`.

    Args:
        classes: number of classes.
        optimizer: an optimizer, or `"auto"`: AdamW with a learning rate of 1e-3 and a
            decay of 0.05, not of biases and normalisations.
        loss: a loss, or `"auto"`: cross-entropy of logits, for class indices and for
            one-hot labels.
        metrics: list of metrics, or `"auto"`: the accuracy, for labels of either form.
        **options: further arguments. `jit_compile` is `False` where there is no GPU,
            if it is not given: there XLA makes training slower.

    Returns:
        Dict of the arguments.

    Example:
        >>> arguments = with_defaults(6, loss="mse", jit_compile=False)
        >>> arguments["loss"], arguments["metrics"][0].name
        ('mse', 'accuracy')
    """
    if optimizer == "auto":
        optimizer = keras.optimizers.AdamW(1e-3, weight_decay=0.05)
        optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
    if loss == "auto":
        loss = create_loss("cross_entropy", [1] * classes)
    if metrics == "auto":
        metrics = [Accuracy(classes)]
    if "jit_compile" not in options:
        options["jit_compile"] = "auto" if has_gpu() else False
    return {"optimizer": optimizer, "loss": loss, "metrics": metrics, **options}


def has_gpu():
    """Tell whether this machine has a GPU that TensorFlow sees."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))
