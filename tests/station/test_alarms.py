import pytest
from station_helpers import wait_until

from rkd_keras.errors import InputError
from rkd_keras.station.alarm_desk import AlarmDesk
from rkd_keras.station.alarm_rules import DEFAULT_YAML, AlarmRules, parse_rules
from rkd_keras.station.device import Device, DeviceSettings
from rkd_keras.station.metrics import Metrics
from rkd_keras.station.store import alarms


def rules(text):
    return AlarmRules("rules:\n" + text)


def defect(label="scratches", severity=3):
    return {"label": label, "severity": severity}


def names(fired):
    return [rule.name for rule in fired]


def test_the_default_rules_are_valid():
    assert "severe defect" in names(parse_rules(DEFAULT_YAML))
    assert parse_rules("rules: []") == ()


def test_severity_and_class_must_match():
    one = rules("  - {name: a, class: scratches, severity: 4}")
    assert names(one.observe("d", [defect(severity=3)], 0)) == []
    assert names(one.observe("d", [defect("inclusion", 5)], 0)) == []
    assert names(one.observe("d", [defect(severity=4)], 0)) == ["a"]


def test_a_count_must_come_within_its_time_and_from_one_device():
    one = rules("  - {name: a, count: 3, within_s: 10, quiet_s: 0}")
    assert not one.observe("d", [defect()], 0)
    assert not one.observe("d", [defect()], 9)
    assert not one.observe("e", [defect()], 9)
    assert not one.observe("d", [defect()], 11)  # the first is too long ago
    assert one.observe("d", [defect()], 12)
    assert not one.observe("d", [defect()], 13)  # counting begins again
    assert one.observe("d", [defect()] * 3, 50)


def test_a_rule_keeps_quiet_for_its_device_only():
    one = rules("  - {name: a, quiet_s: 30}")
    assert one.observe("d", [defect()], 0)
    assert not one.observe("d", [defect()], 29)
    assert one.observe("e", [defect()], 29)
    assert one.observe("d", [defect()], 31)


def test_a_lost_device_fires_its_own_rules():
    one = rules("  - {name: gone, device_lost: true}\n  - {name: a}")
    assert names(one.device_lost("d", 0)) == ["gone"]
    assert names(one.observe("d", [defect()], 0)) == ["a"]


@pytest.mark.parametrize(
    "text, message",
    [
        ("rules: [", "not YAML in line"),
        ("- a", "under the key 'rules'"),
        ("rules: {a: 1}", "must be a list"),
        ("rules: [1]", "rule 1 must be"),
        ("rules: [{severity: 3}]", "rule 1 needs a name"),
        ("rules: [{name: a, sevrity: 3}]", "unknown key 'sevrity'"),
        ("rules: [{name: a, severity: 6}]", "severity must be a number from 1 to 5"),
        ("rules: [{name: a, severity: true}]", "severity must be"),
        ("rules: [{name: a, count: 0}]", "count must be"),
        ("rules: [{name: a, within_s: .nan}]", "within_s must be"),
        ("rules: [{name: a, class: 3}]", "class must be"),
        ("rules: [{name: a, device_lost: 1}]", "device_lost must be"),
        ("rules: [{name: a}]\nmore: 1", "under the key 'rules'"),
        ("&a [*a]", "under the key|not YAML"),
    ],
)
def test_bad_rules_are_refused_with_the_reason(text, message):
    with pytest.raises(InputError, match=message):
        parse_rules(text)


@pytest.fixture
def desk(store, line_1):
    return AlarmDesk(store, "here", Metrics(), rules("  - {name: severe, severity: 4}"))


def record(severity=5):
    shown = {"label": "scratches", "severity": severity, "position_m": 12.34}
    return {"id": 7, "severity": severity, "received_ms": 1000, "defects": [shown]}


LINE = Device("line-1", "Line 1", {"kind": "posted"}, DeviceSettings())


def test_a_warning_is_logged_shown_and_acknowledged(desk, store):
    desk.observe(LINE, record(3), 0.0)
    desk.observe(LINE, record(5), 0.0)
    wait_until(lambda: desk.open)
    (alarm,) = desk.open
    assert alarm["message"] == "Line 1: severe (scratches, severity 5, at 12.3 m)"
    version = desk.version
    acknowledged = desk.acknowledge(alarm["id"], "ada", "coil blocked")
    assert acknowledged["acknowledged_by"] == "ada"
    assert desk.open == [] and desk.version > version
    with store.read() as connection:
        assert alarms.list_newest(connection)[0]["note"] == "coil blocked"


def test_open_warnings_survive_a_restart(desk, store):
    desk.observe(LINE, record(5), 0.0)
    wait_until(lambda: desk.open)
    again = AlarmDesk(store, "here", Metrics())
    assert [a["id"] for a in again.open] == [a["id"] for a in desk.open]


def test_a_warning_that_cannot_be_logged_is_shown_all_the_same(desk, store):
    store.close()
    desk._store = BrokenStore()
    desk.observe(LINE, record(5), 0.0)
    (alarm,) = desk.open
    assert alarm["id"] < 0
    assert desk.acknowledge(alarm["id"], "ada")["acknowledged_by"] == "ada"
    assert desk.open == []


class BrokenStore:
    def submit(self, job):
        from concurrent.futures import Future

        from rkd_keras.station.store import StorageFullError

        future = Future()
        future.set_exception(StorageFullError("full"))
        return future
