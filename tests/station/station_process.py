"""A whole station on the fake model, as a process: `python station_process.py`."""

import argparse
import contextlib
import http.client
import json
import socket
import subprocess
import sys
import time
from pathlib import Path


def main():
    from station_fakes import make_fake_analyzer, make_fake_jobs, simulate

    from rkd_keras.station import StationConfig
    from rkd_keras.station.asked_devices import make_devices
    from rkd_keras.station.serving import run_station
    from rkd_keras.station.station import Station

    parser = argparse.ArgumentParser()
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--source", nargs="*", default=[])
    parser.add_argument("--device", nargs="*", default=[])
    arguments = parser.parse_args()
    config = StationConfig(arguments.data_dir, port=arguments.port, min_free_bytes=0)
    station = Station(config, make_fake_analyzer, make_fake_jobs, simulate)
    asked = (arguments.source, arguments.device)
    make_devices(station.devices, *asked, 8.0, 0.5, 2.0)
    run_station(station)


class StationProcess:
    """The station as a child; `start` again runs the same command."""

    def __init__(self, data_dir, *options):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.command = [sys.executable, __file__, "--data-dir", str(data_dir)]
        self.command += ["--port", str(self.port), *options]
        self.process = None

    def start(self, timeout_s=180):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"the station ended: {self.process.returncode}")
            with contextlib.suppress(OSError):
                if self.request("GET", "/api/v1/health")[0] == 200:
                    return self
            time.sleep(0.1)
        raise TimeoutError("the station did not start")

    def request(self, method, path, body=None, timeout=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            content = answer.read()
            is_json = "json" in answer.getheader("content-type", "")
            return answer.status, json.loads(content) if is_json else content
        finally:
            connection.close()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)


if __name__ == "__main__":
    main()
