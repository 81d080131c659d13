"""What was acknowledged is there after `kill -9`; see benchmarks/station/crash.py."""

import sqlite3
import threading
import time

import pytest
from station_helpers import picture, wait_until
from station_process import StationProcess


@pytest.mark.slow
def test_kill_9_under_load_loses_nothing_acknowledged(tmp_path):
    station = StationProcess(tmp_path / "data", "--device", "A", "B")
    answered = {}
    for number in range(2):
        station.start()
        children = _children(station.process.pid)
        stopping = threading.Event()

        def post(device, number=number, stopping=stopping):
            count = 0
            while not stopping.is_set():
                key = f"{number}-{device}-{count}"
                count += 1
                path = f"/api/v1/devices/{device}/frames?frame_key={key}"
                try:
                    status, frame = station.request("POST", path, picture(count % 4))
                except OSError:
                    return
                if status == 201:
                    answered[key] = frame["id"]

        threads = [threading.Thread(target=post, args=(d,)) for d in ("a", "b")]
        for thread in threads:
            thread.start()
        before = len(answered)
        wait_until(lambda before=before: len(answered) > before + 20, 120)
        time.sleep(0.05 * number)
        station.kill()
        stopping.set()
        for thread in threads:
            thread.join()
        wait_until(lambda children=children: not any(map(_alive, children)))
        _check(tmp_path / "data", answered)
    station.start()
    status, found = station.request("GET", "/api/v1/frames?limit=500")
    station.stop()
    assert status == 200 and len(found["frames"]) >= min(len(answered), 500)


def _check(data_dir, answered):
    database = sqlite3.connect(data_dir / "station.db")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    rows = database.execute("SELECT frame_key, id, image FROM frames").fetchall()
    database.close()
    stored = {key: (frame_id, image) for key, frame_id, image in rows}
    assert {key: stored[key][0] for key in answered} == answered
    assert all((data_dir / "images" / stored[key][1]).is_file() for key in answered)


def _children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
