"""The station's devices: kept in the store, run in this process."""

import logging
import math
import re
import threading
import unicodedata

from rkd_keras.data.synthetic.camera import simulate_strip
from rkd_keras.errors import InputError
from rkd_keras.station.cameras import NOT_FETCHED, CameraRunner, DeviceHealth
from rkd_keras.station.device import Device, DeviceSettings
from rkd_keras.station.device_source import checked_source
from rkd_keras.station.store import devices as table
from rkd_keras.station.store import now_ms

_LOG = logging.getLogger(__name__)

MAX_DEVICES = 64


class DeviceManager:
    """Knows the devices, starts and stops them.

    Args:
        store: the `Store`.
        station: this station's identifier; others may share the database.
        on_frame: called with `(device, data)` for each live frame.
        stall_after_s: see `DeviceHealth`.
        lost_after_s: see `DeviceHealth`.
        simulate: see `open_source`.
    """

    def __init__(
        self,
        store,
        station,
        on_frame,
        stall_after_s,
        lost_after_s,
        simulate=simulate_strip,
        on_added=None,
    ):
        self._store = store
        self._station = station
        self._on_frame = on_frame
        self._stall_after_s = stall_after_s
        self._lost_after_s = lost_after_s
        self._simulate = simulate
        self._on_added = on_added
        self._devices = {}
        self._lock = threading.RLock()

    def load(self):
        """Read this station's devices from the store; none is started yet."""
        if self._devices:
            return
        with self._store.read() as connection:
            for row in table.list_all(connection, self._station):
                coil = None
                if row["coil_id"] is not None:
                    coil = table.get_coil(connection, row["coil_id"])
                device = self._device(row["id"], row["name"], row["source"])
                device.settings = DeviceSettings(**row["settings"])
                device.enabled = row["enabled"]
                device.begin_coil(coil)
                self._devices[device.id] = device

    def start_enabled(self):
        """Start every device that was running when the station ended."""
        for device in self.all():
            if device.enabled:
                self._run(device)

    def all(self):
        """Return the devices in order of their ids."""
        with self._lock:
            return [self._devices[key] for key in sorted(self._devices)]

    def get(self, device_id):
        """Return a device, or `None`."""
        return self._devices.get(device_id)

    @property
    def pictures(self):
        """The device that stands for the pictures that people load, or `None`."""
        return next((d for d in self.all() if d.is_pictures), None)

    def create(
        self,
        name,
        source,
        settings=None,
        device_id=None,
        remote=False,
        started=False,
        also=None,
    ):
        """Add a device.

        Args:
            name: name for people, 1 to 80 characters.
            source: see `open_source`.
            settings: a `DeviceSettings`.
            device_id: its id; made from the name where it is not given.
            remote: whether this comes through the network, which may not name
                files. Defaults to `False`.
            started: whether it is started at once. Defaults to `False`.
            also: called with `(connection, device)` in the same transaction.

        Returns:
            The `Device`.

        Raises:
            InputError: when something in it cannot be used.
        """
        name = name.strip()
        if not 0 < len(name) <= 80:
            raise InputError("a device's name must have 1 to 80 characters")
        source = checked_source(source, remote)
        settings = settings if settings is not None else DeviceSettings()
        with self._lock:
            if len(self._devices) >= MAX_DEVICES:
                raise InputError(f"a station can have {MAX_DEVICES} devices")
            device_id = self._free_id(device_id or _slug(name), device_id is not None)
            device = self._device(device_id, name, source)
            device.settings = settings
            device.enabled = started
            row = {
                "id": device.id,
                "name": name,
                "station": self._station,
                "source": source,
                "settings": settings.as_dict(),
                "enabled": started,
                "created_ms": now_ms(),
            }

            def job(connection):
                table.insert(connection, row)
                return device

            self._store.write(job, also)
            self._devices[device.id] = device
        if self._on_added is not None:
            self._on_added(device)
        if started:
            self._run(device)
        return device

    def change(self, device, name=None, settings=None, also=None):
        """Change a device's name or settings; for `also` see `Store.write`."""
        values = {}
        if name is not None:
            if not 0 < len(name.strip()) <= 80:
                raise InputError("a device's name must have 1 to 80 characters")
            values["name"] = name.strip()
        if settings is not None:
            values["settings"] = settings.as_dict()
        if values:
            self._store.write(lambda c: table.update(c, device.id, **values), also)
            device.name = values.get("name", device.name)
            device.settings = settings if settings is not None else device.settings

    def remove(self, device, also=None):
        """Stop a device and forget it; one with a history only stays stopped.

        Returns:
            Whether it is gone.
        """
        device.enabled = False
        self._halt(device)

        def job(connection):
            table.update(connection, device.id, enabled=False)
            return table.delete(connection, device.id)

        gone = self._store.write(job, also)
        if gone:
            with self._lock:
                self._devices.pop(device.id, None)
        return gone

    def start(self, device, also=None):
        """Start a device and remember it."""
        self._store.write(lambda c: table.update(c, device.id, enabled=True), also)
        device.enabled = True
        self._run(device)

    def start_later(self, device):
        """Have a device started with the station."""
        self._store.write(lambda c: table.update(c, device.id, enabled=True))
        device.enabled = True

    def stop(self, device, also=None):
        """Stop a device and remember it; it stops even when the disk is full."""
        device.enabled = False
        self._halt(device)
        self._store.write(lambda c: table.update(c, device.id, enabled=False), also)

    def start_coil(self, device, name, speed_m_s=None, also=None):
        """Begin a coil on a device; returns it as a dict."""
        name = name.strip()
        if not 0 < len(name) <= 80:
            raise InputError("a coil's name must have 1 to 80 characters")
        if speed_m_s is None:
            speed_m_s = device.settings.speed_m_s
        elif not 0 < speed_m_s <= 200:
            raise InputError("speed_m_s must be above 0 and at most 200")

        def job(connection):
            coil_id = table.start_coil(connection, device.id, name, now_ms(), speed_m_s)
            return table.get_coil(connection, coil_id)

        device.begin_coil(self._store.write(job, also))
        return device.coil

    def end_coil(self, device, also=None):
        """End the coil of a device; returns whether there was one.

        `also` is called with the coil, or `None`.
        """

        def job(connection):
            coil_id = table.end_coil(connection, device.id, now_ms())
            return None if coil_id is None else table.get_coil(connection, coil_id)

        ended = self._store.write(job, also)
        device.begin_coil(None)
        return ended is not None

    def coil_named(self, device, name):
        """Return the coil that a client names, the newest one of that name.

        Raises:
            InputError: when no coil of that name was begun on the device.
        """
        running = device.coil
        if running is not None and running["name"] == name:
            return running
        with self._store.read() as connection:
            coil = table.find_coil(connection, device.id, name)
        if coil is None:
            raise InputError(
                f"there is no coil {name!r:.90} on {device.name}: start it, or leave "
                "coil out to file the frame under the one that runs"
            )
        return coil

    def close(self):
        """Stop all devices without forgetting which were running."""
        threads = [
            threading.Thread(target=self._halt, args=(device,)) for device in self.all()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _run(self, device):
        with self._lock:
            if device.runner is not None:
                return
            if not device.is_live:
                device.health.start()
                return
            device.runner = CameraRunner(
                device.id,
                device.source,
                device.health,
                lambda data: self._on_frame(device, data),
                self._simulate,
            )
            device.runner.start()

    def _halt(self, device):
        with self._lock:
            runner, device.runner = device.runner, None
        if runner is not None:
            runner.stop()
        device.health.stop()

    def _device(self, device_id, name, source):
        patient = source["kind"] in NOT_FETCHED
        health = DeviceHealth(self._stall_after_s, self._lost_after_s, patient)
        if source["kind"] == "pictures":
            # People load pictures when they please.
            health.stall_after_s = health.lost_after_s = math.inf
        return Device(device_id, name, source, DeviceSettings(), health=health)

    def _free_id(self, device_id, given):
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", device_id):
            raise InputError(
                "a device's id must be 1 to 40 lower-case letters, digits and hyphens"
            )
        # Ids are unique among all stations that share the database.
        with self._store.read() as connection:
            taken = {row["id"] for row in table.list_all(connection)}
        if device_id not in taken:
            return device_id
        if given:
            raise InputError(f"there is a device {device_id} already")
        number = 2
        while f"{device_id[:36]}-{number}" in taken:
            number += 1
        return f"{device_id[:36]}-{number}"


def _slug(name):
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:40] or "device"
