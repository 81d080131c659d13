"""One thread that writes to the database, many jobs to a transaction."""

import queue
import threading
from concurrent.futures import Future

from rkd_keras.station.store.storage_full_error import StorageFullError
from rkd_keras.station.store.store_lost_error import translated

_STOP = object()


class GroupWriter:
    """Runs write jobs in order, as many as are waiting in one transaction.

    A future is resolved only after the commit, so that what was acknowledged is
    on the disk. While one commit runs, further jobs gather, so the cost of a
    commit is shared under load and no job waits for company when it is alone.
    A job that fails alone does not harm its neighbours: the transaction is
    rolled back and each job gets its own.

    Args:
        engine: SQLAlchemy engine.
        max_jobs: most jobs in one transaction. Defaults to `128`.
    """

    def __init__(self, engine, max_jobs=128):
        self.engine = engine
        self.max_jobs = max_jobs
        self._queue = queue.SimpleQueue()
        self._thread = threading.Thread(
            target=self._run, name="store-writer", daemon=True
        )
        self._thread.start()

    @property
    def waiting(self):
        """Number of jobs that have not begun, roughly."""
        return self._queue.qsize()

    def submit(self, job):
        """Queue a job.

        Args:
            job: callable that takes a connection; its result becomes the future's.

        Returns:
            A `concurrent.futures.Future`, resolved after the commit.
        """
        future = Future()
        self._queue.put((job, future))
        return future

    def close(self):
        """Finish what is queued and end the thread."""
        self._queue.put(_STOP)
        self._thread.join()

    def _run(self):
        while True:
            batch, stopping = self._next_batch()
            batch = [(j, f) for j, f in batch if f.set_running_or_notify_cancel()]
            if batch:
                self._write(batch)
            if stopping:
                return

    def _next_batch(self):
        batch = []
        while len(batch) < self.max_jobs:
            try:
                item = self._queue.get(block=not batch)
            except queue.Empty:
                break
            if item is _STOP:
                return batch, True
            batch.append(item)
        return batch, False

    def _write(self, batch):
        try:
            with self.engine.begin() as connection:
                results = [job(connection) for job, _ in batch]
        except Exception as error:
            error = translated(error)
            if len(batch) == 1 or isinstance(error, StorageFullError):
                for _, future in batch:
                    future.set_exception(error)
            else:
                for item in batch:
                    self._write([item])
            return
        for (_, future), result in zip(batch, results, strict=True):
            future.set_result(result)
