"""What the predictor says about one image."""

from dataclasses import dataclass

# What a surface is called that is none of the classes.
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Verdict:
    """The decision on one image.

    Attributes:
        label: the verdict: a class name, or `"unknown"` for a surface that is
            none of the classes.
        class_name: the most probable class, also when the label is unknown.
        class_index: its index.
        probability: its calibrated probability, in [0, 1].
        probabilities: calibrated probability of every class, a tuple `(classes,)`.
        unknown_score: how far the image lies from the classes, larger is
            stranger; `None` when the model has no unknown verdict.
        is_unknown: whether the score exceeds the model's threshold.

    Example:
        >>> verdict = Verdict("unknown", "scratches", 1, 0.8, (0.2, 0.8), 91.0, True)
        >>> f"{verdict.label}, most like {verdict.class_name}"
        'unknown, most like scratches'
    """

    label: str
    class_name: str
    class_index: int
    probability: float
    probabilities: tuple[float, ...]
    unknown_score: float | None = None
    is_unknown: bool = False
