"""A term of a distillation: what is compared, by which loss, with which factor."""

import math

import keras

from rkd_keras.losses import HintonKD, RKDAngle, RKDDistance
from rkd_keras.losses.relational import RelationalLoss
from rkd_keras.trainers.distributed.gather import gather_replicas, share

# The arguments of `standard_terms` in whose place other terms may be given.
SHORT_FORM = {
    "temperature": 4.0,
    "kd_weight": 1.0,
    "distance_weight": 25.0,
    "angle_weight": 50.0,
}


@keras.saving.register_keras_serializable(package="rkd_keras")
class DistillationTerm:
    """A loss between an answer of the teacher and the student's, with a factor.

    Args:
        loss: a `keras.losses.Loss`, called with the teacher's answer, the student's
            and the sample weights.
        weight: factor of the loss, >= 0; at 0 the loss is not computed. Defaults to
            `1.0`.
        layer: name of the student's layer whose output is compared. Defaults to
            `None`: the logits.
        teacher_layer: name of the teacher's layer. Defaults to `None`: that of the
            student.
        name: name of the term; its column in the history is `<name>_loss`. Defaults
            to `None`: the loss's.

    Raises:
        ValueError: for a negative weight, or a teacher's layer without a student's.

    Example:
        >>> term = DistillationTerm(
        ...     keras.losses.CosineSimilarity(), weight=2.0, layer="embedding"
        ... )
        >>> term.name
        'cosine_similarity'
    """

    def __init__(self, loss, weight=1.0, layer=None, teacher_layer=None, name=None):
        if not 0 <= weight < math.inf:
            word = "weight" if name is None else f"{name}_weight"
            raise ValueError(
                f"`{word}` must not be negative. Received: {word}={weight}"
            )
        if teacher_layer is not None and layer is None:
            raise ValueError(
                "`teacher_layer` needs a `layer` of the student to compare it with. "
                f"Received: layer=None, teacher_layer={teacher_layer}"
            )
        self.loss = loss
        self.weight = weight
        self.layer = layer
        self.teacher_layer = layer if teacher_layer is None else teacher_layer
        self.name = loss.name if name is None else name

    @property
    def relational(self):
        """Whether the loss relates samples, and so needs those of all replicas."""
        return isinstance(self.loss, RelationalLoss)

    def __call__(self, teacher, student, sample_weight=None):
        """Return the loss, without its factor.

        Args:
            teacher: the teacher's answer, `(batch, ...)`; of all replicas if the
                term is relational.
            student: the student's answer, `(batch, ...)`, likewise.
            sample_weight: weights `(batch,)`, or `None`.

        Returns:
            Scalar; under several replicas the share of this one.
        """
        loss = self.loss(teacher, student, sample_weight)
        return share(loss) if self.relational else loss

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            "loss": keras.saving.serialize_keras_object(self.loss),
            "weight": self.weight,
            "layer": self.layer,
            "teacher_layer": self.teacher_layer,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        """Make a term of `get_config`'s dict."""
        loss = keras.saving.deserialize_keras_object(config["loss"])
        return cls(**{**config, "loss": loss})


def standard_terms(
    temperature=4.0,
    kd_weight=1.0,
    distance_weight=25.0,
    angle_weight=50.0,
    tap="embedding",
):
    """Make the paper's terms: probabilities, distances and angles (eqs. 18 to 20).

    Args:
        temperature: temperature of `HintonKD`, > 0. Defaults to `4.0`.
        kd_weight: factor of `HintonKD`. Defaults to `1.0`.
        distance_weight: factor of `RKDDistance`. Defaults to `25.0`.
        angle_weight: factor of `RKDAngle`. Defaults to `50.0`.
        tap: name of the layer whose outputs are related. Defaults to
            `"embedding"`.

    Returns:
        List of three `DistillationTerm`, named `kd`, `distance` and `angle`.

    Example:
        >>> [term.name for term in standard_terms()]
        ['kd', 'distance', 'angle']
    """
    return [
        DistillationTerm(HintonKD(temperature), kd_weight, name="kd"),
        DistillationTerm(RKDDistance(), distance_weight, tap, name="distance"),
        DistillationTerm(RKDAngle(), angle_weight, tap, name="angle"),
    ]


def chosen_terms(terms, tap, short):
    """Return the terms that were given, or those of the short form.

    Args:
        terms: list of `DistillationTerm`, or `None`.
        tap: as of `standard_terms`.
        short: dict of the other arguments of `standard_terms`.

    Returns:
        List of `DistillationTerm`.

    Raises:
        ValueError: when both are given.
    """
    if terms is None:
        return standard_terms(**short, tap=tap)
    if short != SHORT_FORM:
        raise ValueError(
            "`terms` replaces the terms of `temperature`, `kd_weight`, "
            "`distance_weight` and `angle_weight`; give one or the other. "
            f"Received: {short} and terms={terms}"
        )
    return list(terms)


def layers_of(terms):
    """List the layers that the terms compare whose weight is not 0.

    Args:
        terms: list of `DistillationTerm`.

    Returns:
        Pair of lists of names, the teacher's layers and the student's, each layer
        once and in the order of the terms.

    Example:
        >>> layers_of(standard_terms())
        (['embedding'], ['embedding'])
    """
    active = [term for term in terms if term.weight]
    teacher = dict.fromkeys(t.teacher_layer for t in active if t.teacher_layer)
    student = dict.fromkeys(t.layer for t in active if t.layer)
    return list(teacher), list(student)


def term_losses(terms, teacher, student, sample_weight=None):
    """Compute all terms whose weight is not 0.

    Args:
        terms: list of `DistillationTerm`.
        teacher: dict from a layer's name, `None` for the logits, to the teacher's
            answer `(batch, ...)`.
        student: the same of the student.
        sample_weight: weights `(batch,)`, or `None`.

    Returns:
        Dict from a term's name to the pair of its weight and its loss, a scalar.
    """
    losses, of_all_replicas = {}, {}
    for term in terms:
        if not term.weight:
            continue
        pair = term.teacher_layer, term.layer
        rows = teacher[pair[0]], student[pair[1]], sample_weight
        if term.relational:
            if pair not in of_all_replicas:
                of_all_replicas[pair] = [gather_replicas(each) for each in rows]
            rows = of_all_replicas[pair]
        losses[term.name] = term.weight, term(*rows)
    return losses


def check_terms(hard_weight, terms):
    """Raise `ValueError` for terms that cannot be trained with together.

    Args:
        hard_weight: factor of the hard loss.
        terms: list of `DistillationTerm`.
    """
    if not 0 <= hard_weight < math.inf:
        raise ValueError(
            f"`hard_weight` must not be negative. Received: hard_weight={hard_weight}"
        )
    names = [term.name for term in terms]
    if len({"hard", *names}) <= len(names):
        raise ValueError(
            "each term needs a name of its own, other than 'hard'. "
            f"Received: {', '.join(names)}"
        )
    if not hard_weight and not any(term.weight for term in terms):
        raise ValueError(
            "one of the terms must have a weight above 0. Received: hard_weight=0 and "
            + ", ".join(f"{term.name}: {term.weight}" for term in terms)
        )
