"""Relational knowledge distillation inside `keras.distillation.Distiller`."""

import keras

from rkd_keras.losses.rkd_angle import RKDAngle
from rkd_keras.losses.rkd_distance import RKDDistance


@keras.saving.register_keras_serializable(package="rkd_keras")
class RelationalDistillation(keras.distillation.DistillationLoss):
    """RKD as a loss of Keras's built-in `Distiller`.

    `distance_weight * RKDDistance + angle_weight * RKDAngle` between a layer of
    the teacher and a layer of the student, whose widths may differ.
    `rkd_keras.trainers.RKDTrainer` does the same with one student pass, sample
    weights and a teacher cache; this class is for those who already use the
    built-in one.

    Args:
        distance_weight: factor of the distance loss. Defaults to `25.0`.
        angle_weight: factor of the angle loss. Defaults to `50.0`.
        teacher_layer_name: layer of the teacher whose output is compared.
            Defaults to `"embedding"`.
        student_layer_name: layer of the student. Defaults to `"embedding"`.

    Raises:
        ValueError: from the `Distiller`, when a model lacks its layer.

    Reference:
        - Park et al., "Relational Knowledge Distillation", CVPR 2019.

    Example:
        >>> import numpy as np
        >>> loss = RelationalDistillation()
        >>> x = np.random.default_rng(0).normal(size=(8, 16)).astype("float32")
        >>> round(float(loss.compute_loss(x, 2 * x)), 5)
        0.0
    """

    def __init__(
        self,
        distance_weight=25.0,
        angle_weight=50.0,
        teacher_layer_name="embedding",
        student_layer_name="embedding",
    ):
        self.distance_weight = distance_weight
        self.angle_weight = angle_weight
        self.teacher_layer_name = teacher_layer_name
        self.student_layer_name = student_layer_name
        self.distance_loss = RKDDistance()
        self.angle_loss = RKDAngle()

    def validate_model_compatibility(self, teacher, student):
        """Check that both models have their layer; widths may differ."""
        for model, layer in (
            (teacher, self.teacher_layer_name),
            (student, self.student_layer_name),
        ):
            model.get_layer(layer)

    def validate_outputs(self, teacher_outputs, student_outputs):
        """Accept embeddings of any width."""

    def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        """Return the scalar loss.

        Args:
            teacher_outputs: teacher's embeddings, `(batch, ...)`.
            student_outputs: student's embeddings, `(batch, ...)`.
            **kwargs: not used.

        Returns:
            Scalar.
        """
        return self.distance_weight * self.distance_loss(
            teacher_outputs, student_outputs
        ) + self.angle_weight * self.angle_loss(teacher_outputs, student_outputs)

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            "distance_weight": self.distance_weight,
            "angle_weight": self.angle_weight,
            "teacher_layer_name": self.teacher_layer_name,
            "student_layer_name": self.student_layer_name,
        }

    @classmethod
    def from_config(cls, config):
        """Make a loss of `get_config`'s dict."""
        return cls(**config)
