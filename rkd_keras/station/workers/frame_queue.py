"""Which frame is analysed next."""

import collections
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field


class QueueFullError(RuntimeError):
    """No more posted frames can be taken in just now."""


@dataclass
class FrameTask:
    """A frame that waits for its verdict.

    Attributes:
        request: what the worker takes.
        size: bytes it holds.
        future: gets the worker's reply.
        attempts: how often a worker has died over it.
    """

    request: object
    size: int
    future: Future = field(default_factory=Future)
    attempts: int = 0


class FrameQueue:
    """Posted frames wait in line and are never dropped; of a camera's, the newest.

    A live frame replaces the one of the same camera that still waits, whose
    future is cancelled. When both kinds wait they take turns, and cameras take
    turns among themselves, so that nobody starves.

    Args:
        max_frames: most posted frames that may wait. Defaults to `256`.
        max_bytes: most bytes that they may hold. Defaults to 256 MiB.
    """

    def __init__(self, max_frames=256, max_bytes=256 * 2**20):
        self.max_frames = max_frames
        self.max_bytes = max_bytes
        self._posted = collections.deque()
        self._live = collections.OrderedDict()
        self._bytes = 0
        self._live_is_next = False
        self._closed = False
        self._changed = threading.Condition()

    def __len__(self):
        """Return the number of frames that wait."""
        return len(self._posted) + len(self._live)

    def put_posted(self, task):
        """Add a posted frame at the end of the line.

        Raises:
            QueueFullError: when too many wait; the frame was not taken.
        """
        with self._changed:
            full = len(self._posted) >= self.max_frames
            if full or (self._posted and self._bytes + task.size > self.max_bytes):
                raise QueueFullError(
                    f"{len(self._posted)} frames wait for analysis; post more slowly"
                )
            self._posted.append(task)
            self._bytes += task.size
            self._changed.notify()

    def put_live(self, camera, task):
        """Add a camera's newest frame.

        Returns:
            Whether an older one had to make way.
        """
        with self._changed:
            # Assigning keeps the camera's place in the round.
            older = self._live.get(camera)
            self._live[camera] = task
            self._changed.notify()
        if older is not None:
            older.future.cancel()
        return older is not None

    def put_back(self, task):
        """Put a task that a worker died over at the head of the line."""
        with self._changed:
            self._posted.appendleft(task)
            self._bytes += task.size
            self._changed.notify()

    def get(self):
        """Wait for the next task; `None` once the queue is closed."""
        with self._changed:
            while not (self._posted or self._live or self._closed):
                self._changed.wait()
            if self._closed:
                return None
            take_live = self._live and (self._live_is_next or not self._posted)
            self._live_is_next = not take_live
            if take_live:
                return self._live.popitem(last=False)[1]
            task = self._posted.popleft()
            self._bytes -= task.size
            return task

    def close(self):
        """Cancel what waits and release everyone in `get`."""
        with self._changed:
            self._closed = True
            waiting = [*self._posted, *self._live.values()]
            self._posted.clear()
            self._live.clear()
            self._changed.notify_all()
        for task in waiting:
            task.future.cancel()
