"""Read a YAML rule file; every error names its line."""

import difflib
import math

import yaml

from rkd_keras.errors import InputError
from rkd_keras.measure.grade_rule import GradeRule
from rkd_keras.measure.quality_limits import RANGES, WHOLE, QualityLimits

NUMBERS = ("k", "area_ratio", "area", "longest", "count")
SEVERITIES = (1, 2, 3, 4, 5)
DECISIONS = ("accept", "review", "reject")


class RuleParser:
    """Turns YAML nodes, which know their lines, into rules.

    Args:
        source: what to call the text in messages.
    """

    def __init__(self, source):
        """Keep the name for messages."""
        self.source = source

    def parse(self, text):
        """Return the fields of `GradeRules` but its source, as a dict.

        Raises:
            InputError: at the first mistake, with its line.
        """
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = f", line {mark.line + 1}" if mark else ""
            raise InputError(
                f"{self.source}{line}: no valid YAML, {error.problem}"
            ) from error
        except yaml.YAMLError as error:
            raise InputError(f"{self.source}: no valid YAML, {error}") from error
        if root is None:
            raise InputError(f"{self.source}: the file is empty; it needs `rules`")
        top = self._mapping(
            root,
            "the file",
            (
                "version",
                "unit",
                "k_at",
                "base_severity",
                "defect_severity",
                "quality",
                "decisions",
                "rules",
            ),
            needed=("version", "rules"),
        )
        version = self._scalar(top["version"])
        if version != 1:
            self._fail(top["version"], f"`version` must be 1, not {version!r}")
        base = 1
        if "base_severity" in top:
            base = self._severity(top["base_severity"], "`base_severity`")
        least = top.get("defect_severity")
        if least is not None:
            least = self._least_severity(least)
        rules = self._sequence(top["rules"], "`rules`")
        return {
            "unit": self._choice(top.get("unit"), "unit", ("any", "px", "mm")),
            "k_at": self._k_at(top.get("k_at")),
            "base_severity": base,
            "defect_severity": least,
            "decisions": self._decisions(top.get("decisions")),
            "rules": tuple(self._rule(node) for node in rules),
            "quality": self._quality(top.get("quality")),
        }

    def _rule(self, node):
        entries = self._mapping(
            node,
            "a rule",
            ("name", "when", "severity"),
            needed=("name", "when", "severity"),
        )
        when = self._mapping(entries["when"], "`when`", ("class", *NUMBERS))
        if not when:
            self._fail(entries["when"], "`when` needs at least one condition")
        classes = None
        if "class" in when:
            classes = self._names(when["class"])
        bounds = {q: self._bounds(n, q) for q, n in when.items() if q != "class"}
        name = self._scalar(entries["name"])
        if not isinstance(name, str) or not name.strip():
            self._fail(entries["name"], f"`name` must be text, not {name!r}")
        severity = self._severity(entries["severity"], "`severity`")
        return GradeRule(name, severity, classes, bounds)

    def _bounds(self, node, quantity):
        entries = self._mapping(node, f"`{quantity}`", ("above", "below"))
        if not entries:
            self._fail(node, f"`{quantity}` needs `above`, `below` or both")
        above = self._number(entries["above"]) if "above" in entries else -math.inf
        below = self._number(entries["below"]) if "below" in entries else math.inf
        if not above < below:
            self._fail(
                node, f"`{quantity}`: nothing is above {above:g} and below {below:g}"
            )
        return above, below

    def _decisions(self, node):
        if node is None:
            return {1: "accept", 2: "accept", 3: "review", 4: "reject", 5: "reject"}
        found = {}
        for decision, values in self._mapping(node, "`decisions`", DECISIONS).items():
            for value in self._sequence(values, f"`{decision}`"):
                severity = self._severity(value, f"`{decision}`")
                if severity in found:
                    self._fail(
                        value,
                        f"severity {severity} is given to both {found[severity]} and "
                        f"{decision}",
                    )
                found[severity] = decision
        missing = [s for s in SEVERITIES if s not in found]
        if missing:
            self._fail(node, f"`decisions` leaves out severity {missing[0]}")
        return found

    def _quality(self, node):
        if node is None:
            return QualityLimits()
        if isinstance(node, yaml.ScalarNode):
            value = self._scalar(node)
            if value is not False:
                self._fail(node, f"`quality` must be limits or off, not {value!r}")
            return None
        entries = self._mapping(node, "`quality`", (*RANGES, "frozen"))
        return QualityLimits(**{k: self._limit(k, n) for k, n in entries.items()})

    def _limit(self, key, node):
        value = self._scalar(node)
        if key == "frozen":
            if not isinstance(value, bool):
                self._fail(node, f"`frozen` must be true or false, not {value!r}")
            return value
        if value is None and key in ("width", "height"):
            return None
        low, high = RANGES[key]
        number = self._number(node)
        if not low <= number <= high:
            self._fail(node, f"`{key}` must be from {low} to {high}, not {number:g}")
        if key in WHOLE and number != int(number):
            self._fail(node, f"`{key}` must be a whole number, not {number:g}")
        return int(number) if key in WHOLE else number

    def _k_at(self, node):
        if node is None or self._scalar(node) is None:
            return None
        value = self._number(node)
        if value <= 0:
            self._fail(node, f"`k_at` must be positive or null, not {value:g}")
        return value

    def _choice(self, node, key, choices):
        if node is None:
            return choices[0]
        value = self._scalar(node)
        if value not in choices:
            shown = ", ".join(choices)
            self._fail(node, f"`{key}` must be one of {shown}, not {value!r}")
        return value

    def _names(self, node):
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        names = [self._scalar(n) for n in nodes]
        for name, item in zip(names, nodes, strict=True):
            if not isinstance(name, str):
                self._fail(item, f"`class` must be a name, not {name!r}")
        if not names:
            self._fail(node, "`class` needs at least one name")
        return tuple(names)

    def _severity(self, node, key):
        value = self._scalar(node)
        if type(value) is not int or value not in SEVERITIES:
            self._fail(node, f"{key} must be a whole number from 1 to 5, not {value!r}")
        return value

    def _least_severity(self, node):
        if isinstance(node, yaml.ScalarNode) and self._scalar(node) is None:
            return None
        return self._severity(node, "`defect_severity`")

    def _number(self, node):
        value = self._scalar(node)
        if type(value) not in (int, float) or not math.isfinite(value):
            self._fail(node, f"expected a number, not {value!r}")
        return float(value)

    def _mapping(self, node, what, known, needed=()):
        if not isinstance(node, yaml.MappingNode):
            self._fail(node, f"{what} must be a list of `key: value` entries")
        entries = {}
        for key_node, value in node.value:
            key = self._scalar(key_node)
            if key not in known:
                close = difflib.get_close_matches(str(key), known, 1)
                hint = f"did you mean {close[0]!r}?" if close else "known are "
                hint += "" if close else ", ".join(known)
                self._fail(key_node, f"unknown key {key!r}, {hint}")
            if key in entries:
                self._fail(key_node, f"the key {key!r} is given twice")
            entries[key] = value
        for key in needed:
            if key not in entries:
                self._fail(node, f"{what} needs the key {key!r}")
        return entries

    def _sequence(self, node, what):
        if not isinstance(node, yaml.SequenceNode):
            self._fail(node, f"{what} must be a list")
        return node.value

    def _scalar(self, node):
        if not isinstance(node, yaml.ScalarNode):
            self._fail(node, "expected a single value here")
        return yaml.SafeLoader("").construct_object(node)

    def _fail(self, node, message):
        line = node.start_mark.line + 1
        raise InputError(f"{self.source}, line {line}: {message}")
