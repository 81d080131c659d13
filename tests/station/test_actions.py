"""Every action leaves its line in the record, through whichever door it came."""

import re
from pathlib import Path

import pytest

import rkd_keras.station
from rkd_keras.errors import InputError
from rkd_keras.station.device import DeviceSettings
from rkd_keras.station.security.account import Account
from rkd_keras.station.store import accounts

ADA = Account("ada", "engineer")
PACKAGE = Path(rkd_keras.station.__file__).parent
_PAST = re.compile(
    r"accounts\.(record|put_user|remove_user|create_token|remove_token)\("
    r"|devices\.(create|change|remove|start|stop|start_coil|end_coil)\("
    r"|desk\.acknowledge\(|use_(alarm|grading)_rules\("
)


def record(station):
    with station.store.read() as connection:
        events = reversed(accounts.list_events(connection))
        return [(e["actor"], e["action"], e["detail"]) for e in events]


@pytest.mark.parametrize("door", ["pages", "api"])
def test_no_door_goes_past_the_actions(door):
    for file in (PACKAGE / door).glob("*.py"):
        assert not _PAST.search(file.read_text()), file.name


def test_every_action_is_recorded_once(client):
    station, done = client.station, client.station.actions
    before = len(record(station))
    line = done.add_device(ADA, "Line 2", {"kind": "posted"}, DeviceSettings())
    assert line.health.state == "waiting"
    done.change_device(ADA, line, name="Second")
    done.start_coil(ADA, line, "C-1", 2.0)
    assert done.end_coil(ADA, line) and not done.end_coil(ADA, line)
    done.stop_device(ADA, line)
    done.start_device(ADA, line)
    assert not done.remove_device(ADA, line)  # it has a coil
    done.change_rules(ADA, "warnings", "rules: []")
    done.put_user(ADA, "bob", "a long password", "operator")
    assert done.remove_user(ADA, "bob") and not done.remove_user(ADA, "bob")
    token_id, _ = done.create_token(ADA, "press", "operator")
    done.remove_token(ADA, token_id)
    assert record(station)[before:] == [
        ("ada", "add device", "line-2"),
        ("ada", "change device", "line-2"),
        ("ada", "start coil", "C-1 on line-2"),
        ("ada", "end coil", "C-1 on line-2"),
        ("ada", "stop device", "line-2"),
        ("ada", "start device", "line-2"),
        ("ada", "stop device", "line-2"),
        ("ada", "change rules", "warnings"),
        ("ada", "put user", "bob (operator)"),
        ("ada", "remove user", "bob"),
        ("ada", "create token", "press (operator)"),
        ("ada", "remove token", str(token_id)),
    ]


def test_what_cannot_be_recorded_is_not_done(client, monkeypatch):
    station, done = client.station, client.station.actions
    line = station.devices.get("line-1")
    rules = station.config.alarms_file.read_text()
    before = record(station)

    def refuse(*arguments):
        raise InputError("no record")

    monkeypatch.setattr(accounts, "record", refuse)
    for action, arguments in (
        (done.start_coil, (line, "C-1")),
        (done.change_device, (line, "Other")),
        (done.change_rules, ("warnings", "rules: []")),
        (done.put_user, ("bob", "a long password", "operator")),
        (done.add_device, ("Line 2", {"kind": "posted"}, DeviceSettings())),
    ):
        with pytest.raises(InputError, match="no record"):
            action(ADA, *arguments)
    assert line.coil is None and line.name == "Line 1"
    assert station.config.alarms_file.read_text() == rules
    assert station.accounts.users() == [] and len(station.devices.all()) == 2
    assert client.get("/api/v1/coils").json() == []
    assert record(station) == before
