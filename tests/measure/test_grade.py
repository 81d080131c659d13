import json

import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.measure import GradeRules, grade, measure
from rkd_keras.measure.grade_rules import DEFAULT_PATH

HEAD = "version: 1\nrules:\n"


def square(side, size=200, **arguments):
    mask = np.zeros((size, size), bool)
    mask[5 : 5 + side, 5 : 5 + side] = True
    return measure(None, mask, **arguments)


def marks(count=300, size=200):
    mask = np.zeros((size, size), bool)
    rows, columns = np.divmod(np.arange(count), size // 8)
    for y, x in zip(8 * rows, 8 * columns, strict=True):
        mask[y : y + 4, x : x + 4] = True
    return measure(None, mask)


def test_the_default_follows_the_papers_reading_of_k():
    dense, compact, wide = marks(), square(50), square(150)
    assert dense.k_at(200) > 0.2 > compact.k_at(200) > 0.05 > wide.k_at(200)
    assert "dense small marks" in grade(dense).rules
    assert "compact defect of some size" in grade(compact).rules
    assert "wide connected defect" in grade(wide).rules
    assert grade(wide).severity > grade(compact).severity
    assert grade(measure(None, np.zeros((9, 9), bool))).to_dict() == {
        "severity": 1,
        "decision": "accept",
        "decisive_rule": None,
        "rules": "",
    }


def test_every_severity_has_a_decision():
    rules = GradeRules.load()
    assert [rules.decisions[s] for s in range(1, 6)] == [
        "accept",
        "accept",
        "review",
        "reject",
        "reject",
    ]


def test_the_highest_severity_wins_and_all_rules_are_told():
    rules = GradeRules.parse(
        HEAD
        + "  - {name: some, when: {count: {above: 0}}, severity: 2}\n"
        + "  - {name: big, when: {area: {above: 100}}, severity: 5}\n"
        + "  - {name: long, when: {longest: {above: 11}}, severity: 3}\n"
    )
    found = grade(square(12), rules=rules)
    assert (found.severity, found.decision, found.decisive) == (5, "reject", "big")
    assert found.rules == ("some", "big", "long")
    found = grade(square(10), rules=rules)
    assert (found.severity, found.rules) == (2, ("some",))


def test_bounds_are_exclusive():
    text = "  - {name: r, when: {area: {above: 99, below: 101}}, severity: 3}\n"
    rules = GradeRules.parse(HEAD + text)
    assert grade(square(10), rules=rules).severity == 3
    text = "  - {name: r, when: {area: {above: 100}}, severity: 3}\n"
    rules = GradeRules.parse(HEAD + text)
    assert grade(square(10), rules=rules).severity == 1


def test_no_defect_is_accepted_unless_its_class_and_size_are_tolerated():
    rules = GradeRules.load()
    assert rules.defect_severity == 3 and not [r for r in rules.rules if r.tolerates]
    speck, nothing = square(2), measure(None, np.zeros((200, 200), bool))
    for class_name in (None, "scratches", "unknown"):
        found = grade(speck, class_name)
        assert (found.severity, found.decision) == (3, "review")
        assert found.decisive == "no rule tolerates it" and found.rules == ()
    # Named, though nobody found its outline.
    assert grade(nothing, "crazing").decision == "review"
    assert grade(nothing, None).decision == "accept"


@pytest.mark.parametrize(
    ("when", "decision"),
    [
        ("{class: dent, longest: {below: 5}}", "accept"),
        ("{class: dent, area_ratio: {below: 1}}", "accept"),
        ("{class: dent, longest: {below: 2}}", "review"),  # does not hold
        ("{class: scratches, longest: {below: 5}}", "review"),  # another class
        ("{class: dent}", "review"),  # of any size
        ("{class: dent, longest: {above: 1}}", "review"),
        ("{class: dent, k: {below: 9}}", "review"),  # a form, not a size
        ("{longest: {below: 5}}", "review"),  # of any class
    ],
)
def test_only_class_and_size_together_tolerate_a_defect(when, decision):
    rule = f"  - {{name: r, when: {when}, severity: 2}}\n"
    rules = GradeRules.parse("version: 1\ndefect_severity: 3\nrules:\n" + rule)
    assert grade(square(3), "dent", rules).decision == decision
    # What a file without the key says holds as it stands.
    assert grade(square(3), "dent", GradeRules.parse(HEAD + rule)).decision == "accept"
    big = "  - {name: big, when: {area: {above: 5}}, severity: 5}\n"
    rules = GradeRules.parse("version: 1\ndefect_severity: 3\nrules:\n" + rule + big)
    assert grade(square(3), "dent", rules).decisive == "big"


def test_every_line_of_the_package_s_rules_says_why():
    lines = DEFAULT_PATH.read_text(encoding="utf-8").splitlines()
    top = [line.partition(":")[0] for line in lines if line[:1].isalpha()]
    assert top[1:-1] == ["unit", "k_at", "base_severity", "defect_severity"] + [
        "quality",
        "decisions",
    ]
    for before, line in zip(lines, lines[1:], strict=False):
        if line.startswith("  - name:") or line[:1].isalpha():
            name = line.partition(":")[0]
            assert name in ("version", "rules") or "#" in line or "#" in before, line
        elif line.startswith("  ") and line[2].isalpha():
            assert "#" in line, line


def test_class_conditions_need_the_class():
    text = "  - {name: r, when: {class: [scratches, crazing]}, severity: 4}\n"
    rules = GradeRules.parse(HEAD + text)
    assert grade(square(10), "scratches", rules).severity == 4
    assert grade(square(10), "patches", rules).severity == 1
    assert grade(square(10), None, rules).severity == 1
    text = "  - {name: r, when: {class: crazing}, severity: 4}\n"
    assert grade(square(10), "crazing", GradeRules.parse(HEAD + text)).severity == 4


def test_k_is_converted_to_the_size_of_the_rules():
    text = "  - {name: r, when: {k: {above: 0.5}}, severity: 4}\n"
    result = square(10)
    assert result.k == 0.36
    assert result.k_at(64) == pytest.approx(0.36 * 200 / 64)
    plain = GradeRules.parse("version: 1\nrules:\n" + text)
    at_64 = GradeRules.parse("version: 1\nk_at: 64\nrules:\n" + text)
    assert plain.k_at is None
    assert grade(result, rules=plain).severity == 1
    assert grade(result, rules=at_64).severity == 4


def test_units_must_agree(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(
        "version: 1\nunit: mm\nrules:\n"
        "  - {name: r, when: {area: {above: 20}}, severity: 4}\n"
    )
    assert grade(square(10, mm_per_pixel=0.5), rules=path).severity == 4
    assert grade(square(10, mm_per_pixel=0.1), rules=path).severity == 1
    with pytest.raises(InputError, match="mine.yaml.*mm_per_pixel"):
        grade(square(10), rules=path)


def test_own_decisions_and_base():
    rules = GradeRules.parse(
        "version: 1\nbase_severity: 2\n"
        "decisions: {accept: [1], review: [2, 3, 4], reject: [5]}\nrules: []\n"
    )
    assert grade(square(10), rules=rules).decision == "review"


def test_grades_are_plain_values():
    json.dumps(grade(square(30), "patches").to_dict())


RULE = "  - name: r\n    when: {k: {above: 1}}\n    severity: 2\n"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("version: 1\nrulez: []\n", 2, "did you mean 'rules'"),
        ("version: 2\nrules: []\n", 1, "must be 1, not 2"),
        ("version: 1\ndefect_severity: 6\nrules: []\n", 2, "`defect_severity` must be"),
        ("rules: []\n", 1, "needs the key 'version'"),
        ("version: 1\nquality: on\nrules: []\n", 2, "must be limits or off, not True"),
        ("version: 1\nquality: {blak: 3}\nrules: []\n", 2, "did you mean 'black'"),
        ("version: 1\nquality: {noise: 2}\nrules: []\n", 2, "from -1 to 1, not 2"),
        ("version: 1\nquality: {width: 99.5}\nrules: []\n", 2, "a whole number"),
        ("version: 1\nquality: {frozen: 1}\nrules: []\n", 2, "true or false, not 1"),
        ("version: 1\nrules: {}\n", 2, "`rules` must be a list"),
        ("version: 1\nunit: cm\nrules: []\n", 2, "any, px, mm"),
        ("version: 1\nk_at: -3\nrules: []\n", 2, "`k_at` must be positive"),
        ("version: 1\nversion: 1\nrules: []\n", 2, "given twice"),
        ("version: 1\nrules:\n  - 5\n", 3, "a rule must be"),
        (HEAD + RULE.replace("severity: 2", "severity: 6"), 5, "from 1 to 5"),
        (HEAD + RULE.replace("severity: 2", "severity: yes"), 5, "from 1 to 5"),
        (HEAD + RULE.replace("severity", "severty"), 5, "did you mean 'severity'"),
        (HEAD + RULE.replace("above: 1", "above: a"), 4, "expected a number"),
        (HEAD + RULE.replace("above: 1", "over: 1"), 4, "unknown key 'over'"),
        (HEAD + RULE.replace("above: 1", "above: 2, below: 1"), 4, "nothing is"),
        (HEAD + RULE.replace("{above: 1}", "{}"), 4, "`above`, `below` or both"),
        (HEAD + RULE.replace("{above: 1}", "1"), 4, "`k` must be"),
        (HEAD + RULE.replace("{k: {above: 1}}", "{}"), 4, "at least one condition"),
        (HEAD + RULE.replace("{k: {above: 1}}", "{class: [3]}"), 4, "must be a name"),
        (HEAD + RULE.replace("name: r", "name: 4"), 3, "`name` must be text"),
        (
            "version: 1\ndecisions:\n  accept: [1, 2]\n  reject: [2]\nrules: []\n",
            4,
            "severity 2 is given to both",
        ),
        ("version: 1\ndecisions: {accept: [1]}\nrules: []\n", 2, "leaves out"),
        ("version: 1\nrules: [\n", 3, "no valid YAML"),
        ("version: 1\n\trules: []\n", 2, "no valid YAML"),
    ],
)
def test_every_mistake_names_its_line(tmp_path, text, line, message):
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        GradeRules.load(path)
    assert f"rules.yaml, line {line}: " in str(caught.value)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_and_empty_files_are_named(tmp_path):
    with pytest.raises(InputError, match="none.yaml cannot be read"):
        GradeRules.load(tmp_path / "none.yaml")
    (tmp_path / "empty.yaml").write_text("# nothing\n")
    with pytest.raises(InputError, match="empty.yaml.*empty"):
        GradeRules.load(tmp_path / "empty.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        GradeRules.load(tmp_path / "binary.yaml")


def test_yaml_runs_no_code():
    text = "version: !!python/object/apply:os.system ['true']\nrules: []\n"
    with pytest.raises(InputError, match="line 1"):
        GradeRules.parse(text)
