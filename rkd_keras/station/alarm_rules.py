"""When the station warns: rules read from YAML, applied to each verdict."""

import collections
from dataclasses import dataclass

import yaml

from rkd_keras.errors import InputError
from rkd_keras.predict.verdict import UNKNOWN

DEFAULT_YAML = """\
# When the station warns. A rule fires when `count` defects (default 1) that match
# its `class` and `severity` (at least) come from one device within `within_s`
# seconds. After that it keeps quiet for `quiet_s` seconds for that device.
# With `invalid: true` it counts pictures that cannot be judged in place of defects.
rules:
  - name: severe defect
    severity: 5
    quiet_s: 30
  - name: many serious defects
    severity: 4
    count: 5
    within_s: 60
    quiet_s: 60
  - name: unknown surface
    class: unknown
    count: 10
    within_s: 60
    quiet_s: 300
  - name: picture cannot be judged
    invalid: true
    quiet_s: 60
  - name: device lost
    device_lost: true
"""

_KEYS = {"name", "class", "severity", "count", "within_s", "quiet_s", "device_lost"}
_KEYS |= {"invalid"}
_MAX_RULES = 50
_MAX_COUNT = 1000


@dataclass(frozen=True)
class AlarmRule:
    """One rule.

    Attributes:
        name: shown to the operator.
        label: class name or `"unknown"`; `None` for any.
        severity: least severity, 1 to 5.
        count: defects it takes.
        within_s: seconds within which they must come.
        quiet_s: seconds without a further warning for the same device.
        device_lost: fires when a device is lost, and never on defects.
        invalid: counts pictures that cannot be judged, and never defects.
    """

    name: str
    label: str | None = None
    severity: int = 1
    count: int = 1
    within_s: float = 60.0
    quiet_s: float = 30.0
    device_lost: bool = False
    invalid: bool = False


class AlarmRules:
    """Applies rules to defects as they come.

    Args:
        text: YAML as `DEFAULT_YAML`. Defaults to that.

    Raises:
        InputError: when the text is no valid set of rules.

    Example:
        >>> rules = AlarmRules()
        >>> defects = [{"label": "scratches", "severity": 5}]
        >>> [rule.name for rule in rules.observe("line-1", defects, at_s=0.0)]
        ['severe defect']
        >>> rules.observe("line-1", defects, at_s=1.0)
        []
    """

    def __init__(self, text=DEFAULT_YAML):
        self.rules = parse_rules(text)
        self._seen = collections.defaultdict(collections.deque)
        self._fired_at = {}

    def check_classes(self, class_names):
        """Refuse rules for a class that the model does not know.

        Args:
            class_names: the model's classes; `"unknown"` may always be named.

        Raises:
            InputError: with the rule, the class and the known ones.
        """
        known = {*class_names, UNKNOWN}
        for number, rule in enumerate(self.rules, 1):
            if rule.label is not None and rule.label not in known:
                raise InputError(
                    f"warning rule {number} ({rule.name}) names the class "
                    f"{rule.label!r:.80}; known are {', '.join(sorted(known))}"
                )

    def observe(self, device_id, defects, at_s):
        """Apply the rules to one frame's defects.

        Args:
            device_id: the device.
            defects: list of dicts with `label` and `severity`.
            at_s: the time, seconds of any clock.

        Returns:
            List of the `AlarmRule` that fire.
        """
        fired = []
        for index, rule in enumerate(self.rules):
            if rule.device_lost or rule.invalid:
                continue
            matching = sum(
                defect["severity"] >= rule.severity
                and rule.label in (None, defect["label"])
                for defect in defects
            )
            if matching and self._counted(index, device_id, matching, at_s):
                fired.append(rule)
        return fired

    def invalid(self, device_id, at_s):
        """Apply the rules to a picture that cannot be judged; as `observe`."""
        return [
            rule
            for index, rule in enumerate(self.rules)
            if rule.invalid and self._counted(index, device_id, 1, at_s)
        ]

    def _counted(self, index, device_id, matching, at_s):
        rule, seen = self.rules[index], self._seen[index, device_id]
        seen.extend([at_s] * min(matching, rule.count))
        while len(seen) > rule.count or (seen and at_s - seen[0] > rule.within_s):
            seen.popleft()
        fires = len(seen) >= rule.count and self._may_fire(index, device_id, at_s)
        if fires:
            seen.clear()
        return fires

    def device_lost(self, device_id, at_s):
        """Return the rules that fire because a device was lost."""
        return [
            rule
            for index, rule in enumerate(self.rules)
            if rule.device_lost and self._may_fire(index, device_id, at_s)
        ]

    def _may_fire(self, index, device_id, at_s):
        last = self._fired_at.get((index, device_id))
        if last is not None and at_s - last < self.rules[index].quiet_s:
            return False
        self._fired_at[index, device_id] = at_s
        return True


def parse_rules(text):
    """Read rules from YAML.

    Args:
        text: YAML as `DEFAULT_YAML`.

    Returns:
        Tuple of `AlarmRule`.

    Raises:
        InputError: with the rule and the entry that is wrong.
    """
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise InputError(f"the warning rules are not YAML{where}") from error
    if not isinstance(content, dict) or set(content) != {"rules"}:
        raise InputError("the warning rules must be one list under the key 'rules'")
    entries = content["rules"] or []
    if not isinstance(entries, list) or len(entries) > _MAX_RULES:
        raise InputError(f"'rules' must be a list of at most {_MAX_RULES} rules")
    return tuple(_rule(number, entry) for number, entry in enumerate(entries, 1))


def _rule(number, entry):
    if not isinstance(entry, dict):
        raise InputError(f"warning rule {number} must be a set of 'key: value' lines")
    where = f"warning rule {number}"
    if strange := sorted(map(str, set(entry) - _KEYS)):
        raise InputError(
            f"{where} has the unknown key {strange[0]!r}; known: {sorted(_KEYS)}"
        )
    name = entry.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= 80:
        raise InputError(f"{where} needs a name of 1 to 80 characters")
    label = entry.get("class")
    if label is not None and not isinstance(label, str):
        raise InputError(f"{where} ({name}): class must be a class name")
    flags = {key: entry.get(key, False) for key in ("device_lost", "invalid")}
    for key, flag in flags.items():
        if not isinstance(flag, bool):
            raise InputError(f"{where} ({name}): {key} must be true or false")
    if all(flags.values()):
        raise InputError(f"{where} ({name}): give device_lost or invalid, not both")

    def number_of(key, default, low, high, kind=(int, float)):
        value = entry.get(key, default)
        ok = isinstance(value, kind) and not isinstance(value, bool)
        if not ok or not low <= value <= high:
            raise InputError(
                f"{where} ({name}): {key} must be a number from {low} to {high}. "
                f"Received: {key}={value!r:.40}"
            )
        return value

    return AlarmRule(
        name=name,
        label=label,
        severity=number_of("severity", 1, 1, 5, int),
        count=number_of("count", 1, 1, _MAX_COUNT, int),
        within_s=number_of("within_s", 60, 0, 86_400),
        quiet_s=number_of("quiet_s", 30, 0, 86_400),
        **flags,
    )
