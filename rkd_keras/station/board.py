"""The newest verdicts of each device, for pages that look on."""

import asyncio
import collections
import threading
import time
from dataclasses import dataclass

WORST_S = 2.0
KEPT_S = 10.0
MAX_KEPT = 1000
_RANKS = {"accept": 0, "review": 1, "invalid": 2, "reject": 3}


@dataclass(frozen=True)
class _Shown:
    number: int
    at_s: float
    record: dict


class Board:
    """Holds the verdicts of the last seconds in memory, so that looking costs no disk.

    Args:
        clock: gives seconds that never step. Defaults to `time.monotonic`.

    Example:
        >>> board = Board()
        >>> board.show("line-1", {"decision": "reject", "severity": 5}, b"")
        >>> board.show("line-1", {"decision": "accept", "severity": 0}, b"")
        >>> board.worst("line-1")["decision"], len(board.since("line-1", 1))
        ('reject', 1)
    """

    def __init__(self, clock=time.monotonic):
        self._clock = clock
        self._kept = collections.defaultdict(collections.deque)
        self._latest = {}
        self._number = 0
        self._lock = threading.Lock()

    def show(self, device_id, record, image):
        """Put up a device's newest frame.

        Args:
            device_id: the device.
            record: the frame as a dict.
            image: its encoded image.
        """
        with self._lock:
            self._number += 1
            now, kept = self._clock(), self._kept[device_id]
            kept.append(_Shown(self._number, now, record))
            while len(kept) > MAX_KEPT or now - kept[0].at_s > KEPT_S:
                kept.popleft()
            self._latest[device_id] = (self._number, record, image)

    def _shown(self, device_id):
        with self._lock:
            return list(self._kept.get(device_id, ()))

    def latest(self, device_id):
        """Return `(number, record, image)` of a device, or `None`.

        Numbers grow with every frame that is put up.
        """
        return self._latest.get(device_id)

    def since(self, device_id, number):
        """Return every record with a higher number that is still kept, oldest first.

        They are kept for ten seconds. A number that was never given, as of before
        the station was started anew, counts as 0.
        """
        number = number if number <= self._number else 0
        kept = self._shown(device_id)
        return [shown.record for shown in kept if shown.number > number]

    def worst(self, device_id):
        """Return the worst record of the last two seconds, the newest of equals.

        Returns:
            A record; the newest one when none came in that time, or `None`.
        """
        kept = self._shown(device_id)
        if not kept:
            return None
        since = self._clock() - WORST_S
        recent = [s for s in kept if s.at_s >= since] or kept[-1:]
        return max(recent, key=lambda s: (*badness(s.record), s.number)).record

    async def newer(self, device_id, number, wait_s, changed=lambda: False):
        """Wait for a frame with a higher number.

        Args:
            device_id: the device.
            number: as of `latest`; one that was never given counts as 0.
            wait_s: seconds to wait at most.
            changed: ends the wait as soon as it returns true. Defaults to never.

        Returns:
            As `latest`, or `None` when none came in time.
        """
        number = number if number <= self._number else 0
        until = time.monotonic() + wait_s
        while True:
            latest = self._latest.get(device_id)
            if latest is not None and latest[0] > number:
                return latest
            if time.monotonic() >= until or changed():
                return None
            await asyncio.sleep(0.03)


def badness(record):
    """Return what orders verdicts: the decision first, then the severity.

    A picture that cannot be judged comes after a reject and before a review.
    """
    return _RANKS[record["decision"]], record["severity"]
