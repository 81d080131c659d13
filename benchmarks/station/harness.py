"""Start the real station as a process and post frames to it over loopback."""

import http.client
import json
import queue
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

HOST = "127.0.0.1"


def free_port():
    """Return a TCP port that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def load_frames(folder=None, count=240, seed=0):
    """Return encoded frames to post.

    Args:
        folder: images to read; `None` draws strips of 400x128.
        count: most frames. Defaults to `240`.
        seed: of the drawn strips.
    """
    from rkd_keras.files.images import list_images

    if folder is not None:
        return [file.read_bytes() for file in list_images(folder)[:count]]
    import cv2

    from rkd_keras.data.synthetic.camera import simulate_strip

    frames = simulate_strip(seed)
    drawn = [cv2.imencode(".jpg", next(frames))[1].tobytes() for _ in range(count)]
    frames.close()
    return drawn


class StationProcess:
    """`rkd-keras serve` as a child process; the same command starts it again.

    Args:
        data_dir: its data folder.
        devices: names of devices whose frames are posted.
        model: model file, `None` for the student of the package.
        more: further options. Defaults to none.
    """

    def __init__(self, data_dir, devices, model=None, more=()):
        self.port = free_port()
        self.data_dir = Path(data_dir)
        command = [sys.executable, "-m", "rkd_keras.cli.app", "serve"]
        command += ["--data-dir", str(data_dir), "--port", str(self.port)]
        for device in devices:
            command += ["--device", device]
        if model is not None:
            command += ["--model", str(model)]
        self.command = [*command, *more]
        self.process = None

    def start(self, timeout_s=120.0):
        """Start it and wait until it answers; returns the seconds it took."""
        started = time.monotonic()
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"the station ended with {self.process.returncode}")
            try:
                if self.get("/api/v1/health", timeout=1)["status"] == "ok":
                    return time.monotonic() - started
            except OSError:
                pass
            if time.monotonic() - started > timeout_s:
                raise RuntimeError("the station did not start")
            time.sleep(0.05)

    def get(self, path, timeout=30):
        """Return what the API answers."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=timeout)
        try:
            connection.request("GET", path)
            content = connection.getresponse().read()
            return json.loads(content) if path.startswith("/api") else content.decode()
        finally:
            connection.close()

    def kill(self):
        """`kill -9`."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """End it as Ctrl-C does."""
        self.process.terminate()
        self.process.wait(60)


@dataclass
class Load:
    """What became of the frames that were posted.

    Attributes:
        answered: `{key: frame id}` of every frame that was acknowledged.
        latencies: seconds from sending to the answer.
        delays: seconds from when a frame was due to the answer.
        refused: answers other than 201, by status.
        broken: posts without an answer.
    """

    answered: dict = field(default_factory=dict)
    latencies: list = field(default_factory=list)
    delays: list = field(default_factory=list)
    refused: dict = field(default_factory=dict)
    broken: int = 0


class LoadGenerator:
    """Posts frames at a fixed rate per device, whatever the answers take.

    Args:
        port: the station's port.
        devices: ids of the devices.
        fps: frames per second and device.
        frames: list of encoded images to choose from.
        prefix: begin of every frame's key.
        connections: connections per device. Defaults to `4`.
    """

    def __init__(self, port, devices, fps, frames, prefix, connections=4):
        self.load = Load()
        self._port = port
        self._devices = devices
        self._fps = fps
        self._frames = frames
        self._prefix = prefix
        self._connections = connections
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads = []

    def start(self):
        """Begin to post."""
        for number, device in enumerate(self._devices):
            due = queue.SimpleQueue()
            threads = [threading.Thread(target=self._clock, args=(number, due))]
            threads += [
                threading.Thread(target=self._post, args=(device, due))
                for _ in range(self._connections)
            ]
            for thread in threads:
                thread.daemon = True
                thread.start()
            self._threads += threads

    def stop(self):
        """Stop, and wait for the answers on their way; returns the `Load`."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)
        return self.load

    def _clock(self, number, due):
        # Cameras are not in step with each other.
        start = time.monotonic() + number / self._fps / len(self._devices)
        count = 0
        while not self._stopping.is_set():
            at = start + count / self._fps
            time.sleep(max(at - time.monotonic(), 0))
            due.put((at, count))
            count += 1
        for _ in range(self._connections):
            due.put(None)

    def _post(self, device, due):
        rng = np.random.default_rng()
        connection = http.client.HTTPConnection(HOST, self._port, timeout=30)
        while (item := due.get()) is not None:
            at, count = item
            key = f"{self._prefix}-{device}-{count}"
            data = self._frames[rng.integers(len(self._frames))]
            path = f"/api/v1/devices/{device}/frames?frame_key={key}"
            sent = time.monotonic()
            try:
                connection.request("POST", path, data)
                answer = connection.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                with self._lock:
                    self.load.broken += 1
                if self._stopping.is_set():
                    return
                time.sleep(0.02)
                continue
            now = time.monotonic()
            with self._lock:
                if answer.status == 201:
                    self.load.answered[key] = json.loads(content)["id"]
                    self.load.latencies.append(now - sent)
                    self.load.delays.append(now - at)
                else:
                    status = self.load.refused
                    status[answer.status] = status.get(answer.status, 0) + 1


def check_store(data_dir, answered):
    """Compare the database with what was acknowledged.

    Args:
        data_dir: the station's data folder.
        answered: `{key: frame id}`.

    Returns:
        Dict `integrity` (SQLite's own check), `missing` (acknowledged frames that
        are not stored, or under another id) and `without_image`.
    """
    import sqlite3

    database = sqlite3.connect(Path(data_dir) / "station.db")
    try:
        integrity = database.execute("PRAGMA integrity_check").fetchone()[0]
        rows = database.execute(
            "SELECT frame_key, id, image FROM frames WHERE frame_key IS NOT NULL"
        ).fetchall()
    finally:
        database.close()
    stored = {key: (frame_id, image) for key, frame_id, image in rows}
    images = Path(data_dir) / "images"
    return {
        "integrity": integrity,
        "stored": len(stored),
        "missing": [k for k, i in answered.items() if stored.get(k, (None,))[0] != i],
        "without_image": [
            k for k in answered if k in stored and not (images / stored[k][1]).is_file()
        ],
    }
