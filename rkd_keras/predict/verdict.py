"""What the predictor says about one image."""

from dataclasses import dataclass

# What a surface is called that is none of the classes.
UNKNOWN = "unknown"
DOUBT = "by the model, which has not seen such surfaces"


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
        >>> verdict.in_words
        'unknown surface, most like scratches (80 % by the model, which has not seen such surfaces)'
    """  # noqa: E501

    label: str
    class_name: str
    class_index: int
    probability: float
    probabilities: tuple[float, ...]
    unknown_score: float | None = None
    is_unknown: bool = False

    @property
    def in_words(self) -> str:
        """The verdict for people, see `verdict_in_words`."""
        return verdict_in_words(self.label, self.class_name, self.probability)


def verdict_in_words(label: str, class_name: str, probability: float) -> str:
    """Say a verdict for people.

    A model shares 100 % out among its classes. Of a surface that is none of them the
    share says nothing, so that it never stands beside the word unknown as if it were
    the verdict's own.

    Args:
        label: a class's name, or `"unknown"`.
        class_name: the most probable class.
        probability: its probability, in [0, 1].

    Returns:
        A phrase; class names have spaces in place of underscores.

    Example:
        >>> verdict_in_words("rolled-in_scale", "rolled-in_scale", 0.9912)
        'rolled-in scale, 99 %'
    """
    name = class_name.replace("_", " ")
    if label != UNKNOWN:
        return f"{name}, {100 * probability:.0f} %"
    return f"unknown surface, most like {name} ({100 * probability:.0f} % {DOUBT})"
