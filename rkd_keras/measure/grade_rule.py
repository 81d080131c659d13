"""One grading rule."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What tells how much of a defect there is; K tells its form.
SIZES = ("area_ratio", "area", "longest", "count")


@dataclass(frozen=True)
class GradeRule:
    """One rule: conditions that must all hold, and a severity.

    Attributes:
        name: what the rule is called in results.
        severity: 1 to 5.
        classes: tuple of class names, or `None` for any class.
        bounds: dict from a quantity to `(above, below)`, both exclusive.

    Example:
        >>> rule = GradeRule("dense", 3, None, {"k": (0.2, float("inf"))})
        >>> rule.holds({"k": 0.3}), rule.holds({"k": None})
        (True, False)
    """

    name: str
    severity: int
    classes: tuple[str, ...] | None
    bounds: dict[str, tuple[float, float]]

    @property
    def tolerates(self) -> bool:
        """Whether it may accept a defect: it names a class and an upper limit of size.

        Returns:
            A bool.

        Example:
            >>> when = {"longest": (float("-inf"), 20.0)}
            >>> GradeRule("short", 2, ("scratches",), when).tolerates
            True
            >>> GradeRule("short", 2, None, when).tolerates
            False
        """
        below = (below for size, (_, below) in self.bounds.items() if size in SIZES)
        return self.classes is not None and any(map(math.isfinite, below))

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Say whether all conditions hold; an unknown value fails its condition.

        Args:
            values: dict from quantity to number or `None`, and `"class"` to a
                name or `None`.

        Returns:
            A bool.
        """
        if self.classes is not None and values.get("class") not in self.classes:
            return False
        for quantity, (above, below) in self.bounds.items():
            value = values.get(quantity)
            if value is None or not above < value < below:
                return False
        return True
