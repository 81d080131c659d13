"""Knowledge distillation of softened class probabilities."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="rkd_keras")
class HintonKD(keras.losses.Loss):
    """`T^2 * KL(softmax(teacher / T), softmax(student / T))` (eqs. 18 and 19).

    The factor `T^2` keeps the gradient's size when the temperature changes.

    Args:
        temperature: positive number `T`. Defaults to `4.0`.
        reduction: see `keras.losses.Loss`. Defaults to `"sum_over_batch_size"`.
        name: name of the loss. Defaults to `"hinton_kd"`.
        dtype: dtype in which the loss is computed. Defaults to `None`, that is
            `keras.config.floatx()`.

    Call arguments:
        y_true: the teacher's logits, `(batch, classes)`.
        y_pred: the student's logits, `(batch, classes)`.
        sample_weight: weights `(batch,)`, or `None`.

    Raises:
        ValueError: if `temperature` is not positive.

    Reference:
        - Hinton et al., "Distilling the Knowledge in a Neural Network", 2015.

    Example:
        >>> import numpy as np
        >>> logits = np.array([[2.0, 0.0, -1.0]], "float32")
        >>> float(HintonKD()(logits, logits))
        0.0
    """

    def __init__(
        self,
        temperature=4.0,
        reduction="sum_over_batch_size",
        name="hinton_kd",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        if not 0 < temperature < math.inf:
            raise ValueError(
                f"`temperature` must be positive. Received: temperature={temperature}"
            )
        self.temperature = temperature

    def call(self, y_true, y_pred):
        """Return the divergence of each sample, `(batch,)`."""
        teacher = ops.log_softmax(y_true / self.temperature, axis=-1)
        student = ops.log_softmax(y_pred / self.temperature, axis=-1)
        divergence = ops.sum(ops.exp(teacher) * (teacher - student), axis=-1)
        return self.temperature**2 * divergence

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "temperature": self.temperature}
