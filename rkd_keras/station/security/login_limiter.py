"""How often a password may be tried."""

import collections
import threading
import time


class LoginLimiter:
    """Counts failed logins per name and address, and per address.

    Args:
        per_name: failures of one name from one address. Defaults to `5`.
        per_address: failures from one address. Defaults to `20`.
        window_s: seconds within which they count. Defaults to `300.0`.
        clock: gives seconds; tests give their own.

    Example:
        >>> limiter = LoginLimiter(per_name=1, clock=lambda: 0.0)
        >>> limiter.failed("10.0.0.9", "ada")
        >>> limiter.wait_s("10.0.0.9", "ada")
        300.0
    """

    MAX_KEYS = 10_000

    def __init__(
        self, per_name=5, per_address=20, window_s=300.0, clock=time.monotonic
    ):
        self._limits = {"name": per_name, "address": per_address}
        self._window_s = window_s
        self._clock = clock
        self._failures = collections.OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, address, name):
        """Return the seconds until the next try is allowed, 0 for now."""
        now = self._clock()
        wait = 0.0
        with self._lock:
            for kind, key in self._keys(address, name):
                times = self._recent(key, now)
                if len(times) >= self._limits[kind]:
                    wait = max(wait, times[0] + self._window_s - now)
        return wait

    def failed(self, address, name):
        """Note a failed login."""
        now = self._clock()
        with self._lock:
            for _, key in self._keys(address, name):
                times = self._recent(key, now)
                times.append(now)
                self._failures[key] = times
                self._failures.move_to_end(key)
            while len(self._failures) > self.MAX_KEYS:
                self._failures.popitem(last=False)

    def succeeded(self, address, name):
        """Forget the failures of a name from an address."""
        with self._lock:
            self._failures.pop((address, name), None)

    @staticmethod
    def _keys(address, name):
        return ("name", (address, name)), ("address", (address,))

    def _recent(self, key, now):
        times = self._failures.get(key, collections.deque())
        while times and now - times[0] >= self._window_s:
            times.popleft()
        return times
