"""A child process that answers one request at a time."""

import contextlib
import multiprocessing
import os
import signal
import threading
import time

from rkd_keras.errors import InputError
from rkd_keras.station.workers.worker_error import WorkerError

_CONTEXT = multiprocessing.get_context("spawn")


class WorkerProcess:
    """Runs a handler in a process of its own and can always be got rid of.

    The child ends when its parent does, even by `kill -9`. A request that takes
    too long, or that kills the child, becomes a `WorkerError`; the next request
    starts a fresh child.

    Args:
        factory: module-level function that makes the handler in the child; the
            handler takes a request and returns a reply, both picklable.
        args: the factory's arguments, picklable. Defaults to `()`.
        name: shown in process lists. Defaults to `"worker"`.
        environment: variables that the child is started with. Defaults to none.
    """

    def __init__(self, factory, args=(), name="worker", environment=None):
        self.name = name
        self.starts = 0
        self._factory = factory
        self._args = args
        self._environment = environment or {}
        self._process = None
        self._connection = None

    @property
    def alive(self):
        """Whether the child runs."""
        return self._process is not None and self._process.is_alive()

    @property
    def pid(self):
        """The child's process id, or `None`."""
        return self._process.pid if self._process is not None else None

    def start(self, timeout_s=60.0):
        """Start the child and wait until its handler is made.

        Returns:
            The handler's attribute `info`, or `None` when it has none.

        Raises:
            InputError: when the factory refused its arguments.
            WorkerError: when the child died or took too long.
        """
        self.stop()
        ours, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(
            target=_serve,
            args=(theirs, self._factory, self._args, os.getpid()),
            name=self.name,
            daemon=True,
        )
        with _environment(self._environment):
            self._process.start()
        theirs.close()
        self._connection = ours
        self.starts += 1
        return self._receive(timeout_s)

    def call(self, request, timeout_s=None):
        """Send a request and wait for its reply.

        Args:
            request: what the handler takes.
            timeout_s: longest wait in seconds, `None` for ever.

        Returns:
            The handler's reply.

        Raises:
            InputError: when the handler raised one.
            WorkerError: when the handler failed, the child died or took too long.
        """
        if not self.alive:
            self.start()
        try:
            self._connection.send(request)
        except (OSError, ValueError) as error:
            self.stop()
            raise WorkerError(f"{self.name} has died", fatal=True) from error
        return self._receive(timeout_s)

    def stop(self):
        """End the child; without it this does nothing."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            self._process.terminate()
            self._process.join(2.0)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
            self._process.close()
            self._process = None

    def _receive(self, timeout_s):
        try:
            if timeout_s is not None and not self._connection.poll(timeout_s):
                self.stop()
                raise WorkerError(
                    f"{self.name} took longer than {timeout_s:g} s", fatal=True
                )
            status, value = self._connection.recv()
        except (EOFError, OSError) as error:
            self.stop()
            raise WorkerError(f"{self.name} has died", fatal=True) from error
        if status == "input":
            raise InputError(value)
        if status == "failed":
            raise WorkerError(f"{self.name} failed: {value}", fatal=False)
        return value


def end_with_parent(parent_pid):
    """Watch the parent in a thread and end this process when it is gone."""

    def watch():
        while os.getppid() == parent_pid:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def _serve(connection, factory, args, parent_pid):
    end_with_parent(parent_pid)
    # A terminal's Ctrl-C reaches the whole group; the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    status, handler = _outcome(factory, *args)
    with contextlib.suppress(OSError, EOFError):
        if status != "done":
            connection.send((status, handler))
            return
        connection.send((status, getattr(handler, "info", None)))
        while True:
            connection.send(_outcome(handler, connection.recv()))


def _outcome(function, *args):
    try:
        return "done", function(*args)
    except InputError as error:
        return "input", str(error)
    except Exception as error:
        return "failed", f"{type(error).__name__}: {error}"[:500]


@contextlib.contextmanager
def _environment(variables):
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
