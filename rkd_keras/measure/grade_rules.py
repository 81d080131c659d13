"""Rules for grading, read from YAML."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.measure.grade_rule import GradeRule
from rkd_keras.measure.quality_limits import QualityLimits
from rkd_keras.measure.rule_parser import RuleParser

DEFAULT_PATH = Path(__file__).with_name("grade_rules.yaml")


@dataclass(frozen=True)
class GradeRules:
    """All of a rule file.

    Attributes:
        source: the file's name, for messages.
        unit: `"any"`, `"px"` or `"mm"`.
        k_at: side in pixels that K is converted to, or `None`.
        base_severity: severity when no rule holds.
        defect_severity: least severity of what was found or named, unless a rule that
            holds names its class and an upper limit of its size; `None` for none.
        decisions: dict from severity to `"accept"`, `"review"` or `"reject"`.
        rules: tuple of `GradeRule`.
        quality: `QualityLimits` that a picture must keep to be judged at all, `None`
            to judge every picture.

    Example:
        >>> len(GradeRules.load().rules) > 3
        True
    """

    source: str
    unit: str
    k_at: float | None
    base_severity: int
    decisions: dict[int, str]
    rules: tuple[GradeRule, ...]
    quality: QualityLimits | None = QualityLimits()
    defect_severity: int | None = None

    @classmethod
    def load(cls, path: str | Path | None = None) -> GradeRules:
        """Read a rule file.

        Args:
            path: YAML file; the package's own rules when `None`. Defaults to
                `None`.

        Returns:
            `GradeRules`.

        Raises:
            InputError: when the file cannot be read, is no YAML or breaks the
                rules' format; the message names the line.
        """
        path = DEFAULT_PATH if path is None else Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path} cannot be read: {error}") from error
        return cls.parse(text, str(path))

    def check_unit(self, unit: str) -> None:
        """Refuse measurements of another unit.

        Args:
            unit: the measurements' unit, `"px"` or `"mm"`.

        Raises:
            InputError: when the rules are in another.

        Example:
            >>> GradeRules.load().check_unit("px")
        """
        if self.unit not in ("any", unit):
            raise InputError(
                f"{self.source}: the rules are in {self.unit} and the measurement in "
                f"{unit}; give mm_per_pixel, or change `unit`"
            )

    def check_classes(
        self, class_names: Collection[str], passed_over: Collection[GradeRule] = ()
    ) -> None:
        r"""Refuse rules that ask for a class which does not exist.

        Args:
            class_names: the classes that there are, `"unknown"` among them where a
                rule may name it.
            passed_over: rules that need not fit. Defaults to none.

        Raises:
            InputError: with the rule, the class and the known ones.

        Example:
            >>> text = "{name: long, when: {class: scratchs}, severity: 5}"
            >>> rules = GradeRules.parse(f"version: 1\nrules: [{text}]", "my.yaml")
            >>> rules.check_classes(["inclusion", "scratches"])
            Traceback (most recent call last):
            rkd_keras.errors.InputError: my.yaml: the grading rule 'long' names the class 'scratchs'; known are inclusion, scratches
        """  # noqa: E501
        for rule in self.rules:
            if rule in passed_over:
                continue
            if strange := sorted(set(rule.classes or ()) - set(class_names)):
                raise InputError(
                    f"{self.source}: the grading rule {rule.name!r} names the class "
                    f"{strange[0]!r}; known are {', '.join(sorted(class_names))}"
                )

    @classmethod
    def parse(cls, text: str, source: str = "rules") -> GradeRules:
        r"""Read rules from YAML text.

        Args:
            text: the YAML text.
            source: what to call it in messages. Defaults to `"rules"`.

        Returns:
            `GradeRules`.

        Raises:
            InputError: as `load`.

        Example:
            >>> GradeRules.parse("version: 1\nrulez: []", "my.yaml")
            Traceback (most recent call last):
            rkd_keras.errors.InputError: my.yaml, line 2: unknown key 'rulez', did you mean 'rules'?
        """  # noqa: E501
        return cls(source=source, **RuleParser(source).parse(text))
