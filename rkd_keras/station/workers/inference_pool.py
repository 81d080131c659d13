"""Inference in processes of its own, fed from one queue."""

import logging
import threading
import time

from rkd_keras.errors import InputError
from rkd_keras.station.workers.frame_queue import FrameQueue, FrameTask
from rkd_keras.station.workers.worker_error import WorkerError
from rkd_keras.station.workers.worker_process import WorkerProcess

_LOG = logging.getLogger(__name__)

MAX_ATTEMPTS = 2


class InferencePool:
    """Keeps workers alive and hands them frames.

    One thread per worker takes a task, sends it, and waits. A worker that dies
    or hangs is replaced; its frame is tried once more, and when that kills a
    worker too the frame is refused, so that one poisonous frame cannot stop the
    line.

    Args:
        factory: makes the handler in the worker, see `WorkerProcess`.
        args: its arguments.
        workers: number of processes. Defaults to `1`.
        timeout_s: longest time for one frame, seconds. Defaults to `10.0`.
        queue: a `FrameQueue`. Defaults to a new one.
        environment: variables for the workers. Defaults to none.
    """

    def __init__(
        self, factory, args=(), workers=1, timeout_s=10.0, queue=None, environment=None
    ):
        self.queue = queue if queue is not None else FrameQueue()
        self.timeout_s = timeout_s
        self.info = None
        self._closed = False
        self._workers = [
            WorkerProcess(factory, args, f"inference-{i}", environment)
            for i in range(workers)
        ]
        self._threads = []

    @property
    def restarts(self):
        """How often a worker had to be replaced."""
        return sum(max(worker.starts - 1, 0) for worker in self._workers)

    @property
    def alive(self):
        """How many workers run."""
        return sum(worker.alive for worker in self._workers)

    @property
    def pids(self):
        """The workers' process ids."""
        return [worker.pid for worker in self._workers]

    def start(self):
        """Start the workers and wait until they are ready.

        Raises:
            InputError: when the model cannot be used.
            WorkerError: when a worker cannot start.
        """
        for worker in self._workers:
            self.info = worker.start()
        for worker in self._workers:
            thread = threading.Thread(
                target=self._feed, args=(worker,), name=worker.name, daemon=True
            )
            thread.start()
            self._threads.append(thread)

    def submit(self, request, size):
        """Queue a posted frame.

        Args:
            request: what the handler takes.
            size: bytes that it holds.

        Returns:
            `concurrent.futures.Future` of the handler's reply.

        Raises:
            QueueFullError: when too many wait.
        """
        task = FrameTask(request, size)
        self.queue.put_posted(task)
        return task.future

    def offer(self, camera, request, size):
        """Queue a camera's newest frame in place of an older one.

        Returns:
            `(future, replaced)`: the future is cancelled when a newer frame
            comes first; `replaced` tells whether this one did that.
        """
        task = FrameTask(request, size)
        return task.future, self.queue.put_live(camera, task)

    def close(self):
        """Cancel what waits and end the workers."""
        self._closed = True
        self.queue.close()
        for thread in self._threads:
            thread.join(self.timeout_s + 5)
        for worker in self._workers:
            worker.stop()

    def _feed(self, worker):
        delay = 0.1
        while (task := self.queue.get()) is not None:
            future = task.future
            if not task.attempts and not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(worker.call(task.request, self.timeout_s))
                delay = 0.1
                continue
            except InputError as error:
                future.set_exception(error)
                continue
            except WorkerError as error:
                self._failed(task, error)
            if not worker.alive and not self._closed:
                delay = self._restart(worker, delay)

    def _failed(self, task, error):
        task.attempts += 1
        if not error.fatal:
            _LOG.error("analysis failed: %s", error)
        if not error.fatal or task.attempts >= MAX_ATTEMPTS:
            task.future.set_exception(
                InputError("the frame cannot be analysed; it was not stored")
            )
            return
        _LOG.warning("%s; the frame is tried once more", error)
        self.queue.put_back(task)

    def _restart(self, worker, delay):
        while not self._closed:
            try:
                self.info = worker.start()
                return 0.1
            except (WorkerError, InputError) as error:
                _LOG.error("%s cannot start: %s", worker.name, error)
                time.sleep(delay)
                delay = min(delay * 2, 10.0)
        return delay
