"""Notices when somebody sets the machine's clock."""

import time

from rkd_keras.station.store import now_ms

# A clock that is slewed to the right time moves by half a millisecond a second.
LEAST_STEP_S = 1.0


class ClockWatch:
    """Compares the wall clock with one that never steps.

    Args:
        wall_ms: gives milliseconds since 1970. Defaults to the machine's clock.
        steady_s: gives seconds that never step. Defaults to `time.monotonic`.

    Example:
        >>> wall, steady = iter([0, 1_000, -3_598_000]), iter([0.0, 1.0, 2.0])
        >>> watch = ClockWatch(lambda: next(wall), lambda: next(steady))
        >>> watch.step_s(), watch.step_s()
        (0.0, -3600.0)
    """

    def __init__(self, wall_ms=now_ms, steady_s=time.monotonic):
        self._wall_ms = wall_ms
        self._steady_s = steady_s
        self._offset_s = self._offset()

    def step_s(self):
        """Return by how much the clock was set since the last call, seconds.

        Returns:
            Seconds, negative when it was put back; 0 for less than a second.
        """
        before, self._offset_s = self._offset_s, self._offset()
        step = self._offset_s - before
        return step if abs(step) >= LEAST_STEP_S else 0.0

    def _offset(self):
        return self._wall_ms() / 1000 - self._steady_s()
