"""Distil a frozen teacher into a student: labels, probabilities, relations."""

import keras
from keras import ops

from rkd_keras.losses import HintonKD, RKDAngle, RKDDistance, create_loss
from rkd_keras.metrics import Accuracy
from rkd_keras.models.taps import tapped
from rkd_keras.trainers.distributed.gather import gather_replicas, share, whole

TERMS = ("hard", "kd", "distance", "angle")


@keras.saving.register_keras_serializable(package="rkd_keras")
class RKDTrainer(keras.Model):
    """Train a student with a frozen teacher beside it.

    The loss is `hard_weight * loss(y, student) + kd_weight * HintonKD +
    distance_weight * RKDDistance + angle_weight * RKDAngle` (eqs. 18 to 20).
    The first term is the loss given to `compile`; the relational ones compare
    the layer `tap` of both networks, whose widths may differ.

    The student runs forward once a step. The teacher runs in inference mode and
    never changes. When the inputs are a dict with `teacher_logits` and
    `teacher_embedding` beside `image` (see `TeacherCache`), it does not run at
    all. `evaluate` and `predict` are the student's own; `evaluate`'s loss is the
    hard loss. `sample_weight` and `class_weight` are honoured by every term.

    Under a `tf.distribute.Strategy` pairs and triplets span the rows of all
    replicas: loss and gradients are those of one process with the global batch.

    Args:
        teacher: built model, functional or sequential, with logits as output and
            a layer `tap`, see `rkd_keras.models.tapped`.
        student: such a model of the same number of classes.
        temperature: temperature of `HintonKD`, > 0. Defaults to `4.0`.
        hard_weight: factor of the hard loss. Defaults to `1.0`.
        kd_weight: factor of `HintonKD`. Defaults to `1.0`.
        distance_weight: factor of `RKDDistance`. Defaults to `25.0`.
        angle_weight: factor of `RKDAngle`. Defaults to `50.0`.
        tap: name of the layer whose output is related. Defaults to
            `"embedding"`.
        **kwargs: `keras.Model` arguments such as `name`.

    Call arguments:
        inputs: images `(batch, height, width, channels)`, or a dict with
            `image`.
        training: whether the student trains.

    Output shape:
        The student's: `(batch, classes)` logits.

    Raises:
        ValueError: if a model cannot be tapped, the numbers of classes differ, or a
            weight is negative.

    Reference:
        - Huang et al., Algorithms 2023, section 2.4; Park et al., "Relational
          Knowledge Distillation", CVPR 2019.

    Example:
        >>> from rkd_keras.models import ResNet18, SARSN34
        >>> small = {"width": 0.125, "input_shape": (32, 32, 3)}
        >>> trainer = RKDTrainer(SARSN34(**small), ResNet18(**small))
        >>> trainer.compile()
        >>> import numpy as np
        >>> x, y = np.zeros((4, 32, 32, 3)), np.arange(4)
        >>> history = trainer.fit(x, y, verbose=0)
        >>> sorted(history.history)
        ['accuracy', 'angle_loss', 'distance_loss', 'hard_loss', 'kd_loss', 'loss']
    """

    def __init__(
        self,
        teacher,
        student,
        temperature=4.0,
        hard_weight=1.0,
        kd_weight=1.0,
        distance_weight=25.0,
        angle_weight=50.0,
        tap="embedding",
        **kwargs,
    ):
        super().__init__(**kwargs)
        weights = (hard_weight, kd_weight, distance_weight, angle_weight)
        for term, weight in zip(TERMS, weights, strict=True):
            if weight < 0:
                raise ValueError(
                    f"`{term}_weight` must not be negative. "
                    f"Received: {term}_weight={weight}"
                )
        self._tapped_teacher = tapped(teacher, tap)
        self._tapped_student = tapped(student, tap)
        classes = [
            each.outputs[0].shape[-1]
            for each in (self._tapped_teacher, self._tapped_student)
        ]
        if classes[0] != classes[1]:
            raise ValueError(
                "`teacher` and `student` must have the same number of classes. "
                f"Received: {classes[0]} and {classes[1]}"
            )
        self.teacher = teacher
        self.student = student
        self.temperature = temperature
        self.hard_weight = hard_weight
        self.kd_weight = kd_weight
        self.distance_weight = distance_weight
        self.angle_weight = angle_weight
        self.tap = tap
        self.kd_loss = HintonKD(temperature)
        self.distance_loss = RKDDistance()
        self.angle_loss = RKDAngle()
        self.teacher.trainable = False
        self._trackers = {
            term: keras.metrics.Mean(name=f"{term}_loss")
            for term, weight in zip(TERMS, weights, strict=True)
            if weight > 0
        }
        self.built = True

    def call(self, inputs, training=None):
        """Return the student's logits."""
        return self.student(image_of(inputs), training=training)

    def build(self, input_shape):
        """Do nothing: teacher and student are built already."""

    def compile(self, optimizer="auto", loss="auto", metrics="auto", **kwargs):
        """Set optimizer, hard loss and metrics; without arguments, good ones.

        Args:
            optimizer: an optimizer. Defaults to `"auto"`: AdamW with a learning
                rate of 1e-3 and a decay of 0.05; `rkd_keras.trainers.Recipe` has
                one with a schedule.
            loss: the hard loss. Defaults to `"auto"`: cross-entropy of the
                student's logits, for class indices and for one-hot labels.
            metrics: list of metrics. Defaults to `"auto"`: the accuracy, for
                labels of either form.
            **kwargs: further arguments of `keras.Model.compile`. `jit_compile` is
                `False` where there is no GPU, if it is not given: there XLA
                makes training slower.
        """
        classes = self.student.output_shape[-1]
        if optimizer == "auto":
            optimizer = keras.optimizers.AdamW(1e-3, weight_decay=0.05)
            optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
        if loss == "auto":
            loss = create_loss("cross_entropy", [1] * classes)
        if metrics == "auto":
            metrics = [Accuracy(classes)]
        if "jit_compile" not in kwargs:
            kwargs["jit_compile"] = "auto" if has_gpu() else False
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, **kwargs)

    def compile_from_config(self, config):
        """Compile as the saved trainer was."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None:
            self.optimizer.build(self.student.trainable_variables)

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        """Return the weighted sum of the terms and update their metrics.

        Args:
            x: images `(batch, height, width, 3)`, pixels 0 to 255; with stored
                teacher answers a dict, see `TrainingPipeline`.
            y: labels, as the compiled loss takes them: `(batch,)` of class indices
                or `(batch, classes)`.
            y_pred: a pair of the student's logits `(batch, classes)` and embedding
                `(batch, features)` in training (computed from `x` when it is no
                pair), its logits otherwise.
            sample_weight: weights `(batch,)`, or `None`.
            training: whether the distillation terms are computed.

        Returns:
            Scalar; under several replicas the share of this one, as Keras's own
            losses give it.
        """
        if training and not isinstance(y_pred, list | tuple):
            y_pred = self._tapped_student(image_of(x), training=True)
        logits, embedding = y_pred if training else (y_pred, None)
        hard = super().compute_loss(
            x=x, y=y, y_pred=logits, sample_weight=sample_weight, training=training
        )
        if not training:
            return hard
        teacher_logits, teacher_embedding = self.teacher_answers(x)
        losses = {"hard": hard}
        if self.kd_weight:
            losses["kd"] = self.kd_loss(teacher_logits, logits, sample_weight)
        if self.distance_weight or self.angle_weight:
            # A relation may join samples of different replicas.
            rows = (teacher_embedding, embedding, sample_weight)
            rows = [gather_replicas(each) for each in rows]
        if self.distance_weight:
            losses["distance"] = share(self.distance_loss(*rows))
        if self.angle_weight:
            losses["angle"] = share(self.angle_loss(*rows))
        count = ops.shape(logits)[0]
        total = 0.0
        for term, loss in losses.items():
            weight = getattr(self, f"{term}_weight")
            if weight:
                self._trackers[term].update_state(whole(loss), sample_weight=count)
                total += weight * loss
        return total

    def teacher_answers(self, x):
        """Return the teacher's answers for `x`, without gradient.

        Args:
            x: images `(batch, height, width, 3)`, or a dict with the stored answers.

        Returns:
            Logits `(batch, classes)` and embedding `(batch, features)`.
        """
        if isinstance(x, dict) and "teacher_logits" in x:
            return x["teacher_logits"], x["teacher_embedding"]
        answers = self._tapped_teacher(image_of(x), training=False)
        return [ops.stop_gradient(answer) for answer in answers]

    def make_train_function(self, force=False):
        """Build the optimizer, then what Keras builds.

        A step that makes variables is traced twice by TensorFlow.
        """
        if not self.optimizer.built:
            with self.distribute_strategy.scope():
                self.optimizer.build(self.student.trainable_variables)
        return super().make_train_function(force)

    def train_step(self, data):
        """Do one step: student once, loss, gradients, metrics."""
        import tensorflow as tf

        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            y_pred = self._tapped_student(image_of(x), training=True)
            loss = self.compute_loss(x, y, y_pred, sample_weight, training=True)
            scaled_loss = self.optimizer.scale_loss(loss)
        weights = self.student.trainable_weights
        gradients = tape.gradient(scaled_loss, weights)
        self.optimizer.apply_gradients(zip(gradients, weights, strict=True))
        rows = tf.shape(y_pred[0])[0]
        self._loss_tracker.update_state(whole(loss), sample_weight=rows)
        return self.compute_metrics(x, y, y_pred[0], sample_weight)

    def test_step(self, data):
        """Evaluate as the student alone: hard loss and compiled metrics."""
        results = super().test_step(data)
        # The distillation terms are not computed here: a 0 would be a lie.
        terms = {tracker.name for tracker in self._trackers.values()}
        return {name: value for name, value in results.items() if name not in terms}

    def get_config(self):
        """Return the constructor's arguments, both models included."""
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "teacher": serialize(self.teacher),
            "student": serialize(self.student),
            "temperature": self.temperature,
            **{f"{term}_weight": getattr(self, f"{term}_weight") for term in TERMS},
            "tap": self.tap,
        }

    @classmethod
    def from_config(cls, config):
        """Make a trainer of `get_config`'s dict."""
        config = dict(config)
        for name in ("teacher", "student"):
            config[name] = keras.saving.deserialize_keras_object(config[name])
        return cls(**config)


def has_gpu():
    """Tell whether this machine has a GPU that TensorFlow sees."""
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def image_of(inputs):
    """Return the images of inputs that may carry a teacher's answers."""
    return inputs["image"] if isinstance(inputs, dict) else inputs
