"""Distil a frozen teacher into a student: labels, probabilities, relations."""

import keras
from keras import ops

from rkd_keras.models.taps import check_classes, outputs, tapped
from rkd_keras.trainers.batch_parts import in_parts
from rkd_keras.trainers.compile_defaults import with_defaults
from rkd_keras.trainers.distillation_term import (
    SHORT_FORM,
    check_terms,
    chosen_terms,
    layers_of,
    term_losses,
)
from rkd_keras.trainers.distributed.gather import whole
from rkd_keras.trainers.sample_weights import batch_weight, labelled, mean_one
from rkd_keras.trainers.teacher_cache import stored_answers


@keras.saving.register_keras_serializable(package="rkd_keras")
class RKDTrainer(keras.Model):
    """Train a student with a frozen teacher beside it.

    The loss is `hard_weight * loss(y, student) + kd_weight * HintonKD +
    distance_weight * RKDDistance + angle_weight * RKDAngle` (eqs. 18 to 20).
    The first term is the loss given to `compile`; the relational ones compare
    the layer `tap` of both networks, whose widths may differ. In place of the three
    of the paper `terms` takes any others.

    The student runs forward once a step. The teacher runs in inference mode and
    never changes. When the inputs are a dict with `teacher_logits` and
    `teacher_embedding` beside `image` (see `TeacherCache`), it does not run at
    all. `evaluate` and `predict` are the student's own; `evaluate`'s loss is the
    hard loss.

    `sample_weight` and `class_weight` are honoured by every term, which is a mean
    under the weights: a sample of weight 0 is as good as absent, and weights that
    are all doubled change nothing, neither a term nor the balance between terms.

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
        tap: name of the layer whose output is related, and whose stored answers
            `teacher_embedding` holds. Defaults to `"embedding"`.
        terms: list of `DistillationTerm` beside the hard loss. Defaults to `None`:
            `standard_terms` with the arguments above.
        unlabelled: whether some images have no label, which is then below 0, or a
            row of zeros: the hard loss and the package's metrics pass them over, all
            other terms take them. Defaults to `False`.
        batch_parts: parts of a batch on which the student learns side by side, see
            `BatchParts`; relations span them. Defaults to `1`.
        **kwargs: `keras.Model` arguments such as `name`.

    Call arguments:
        inputs: images `(batch, height, width, channels)`, or a dict with
            `image`.
        training: whether the student trains.

    Output shape:
        The student's: `(batch, classes)` logits.

    Raises:
        ValueError: if a model cannot be tapped, the numbers of classes differ, a
            weight is negative or all are 0, two terms have one name, or `terms` is
            given beside what it replaces.

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

        A term of your own beside the paper's:

        >>> from rkd_keras.trainers import DistillationTerm, standard_terms
        >>> likeness = DistillationTerm(
        ...     keras.losses.CosineSimilarity(), weight=2.0, layer="embedding"
        ... )
        >>> trainer = RKDTrainer(
        ...     SARSN34(**small), SARSN34(**small), terms=[*standard_terms(), likeness]
        ... )
        >>> [term.name for term in trainer.terms]
        ['kd', 'distance', 'angle', 'cosine_similarity']
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
        terms=None,
        unlabelled=False,
        batch_parts=1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if teacher is student:
            raise ValueError(
                "`teacher` and `student` must be two models: the teacher is frozen"
            )
        self.temperature = temperature
        self.hard_weight = hard_weight
        self.kd_weight = kd_weight
        self.distance_weight = distance_weight
        self.angle_weight = angle_weight
        self.tap = tap
        self.unlabelled = unlabelled
        self.batch_parts = batch_parts
        self._own_terms = terms is not None
        short = {name: getattr(self, name) for name in SHORT_FORM}
        self.terms = chosen_terms(terms, tap, short)
        check_terms(hard_weight, self.terms)
        self._teaching, self._learning = layers_of(self.terms)
        self._tapped_teacher = tapped(teacher, self._teaching)
        self._tapped_student = tapped(student, self._learning)
        check_classes(self._tapped_teacher, self._tapped_student)
        self.teacher = teacher
        self.student = student
        self.teacher.trainable = False
        names = [term.name for term in self.terms if term.weight]
        self._trackers = {
            name: keras.metrics.Mean(name=f"{name}_loss")
            for name in (["hard"] if hard_weight else []) + names
        }
        self.built = True

    def call(self, inputs, training=None):
        """Return the student's logits."""
        return outputs(self._tapped_student, inputs, training)[0]

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
        super().compile(**with_defaults(classes, optimizer, loss, metrics, **kwargs))

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
            y_pred: in training a list of the student's logits `(batch, classes)` and
                of the outputs of the layers that are compared (computed from `x`
                when it is no list), its logits otherwise.
            sample_weight: weights `(batch,)`, or `None`.
            training: whether the distillation terms are computed.

        Returns:
            Scalar; under several replicas the share of this one, as Keras's own
            losses give it.
        """
        if training and not isinstance(y_pred, list | tuple):
            y_pred = self._learnt(x)
        logits = y_pred[0] if training else y_pred
        count = batch_weight(logits, sample_weight)
        y, of_labels = labelled(y, sample_weight, self.unlabelled)
        sample_weight = mean_one(sample_weight)
        hard = super().compute_loss(
            x=x,
            y=y,
            y_pred=logits,
            sample_weight=mean_one(of_labels),
            training=training,
        )
        if not training:
            return hard
        losses = {"hard": (self.hard_weight, hard)}
        taught = self.teacher_answers(x)
        learnt = dict(zip((None, *self._learning), y_pred, strict=True))
        losses |= term_losses(self.terms, taught, learnt, sample_weight)
        total = 0.0
        for name, (weight, loss) in losses.items():
            if weight:
                self._trackers[name].update_state(whole(loss), count)
                total += weight * loss
        return total

    def teacher_answers(self, x):
        """Return the teacher's answers for `x`, without gradient.

        Args:
            x: images `(batch, height, width, 3)`, or a dict with the stored answers.

        Returns:
            Dict of the logits `(batch, classes)` under `None`, and of the outputs of
            the layers that are compared under their names.

        Raises:
            ValueError: when another layer than `tap` is compared, whose answers are
                not stored.
        """
        layers = self._teaching
        if isinstance(x, dict) and "teacher_logits" in x:
            return stored_answers(x, self.tap, layers)
        answers = outputs(self._tapped_teacher, x, training=False)
        answers = [ops.stop_gradient(answer) for answer in answers]
        return dict(zip((None, *layers), answers, strict=True))

    def _learnt(self, x):
        """Return what the student answers in training, a list."""
        images = x["image"] if isinstance(x, dict) else x
        answers = in_parts(self._tapped_student, images, self.batch_parts, True)
        return keras.tree.flatten(answers)

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
            y_pred = self._learnt(x)
            loss = self.compute_loss(x, y, y_pred, sample_weight, training=True)
            scaled_loss = self.optimizer.scale_loss(loss)
        weights = self.student.trainable_weights
        gradients = tape.gradient(scaled_loss, weights)
        self.optimizer.apply_gradients(zip(gradients, weights, strict=True))
        self._loss_tracker.update_state(
            whole(loss), batch_weight(y_pred[0], sample_weight)
        )
        # Our metrics count no image without a label.
        _, sample_weight = labelled(y, sample_weight, self.unlabelled)
        return self.compute_metrics(x, y, y_pred[0], sample_weight)

    def test_step(self, data):
        """Evaluate as the student alone: hard loss and compiled metrics."""
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        logits = self(x, training=False)
        loss = self.compute_loss(x, y, logits, sample_weight, training=False)
        self._loss_tracker.update_state(
            whole(loss), batch_weight(logits, sample_weight)
        )
        results = self.compute_metrics(x, y, logits, sample_weight)
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
            **{name: getattr(self, name) for name in SHORT_FORM},
            "hard_weight": self.hard_weight,
            "tap": self.tap,
            "unlabelled": self.unlabelled,
            "batch_parts": self.batch_parts,
            "terms": [serialize(each) for each in self.terms]
            if self._own_terms
            else None,
        }

    @classmethod
    def from_config(cls, config):
        """Make a trainer of `get_config`'s dict."""
        config = dict(config)
        for name in ("teacher", "student"):
            config[name] = keras.saving.deserialize_keras_object(config[name])
        if config.get("terms") is not None:
            config["terms"] = [
                keras.saving.deserialize_keras_object(each) for each in config["terms"]
            ]
        return cls(**config)
