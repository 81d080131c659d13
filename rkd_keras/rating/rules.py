"""Where grading rules meet the classes that there are."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rkd_keras.measure import Grade, GradeRules, Measurement
    from rkd_keras.predict import Verdict

# Why what no class fits is not accepted.
UNKNOWN_SURFACE = "unknown surface"


def open_rules(
    rules: GradeRules | str | Path | None = None,
    class_names: Sequence[str] | None = None,
) -> GradeRules:
    """Open grading rules, and refuse those that name a class which does not exist.

    The package's own rules, in a file of one's own too, name classes of NEU and fit
    every model: what asks for a class that a model does not know never holds.

    Args:
        rules: `GradeRules`, a YAML file, or `None` for the package's own. Defaults to
            `None`.
        class_names: the classes that a predictor or a data set knows, or `None` to
            check nothing; `"unknown"` need not be among them. Defaults to `None`.

    Returns:
        `GradeRules`.

    Raises:
        InputError: when the file is wrong, or a rule names another class.

    Example:
        >>> open_rules(class_names=["dent"]).unit
        'any'
    """
    from rkd_keras.measure import GradeRules
    from rkd_keras.predict.verdict import UNKNOWN

    if rules is None:
        return _own_rules()
    if not isinstance(rules, GradeRules):
        rules = GradeRules.load(rules)
    if class_names is not None:
        rules.check_classes({*class_names, UNKNOWN}, _own_rules().rules)
    return rules


@functools.cache
def _own_rules():
    from rkd_keras.measure import GradeRules

    return GradeRules.load()


def class_for_rules(verdict: Verdict | None) -> str | None:
    """Return the class that rules see: none without a verdict.

    Args:
        verdict: a `Verdict` or `None`.

    Returns:
        The name, `"unknown"` for a surface that is none of the classes.

    Example:
        >>> from rkd_keras.predict import Verdict
        >>> class_for_rules(Verdict("unknown", "dent", 0, 0.9, (0.9,), 8.0, True))
        'unknown'
    """
    from rkd_keras.predict.verdict import UNKNOWN

    if verdict is None:
        return None
    return UNKNOWN if verdict.is_unknown else verdict.class_name


def grade_verdict(
    measurement: Measurement, verdict: Verdict | None, rules: GradeRules
) -> Grade:
    """Grade what was measured and classified; here alone unknown surfaces are decided.

    Rules see the class `"unknown"` where the verdict is unknown. Whatever the rules'
    `defect_severity`, unless a rule that holds names this class the image is never
    accepted but sent to review: nobody knows what it shows.

    Args:
        measurement: the `Measurement`.
        verdict: the `Verdict`, or `None` where nobody classified.
        rules: `GradeRules`.

    Returns:
        A `Grade`; its `decisive` is `"unknown surface"` where that alone brought it
        to review.

    Raises:
        InputError: when the rules are in another unit than the measurement.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.measure import GradeRules, measure
        >>> from rkd_keras.predict import Verdict
        >>> measured = measure(None, np.eye(64, dtype=bool))
        >>> verdict = Verdict("unknown", "dent", 0, 0.9, (0.9,), 8.0, True)
        >>> grade_verdict(measured, verdict, GradeRules.load()).decision
        'review'
    """
    from dataclasses import replace

    from rkd_keras.measure import grade
    from rkd_keras.measure.grade import NOT_TOLERATED
    from rkd_keras.predict.verdict import UNKNOWN

    class_name = class_for_rules(verdict)
    graded = grade(measurement, class_name, rules)
    if class_name != UNKNOWN:
        return graded
    if graded.decisive == NOT_TOLERATED:
        return replace(graded, decisive=UNKNOWN_SURFACE)
    if graded.decision != "accept":
        return graded
    naming = tuple(rule for rule in rules.rules if UNKNOWN in (rule.classes or ()))
    if grade(measurement, class_name, replace(rules, rules=naming)).rules:
        return graded
    return replace(graded, decision="review", decisive=UNKNOWN_SURFACE)
