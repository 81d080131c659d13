"""Warnings: raised by rules, logged, acknowledged by people."""

import logging
import threading
import time

from rkd_keras.station.alarm_rules import AlarmRules
from rkd_keras.station.reports.html import plain
from rkd_keras.station.store import StorageFullError, accounts, alarms, now_ms

_LOG = logging.getLogger(__name__)

MAX_OPEN = 200
_INVALID_SEVERITY = 4


class AlarmDesk:
    """Applies the rules and keeps the open warnings at hand.

    Args:
        store: the `Store`.
        station: this station's identifier.
        metrics: the `Metrics`.
        rules: an `AlarmRules`.
    """

    def __init__(self, store, station, metrics, rules=None):
        self._store = store
        self._metrics = metrics
        self._rules = rules if rules is not None else AlarmRules()
        self._lock = threading.Lock()
        self._open = {}
        self.version = 0
        with store.read() as connection:
            newest = alarms.list_newest(
                connection, open_only=True, station=station, limit=MAX_OPEN
            )
        for alarm in reversed(newest):
            self._open[alarm["id"]] = alarm

    def use(self, rules):
        """Replace the rules."""
        with self._lock:
            self._rules = rules

    @property
    def open(self):
        """The warnings that nobody acknowledged, newest first."""
        with self._lock:
            return sorted(self._open.values(), key=lambda a: -a["id"])

    def observe(self, device, record, at_s):
        """Apply the rules to a frame; what fires is logged without waiting.

        Args:
            device: the `Device`.
            record: the stored frame, with `defects`.
            at_s: when it was received, by `time.monotonic`: rules must go on when
                somebody sets the clock.
        """
        if record.get("fault") is not None:
            self._observe_invalid(device, record, at_s)
        if not record["defects"]:
            return
        with self._lock:
            fired = self._rules.observe(device.id, record["defects"], at_s)
        for rule in fired:
            text = f"{device.name}: {rule.name} ({_what(record)})"
            self._raise(rule.name, device.id, record["id"], text, record["severity"])

    def _observe_invalid(self, device, record, at_s):
        with self._lock:
            fired = self._rules.invalid(device.id, at_s)
        for rule in fired:
            text = f"{device.name}: {rule.name} ({record['fault']})"
            self._raise(rule.name, device.id, record["id"], text, _INVALID_SEVERITY)

    def device_lost(self, device):
        """Apply the rules to a device that was lost."""
        with self._lock:
            fired = self._rules.device_lost(device.id, time.monotonic())
        for rule in fired:
            reason = device.health.reason or "no frames come"
            text = f"{device.name}: {rule.name} ({reason})"
            self._raise(rule.name, device.id, None, text, 5)

    def acknowledge(self, alarm_id, by, note=None):
        """Log who has seen a warning.

        Returns:
            The warning, or `None` when there is none of that id.

        Raises:
            StorageFullError: when it cannot be logged.
        """
        at_ms = now_ms()
        if alarm_id < 0:
            return self._acknowledge_unlogged(alarm_id, by, at_ms)

        def job(connection):
            alarm = alarms.acknowledge(connection, alarm_id, by, at_ms, note)
            if alarm is not None:
                accounts.record(connection, at_ms, by, "acknowledge", alarm["message"])
            return alarm

        alarm = self._store.write(job)
        with self._lock:
            self._open.pop(alarm_id, None)
            self.version += 1
        return alarm

    def _acknowledge_unlogged(self, alarm_id, by, at_ms):
        with self._lock:
            alarm = self._open.pop(alarm_id, None)
            self.version += 1
        seen = {"acknowledged_by": by, "acknowledged_ms": at_ms}
        return None if alarm is None else {**alarm, **seen}

    def _raise(self, rule, device_id, frame_id, message, severity):
        alarm = {
            "rule": rule,
            "device_id": device_id,
            "frame_id": frame_id,
            "message": message[:300],
            "severity": severity,
            "raised_ms": now_ms(),
        }
        self._metrics.warnings.labels(rule).inc()
        written = self._store.submit(lambda c: alarms.insert(c, alarm))
        written.add_done_callback(lambda future: self._logged(alarm, future))

    def _logged(self, alarm, written):
        error = written.exception()
        if error is not None:
            if not isinstance(error, StorageFullError):
                _LOG.error("a warning could not be logged", exc_info=error)
            # It is shown all the same, under a number that the store never gives.
            alarm_id = -alarm["raised_ms"]
        else:
            alarm_id = written.result()
        blank = {"acknowledged_ms": None, "acknowledged_by": None, "note": None}
        with self._lock:
            self._open[alarm_id] = {"id": alarm_id, **alarm, **blank}
            while len(self._open) > MAX_OPEN:
                del self._open[next(iter(self._open))]
            self.version += 1


def _what(record):
    worst = max(record["defects"], key=lambda defect: defect["severity"])
    text = f"{plain(worst['label'])}, severity {worst['severity']}"
    if worst["position_m"] is not None:
        text += f", at {worst['position_m']:.1f} m"
    return text
