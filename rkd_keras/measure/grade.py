"""Grade a measured image by rules that users write."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rkd_keras.measure.grade_rules import GradeRules
from rkd_keras.measure.measurement import Measurement
from rkd_keras.measure.rule_parser import DECISIONS

# What no rule can decide: the picture shows nothing that could be judged.
INVALID = "invalid"
ALL_DECISIONS = (*DECISIONS, INVALID)
# Why a defect has the rules' `defect_severity`.
NOT_TOLERATED = "no rule tolerates it"


@dataclass(frozen=True)
class Grade:
    """The verdict of the rules on one image.

    Attributes:
        severity: 1 (none) to 5 (worst); 0 where nothing could be judged.
        decision: `"accept"`, `"review"` or `"reject"` by the rules, `"invalid"` for a
            picture that cannot be judged.
        rules: names of the rules that held, in the file's order.
        decisive: name of the first rule of the severity that won, `None` when no
            rule raised the base severity; what is wrong with an invalid picture;
            `"no rule tolerates it"` where the rules' `defect_severity` alone won.

    Example:
        >>> Grade(3, "review", ("dense small marks",), "dense small marks").decision
        'review'
    """

    severity: int
    decision: str
    rules: tuple[str, ...]
    decisive: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return a flat dict for JSON or a table.

        Example:
            >>> Grade(1, "accept", (), None).to_dict()["decision"]
            'accept'
        """
        return {
            "severity": self.severity,
            "decision": self.decision,
            "decisive_rule": self.decisive,
            "rules": "; ".join(self.rules),
        }


def grade(
    measurement: Measurement,
    class_name: str | None = None,
    rules: GradeRules | str | Path | None = None,
) -> Grade:
    """Grade an image.

    The result is a number by the user's own rules and claims conformity with no
    standard. What was found, or is named by a class, has at least the rules'
    `defect_severity`, 3 and so review in the package's own, unless a rule that holds
    names its class and an upper limit of its size.

    Args:
        measurement: a `Measurement`.
        class_name: class of the defect as a classifier names it; rules that ask
            for a class do not hold without one. Defaults to `None`.
        rules: `GradeRules`, a path of a YAML file, or `None` for the rules that
            come with the package. Defaults to `None`.

    Returns:
        A `Grade`.

    Raises:
        InputError: when the rule file is wrong (the message names the line), or
            its unit is not the measurement's.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.measure import measure
        >>> mask = np.zeros((64, 64), bool)
        >>> grade(measure(None, mask)).decision
        'accept'
        >>> mask[:40, :60] = True
        >>> result = grade(measure(None, mask))
        >>> result.severity, result.decision, result.decisive
        (5, 'reject', 'most of the surface')
    """
    if not isinstance(rules, GradeRules):
        rules = GradeRules.load(rules)
    rules.check_unit(measurement.unit)
    values = {
        "class": class_name,
        "k": measurement.k if rules.k_at is None else measurement.k_at(rules.k_at),
        "area_ratio": measurement.area_ratio,
        "area": measurement.area,
        "longest": measurement.longest,
        "count": measurement.count,
    }
    held = [rule for rule in rules.rules if rule.holds(values)]
    severity = max([rules.base_severity, *(rule.severity for rule in held)])
    decisive = None
    is_defect = measurement.count > 0 or class_name is not None
    least = rules.defect_severity if is_defect else None
    if least is not None and any(rule.tolerates for rule in held):
        least = None
    if least is not None and severity < least:
        severity, decisive = least, NOT_TOLERATED
    elif severity > rules.base_severity:
        decisive = next(rule.name for rule in held if rule.severity == severity)
    return Grade(
        severity=severity,
        decision=rules.decisions[severity],
        rules=tuple(rule.name for rule in held),
        decisive=decisive,
    )
