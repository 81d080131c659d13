"""What people and programs do at the station: done and recorded, or neither.

Pages and the API call these and nothing below them, so that an action leaves the same
line in the record whichever door it came through.
"""

from rkd_keras.station.analysis import check_grading_text
from rkd_keras.station.store import accounts as table
from rkd_keras.station.store import now_ms


class Actions:
    """Does what an account asks for, and records it in the same transaction.

    Whether the account may is asked at the door. Everything raises what lies below
    raises, `InputError` and `StorageFullError`; then nothing was done or recorded.

    Args:
        station: the `Station`.
    """

    def __init__(self, station):
        self._station = station

    def add_device(self, account, name, source, settings, device_id=None):
        """Add a device through the network and start it; returns the `Device`."""
        return self._station.devices.create(
            name,
            source,
            settings,
            device_id,
            remote=True,
            started=True,
            also=lambda c, device: _record(c, account, "add device", device.id),
        )

    def change_device(self, account, device, name=None, settings=None):
        """Change a device's name or settings."""
        note = _note(account, "change device", device.id)
        self._station.devices.change(device, name, settings, also=note)

    def remove_device(self, account, device):
        """Stop a device and forget it; returns whether it is gone."""

        def note(connection, gone):
            action = "remove device" if gone else "stop device"
            _record(connection, account, action, device.id)

        return self._station.devices.remove(device, also=note)

    def start_device(self, account, device):
        """Start a device."""
        note = _note(account, "start device", device.id)
        self._station.devices.start(device, also=note)

    def stop_device(self, account, device):
        """Stop a device; it stops even where that cannot be stored."""
        note = _note(account, "stop device", device.id)
        self._station.devices.stop(device, also=note)

    def start_coil(self, account, device, name, speed_m_s=None):
        """Begin a coil on a device; returns it as a dict."""
        note = _note(account, "start coil", f"{name.strip()} on {device.id}")
        return self._station.devices.start_coil(device, name, speed_m_s, also=note)

    def end_coil(self, account, device):
        """End the coil of a device; returns whether there was one."""

        def note(connection, coil):
            if coil is not None:
                detail = f"{coil['name']} on {device.id}"
                _record(connection, account, "end coil", detail)

        return self._station.devices.end_coil(device, also=note)

    def learn_normal(self, account, device):
        """Have a device learn what is normal from what people called no defect."""
        self._station.normal.learn_reviewed(device, self._station.jobs)
        note = _note(account, "learn normal surface from reviews", device.id)
        self._station.store.write(lambda c: note(c, None))

    def forget_normal(self, account, device):
        """Have a device learn anew what is normal, from its next frames."""
        # Recorded first: a file that is gone does not come back.
        note = _note(account, "learn normal surface anew", device.id)
        self._station.store.write(lambda c: note(c, None))
        self._station.normal.forget(device)

    def change_rules(self, account, kind, text):
        """Check and replace the rules, `kind` `"grading"` or `"warnings"`."""
        station, note = self._station, _note(account, "change rules", kind)
        if kind == "warnings":
            station.use_alarm_rules(text, also=note)
        else:
            check_grading_text(text, station.class_names, station.devices.all())
            station.use_grading_rules(text, also=note)

    def put_user(self, account, name, password, role):
        """Add a user, or give one a new password and role."""
        note = _note(account, "put user", f"{name} ({role})")
        self._station.accounts.put_user(name, password, role, also=note)

    def remove_user(self, account, name):
        """Remove a user; returns whether there was one."""
        note = _note_if(account, "remove user", name)
        return self._station.accounts.remove_user(name, also=note)

    def create_token(self, account, name, role):
        """Make a token for a program; returns `(id, token)`."""
        note = _note(account, "create token", f"{name} ({role})")
        return self._station.accounts.create_token(name, role, also=note)

    def remove_token(self, account, token_id):
        """Remove a token; returns whether there was one."""
        note = _note_if(account, "remove token", str(token_id))
        return self._station.accounts.remove_token(token_id, also=note)

    def acknowledge(self, account, alarm_id, note=None):
        """Acknowledge a warning; returns it, or `None`."""
        return self._station.desk.acknowledge(alarm_id, account.name, note)


def _record(connection, account, action, detail):
    table.record(connection, now_ms(), account.name, action, detail)


def _note(account, action, detail):
    return lambda connection, _: _record(connection, account, action, detail)


def _note_if(account, action, detail):
    """Make a note of what was done, if anything was."""

    def note(connection, done):
        if done:
            _record(connection, account, action, detail)

    return note
