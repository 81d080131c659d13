"""Whether results can be stored just now."""

import threading
from dataclasses import dataclass, field

from rkd_keras.station.store import StorageFullError


@dataclass
class StorageState:
    """Shared by all who store: set when nothing can be stored, cleared when it can.

    That is so while the disk is full or the database server does not answer.

    Attributes:
        full: whether nothing can be stored.
        reason: why, for people.
        kind: the `StorageFullError` or its subclass that said so.
        lost_live: live verdicts that were shown but could not be stored.
    """

    full: bool = False
    reason: str = ""
    kind: type = StorageFullError
    lost_live: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def set_full(self, reason, kind=StorageFullError):
        """Note that storing failed; returns whether that is news."""
        with self._lock:
            news = not self.full
            self.full, self.reason, self.kind = True, reason, kind
        return news

    def clear(self):
        """Note that storing works again; returns whether that is news."""
        with self._lock:
            news = self.full
            self.full, self.reason = False, ""
        return news
