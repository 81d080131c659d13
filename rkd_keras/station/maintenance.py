"""What the station does by itself, beside the frames."""

import logging
import threading
import time

from rkd_keras.station.clock_watch import ClockWatch
from rkd_keras.station.image_files import prune
from rkd_keras.station.store import StorageFullError, accounts, frame_images, now_ms
from rkd_keras.station.store.store import set_meta

_LOG = logging.getLogger(__name__)

TICK_S = 1.0
PRUNE_EVERY_S = 60.0


class Maintenance:
    """Prunes images; notices a full disk, lost devices and a clock that was set.

    Args:
        store: the `Store`.
        station: this station's identifier.
        files: the `ImageFiles`.
        state: the `StorageState`.
        manager: the `DeviceManager`.
        desk: the `AlarmDesk`.
        metrics: the `Metrics`.
        max_age_ms: greatest age of a kept image, milliseconds.
        max_bytes: greatest size of all kept images, bytes.
        tick_s: seconds between looks. Defaults to `1.0`.
    """

    def __init__(
        self,
        store,
        station,
        files,
        state,
        manager,
        desk,
        metrics,
        max_age_ms,
        max_bytes,
        tick_s=TICK_S,
    ):
        self._store = store
        self._station = station
        self._files = files
        self._state = state
        self._manager = manager
        self._desk = desk
        self._metrics = metrics
        self._max_age_ms = max_age_ms
        self._max_bytes = max_bytes
        self._tick_s = tick_s
        self._lost = set()
        self.clock = ClockWatch()
        self._pruned_at = -PRUNE_EVERY_S
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="maintenance", daemon=True
        )

    def start(self):
        """Start looking."""
        self._thread.start()

    def close(self):
        """Stop looking."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(30)

    def look(self):
        """Look once at everything."""
        self.watch_clock()
        self.watch_devices()
        self.watch_storage()

    def watch_clock(self):
        """Put it on record when the machine's clock was set."""
        step = self.clock.step_s()
        if step:
            way = "forward" if step > 0 else "back"
            text = f"{abs(step):.1f} s {way}"
            _LOG.warning("the clock of this machine was set %s", text)
            self._store.submit(
                lambda c: accounts.record(c, now_ms(), "station", "clock set", text)
            )

    def watch_devices(self):
        """Raise a warning for each device that was lost since the last look."""
        for device in self._manager.all():
            self._metrics.set_device(device.id, device.health)
            if device.health.state == "lost":
                if device.id not in self._lost:
                    self._lost.add(device.id)
                    self._desk.device_lost(device)
            else:
                self._lost.discard(device.id)

    def watch_storage(self):
        """Prune when it is time; set or clear the state of a full disk."""
        try:
            due = time.monotonic() - self._pruned_at >= PRUNE_EVERY_S
            if due or self._files.free_bytes() < 0:
                self._pruned_at = time.monotonic()
                removed = prune(
                    self._store,
                    self._station,
                    self._files,
                    self._max_age_ms,
                    self._max_bytes,
                    now_ms(),
                )
                self._record_pruning(removed)
                with self._store.read() as connection:
                    self._metrics.set(
                        "images_bytes", frame_images.size(connection, self._station)
                    )
            if self._files.free_bytes() < 0:
                raise StorageFullError("the disk is full: free some room")
            if self._state.full:
                self._try_to_store()
        except StorageFullError as error:
            if self._state.set_full(str(error), type(error)):
                _LOG.error("%s; posted frames are refused until then", error)
        self._metrics.set("storage_full", self._state.full)

    def _record_pruning(self, removed):
        if removed:
            text = f"{removed} for age or room; their verdicts stay"
            self._store.submit(
                lambda c: accounts.record(c, now_ms(), "station", "remove images", text)
            )

    def _try_to_store(self):
        name = self._files.write(bytes(4096), ".bmp", now_ms())
        self._files.remove([name])
        self._store.write(lambda c: set_meta(c, "stored_again_ms", str(now_ms())))
        if self._state.clear():
            _LOG.warning("results are stored again")

    def _run(self):
        while not self._stopping.wait(self._tick_s):
            try:
                self.look()
            except Exception:
                _LOG.exception("maintenance failed; it goes on")
