"""Runs one live camera in a process of its own and brings it back when lost."""

import contextlib
import logging
import multiprocessing
import os
import signal
import threading

from rkd_keras.data.synthetic.camera import simulate_strip
from rkd_keras.errors import InputError
from rkd_keras.station.cameras.sources import open_source
from rkd_keras.station.workers import end_with_parent

_LOG = logging.getLogger(__name__)
_CONTEXT = multiprocessing.get_context("spawn")
_POLL_S = 0.25
# Starting a process and opening a camera takes a while on a busy machine.
_START_S = 30.0


class CameraRunner:
    """Reads a camera in a child process; one that hangs is killed and replaced.

    Args:
        name: for messages.
        source: the source's description, see `open_source`.
        health: the device's `DeviceHealth`.
        on_frame: called with each encoded image, in this runner's thread.
        simulate: see `open_source`.
    """

    def __init__(self, name, source, health, on_frame, simulate=simulate_strip):
        self.name = name
        self.health = health
        self._source = source
        self._on_frame = on_frame
        self._simulate = simulate
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"camera-{name}", daemon=True
        )
        self.pid = None

    def start(self):
        """Start reading."""
        self.health.start()
        self._thread.start()

    def stop(self):
        """Stop reading and wait until the child is gone."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(10)
        self.health.stop()

    def _run(self):
        while not self._stopping.is_set():
            reason = self._read()
            if self._stopping.is_set():
                return
            delay = self.health.lost(reason)
            _LOG.warning("%s: %s; next try in %.1f s", self.name, reason, delay)
            self._stopping.wait(delay)

    def _read(self):
        """Run one child until it is lost; return why."""
        ours, theirs = _CONTEXT.Pipe()
        process = _CONTEXT.Process(
            target=_camera,
            args=(theirs, self._source, self._simulate, os.getpid()),
            name=f"camera-{self.name}",
            daemon=True,
        )
        process.start()
        self.pid = process.pid
        theirs.close()
        try:
            return self._receive(ours)
        finally:
            ours.close()
            process.kill()
            process.join()
            process.close()
            self.pid = None

    def _receive(self, connection):
        silence, patience = 0.0, max(_START_S, self.health.lost_after_s)
        while not self._stopping.is_set():
            try:
                if not connection.poll(_POLL_S):
                    silence += _POLL_S
                    if silence >= patience:
                        return f"no frame for {silence:.0f} s"
                    continue
                kind, value = connection.recv()
            except (EOFError, OSError):
                return "the camera process ended"
            if kind == "lost":
                return value
            silence, patience = 0.0, self.health.lost_after_s
            self.health.frame()
            try:
                self._on_frame(value)
            except Exception:
                _LOG.exception("%s: a frame could not be handled", self.name)
        return "stopped"


def _camera(connection, source, simulate, parent_pid):
    end_with_parent(parent_pid)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    reason = "the source ended"
    with contextlib.suppress(OSError, EOFError):
        try:
            for data in open_source(source, simulate):
                connection.send(("frame", data))
        except InputError as error:
            reason = str(error)
        except OSError:
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"[:200]
        connection.send(("lost", reason))
