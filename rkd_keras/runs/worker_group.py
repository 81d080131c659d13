"""Local processes that train together: started, watched and ended together."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

# Seconds that a worker has for its last words, after another failed or Ctrl-C.
PATIENCE = 5.0
OWN_GROUP = (
    {"process_group": 0} if sys.version_info >= (3, 11) else {"start_new_session": True}
)


class WorkerGroup:
    """Workers of one command on this machine.

    Args:
        command: the `rkd-keras` command and its options, a list of strings.
        workers: number of processes.
        threads: threads with which each computes.
        program: what runs the command, a list of words.
        stream: where their output goes. Defaults to standard output.
    """

    def __init__(self, command, workers, threads, program, stream=None):
        self.command = [*program, *command]
        self.workers = workers
        self.threads = threads
        self.stream = stream or sys.stdout
        self.processes = []
        self.stopped = None
        self._lock = threading.Lock()

    def run(self):
        """Run all workers to their end.

        Returns:
            0 when all succeeded; else the status of the first that failed, or 130
            after Ctrl-C.
        """
        before = {
            number: signal.signal(number, self._stop)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            readers = self._start()
            status = self._watch()
            for reader in readers:
                reader.join(PATIENCE)
            return status
        finally:
            self._end(signal.SIGKILL)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start(self):
        addresses = [f"localhost:{port}" for port in free_ports(self.workers)]
        readers = []
        for index in range(self.workers):
            process = subprocess.Popen(
                self.command,
                env=self._environment(addresses, index),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                stdin=subprocess.DEVNULL,
                # Ctrl-C reaches this process alone, which then ends all in order.
                **OWN_GROUP,
            )
            self.processes.append(process)
            reader = threading.Thread(
                target=self._show, args=(index, process), daemon=True
            )
            reader.start()
            readers.append(reader)
        return readers

    def _environment(self, addresses, index):
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        for name in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"):
            environment[name] = str(self.threads)
        if self.workers > 1:
            environment["TF_CONFIG"] = json.dumps(
                {
                    "cluster": {"worker": addresses},
                    "task": {"type": "worker", "index": index},
                }
            )
        else:
            environment.pop("TF_CONFIG", None)
        return environment

    def _show(self, index, process):
        with process.stdout:
            for line in process.stdout:
                self._say(f"[worker {index}] {line.rstrip()}")

    def _say(self, text):
        with self._lock:
            print(text, file=self.stream, flush=True)

    def _watch(self):
        """Wait for the workers; end the others when one fails."""
        while True:
            statuses = [process.poll() for process in self.processes]
            if self.stopped is not None:
                self._end(signal.SIGTERM)
                return 128 + self.stopped
            failed = [i for i, status in enumerate(statuses) if status]
            if failed:
                index = failed[0]
                status = statuses[index]
                self._say(f"worker {index} {_how(status)}; the others are ended")
                self._end(signal.SIGTERM)
                self._say("go on with the same command and --resume")
                return status if status > 0 else 1
            if all(status == 0 for status in statuses):
                return 0
            time.sleep(0.1)

    def _stop(self, number, frame):
        self.stopped = number

    def _end(self, number):
        """Signal the workers that run, and kill those that do not end in time."""
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(number)
        until = time.monotonic() + PATIENCE
        for process in self.processes:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_ports(count):
    """Return ports of this machine that nobody listens on.

    Args:
        count: number of ports.

    Returns:
        List of different port numbers.

    Example:
        >>> len(set(free_ports(3)))
        3
    """
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("localhost", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _how(status):
    if status > 0:
        return f"failed with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"
