"""The state of one device, from when its frames come."""

import collections
import random
import threading
import time
from dataclasses import dataclass, field

STATES = ("stopped", "waiting", "running", "stalled", "lost")
_RATE_WINDOW_S = 5.0


@dataclass
class DeviceHealth:
    """Tells whether a device runs, stalls or is lost, and when to try again.

    - `stopped`: the operator stopped it.
    - `waiting`: it was started and has sent nothing yet.
    - `running`: frames come.
    - `stalled`: no frame for `stall_after_s`.
    - `lost`: no frame for `lost_after_s`, or the camera said so.

    Attributes:
        stall_after_s: seconds without a frame until it counts as stalled.
        lost_after_s: seconds without a frame until it counts as lost.
        patient: whether the device may take for ever to send its first frame, as
            clients that post may.
        clock: gives seconds; tests give their own.
    """

    stall_after_s: float = 2.0
    lost_after_s: float = 10.0
    patient: bool = False
    clock: object = time.monotonic
    frames: int = 0
    skipped: int = 0
    reason: str = ""
    retry_at: float | None = None
    _started_at: float | None = None
    _last_at: float | None = None
    _lost: bool = False
    _attempts: int = 0
    _times: collections.deque = field(default_factory=collections.deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self):
        """Note that the device is to run; what was counted stays."""
        self._started_at = self.clock()
        self._last_at = None
        self._lost = False
        self._attempts = 0
        self.reason = ""
        self.retry_at = None

    def stop(self):
        """Note that the operator stopped the device."""
        self._started_at = None
        with self._lock:
            self._times.clear()
        self.retry_at = None

    def frame(self):
        """Note that a frame came."""
        now = self.clock()
        self.frames += 1
        self._last_at = now
        with self._lock:
            self._times.append(now)
            self._forget(now)
            steady = len(self._times) > 3
        self._lost = False
        self.reason = ""
        self.retry_at = None
        if steady:
            # A camera that only flickers into life keeps its back-off.
            self._attempts = 0

    def lost(self, reason):
        """Note that the source broke off, and plan the next attempt.

        Returns:
            Seconds until the next attempt: 0.5, 1, 2, ... 30, each shortened by
            up to a fifth at random so that cameras do not return in step.
        """
        self._lost = True
        self.reason = reason
        with self._lock:
            self._times.clear()
        delay = min(0.5 * 2**self._attempts, 30.0) * random.uniform(0.8, 1.0)
        self._attempts = min(self._attempts + 1, 10)
        self.retry_at = self.clock() + delay
        return delay

    @property
    def state(self):
        """One of `STATES`."""
        if self._started_at is None:
            return "stopped"
        if self._lost:
            return "lost"
        silence = self.clock() - (self._last_at or self._started_at)
        if self._last_at is None:
            return "waiting" if self.patient or silence < self.lost_after_s else "lost"
        if silence >= self.lost_after_s:
            return "lost"
        return "stalled" if silence >= self.stall_after_s else "running"

    @property
    def frame_rate(self):
        """Frames per second over the last seconds, 0 when there are none."""
        now = self.clock()
        with self._lock:
            self._forget(now)
            if not self._times:
                return 0.0
            span = min(max(now - self._times[0], 1.0), _RATE_WINDOW_S)
            return len(self._times) / span

    def snapshot(self):
        """Return state, rate and counts as a dict."""
        return {
            "state": self.state,
            "frame_rate": round(self.frame_rate, 1),
            "frames": self.frames,
            "skipped": self.skipped,
            "reason": self.reason,
            "retry_in_s": (
                None
                if self.retry_at is None
                else round(max(self.retry_at - self.clock(), 0.0), 1)
            ),
        }

    def _forget(self, now):
        while self._times and now - self._times[0] > _RATE_WINDOW_S:
            self._times.popleft()
