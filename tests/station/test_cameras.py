import itertools
import time
from functools import partial

import cv2
import numpy as np
import pytest
from station_fakes import broken_simulation, simulate, stuck_simulation
from station_helpers import picture, wait_until

from rkd_keras.errors import InputError
from rkd_keras.files.images import decode_image
from rkd_keras.station.cameras import CameraRunner, DeviceHealth, open_source


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def health(clock):
    return DeviceHealth(stall_after_s=2, lost_after_s=10, clock=clock)


def test_states_follow_the_frames(health, clock):
    assert health.state == "stopped"
    health.start()
    assert health.state == "waiting"
    health.frame()
    assert health.state == "running"
    clock.now += 2.5
    assert health.state == "stalled"
    clock.now += 8
    assert health.state == "lost"
    health.frame()
    assert health.state == "running"
    health.stop()
    assert health.state == "stopped"


def test_a_camera_that_never_sends_is_lost_but_a_client_may_take_its_time(clock):
    impatient, patient = (
        DeviceHealth(clock=clock),
        DeviceHealth(patient=True, clock=clock),
    )
    for health in (impatient, patient):
        health.start()
    clock.now += 60
    assert (impatient.state, patient.state) == ("lost", "waiting")


def test_back_off_doubles_up_to_half_a_minute_and_resets(health):
    health.start()
    delays = [health.lost("gone") for _ in range(9)]
    ideal = [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert all(0.8 * i <= d <= i for d, i in zip(delays, ideal, strict=True))
    assert health.state == "lost" and health.snapshot()["reason"] == "gone"
    health.frame()
    assert health.lost("again") > 20  # it only flickered
    for _ in range(5):
        health.frame()
    assert health.lost("again") <= 0.5
    assert 0 < health.snapshot()["retry_in_s"] <= 0.5


def test_the_frame_rate_is_that_of_the_last_seconds(health, clock):
    health.start()
    for _ in range(50):
        clock.now += 0.1
        health.frame()
    assert health.frame_rate == pytest.approx(10, rel=0.05)
    clock.now += 20
    assert health.frame_rate == 0
    assert health.frames == 50


def test_a_folder_is_played_round_and_round_as_its_files_are(tmp_path):
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(picture(number))
    (tmp_path / "3.tiff").write_bytes(picture(1, suffix=".tiff"))
    (tmp_path / "4.png").write_bytes(b"broken")
    source = open_source({"kind": "folder", "path": tmp_path, "fps": 1000})
    frames = list(itertools.islice(source, 10))
    assert frames[0] == picture(0) == frames[5]
    assert decode_image(frames[3]).shape == (128, 400, 3)
    assert frames[4] == b"broken"


def test_a_source_is_paced(tmp_path):
    (tmp_path / "a.jpg").write_bytes(picture())
    source = open_source({"kind": "folder", "path": tmp_path, "fps": 20})
    started = time.monotonic()
    list(itertools.islice(source, 5))
    assert time.monotonic() - started >= 4 / 20 - 0.01


def test_a_video_is_played_round_and_round(tmp_path):
    path = str(tmp_path / "strip.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"MJPG"), 200, (64, 32))
    for level in (40, 120, 200):
        writer.write(np.full((32, 64, 3), level, np.uint8))
    writer.release()
    source = open_source({"kind": "video", "path": path, "fps": 500})
    levels = [decode_image(f).mean() for f in itertools.islice(source, 7)]
    np.testing.assert_allclose(levels, [40, 120, 200, 40, 120, 200, 40], atol=6)


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "video", "path": "/does/not/exist.mp4"},
        {"kind": "nonsense"},
        {"kind": "folder", "path": "/does/not/exist"},
    ],
)
def test_a_source_that_cannot_be_opened_says_so(spec):
    with pytest.raises(InputError):
        next(open_source(spec))


@pytest.fixture
def run():
    runners = []

    def start(simulation, lost_after_s=5.0):
        frames = []
        health = DeviceHealth(stall_after_s=1, lost_after_s=lost_after_s)
        source = {"kind": "simulated", "fps": 50}
        runner = CameraRunner("c", source, health, frames.append, simulation)
        runner.start()
        runners.append(runner)
        return runner, frames

    yield start
    for runner in runners:
        runner.stop()


def test_a_camera_runs_in_a_process_of_its_own(run):
    runner, frames = run(simulate)
    wait_until(lambda: len(frames) > 5)
    assert runner.health.state == "running"
    assert decode_image(frames[0]).shape == (128, 400, 3)
    runner.stop()
    assert runner.health.state == "stopped" and runner.pid is None


def test_a_camera_that_breaks_off_comes_back(run, tmp_path):
    runner, frames = run(partial(broken_simulation, tmp_path / "attempts"))
    wait_until(lambda: len(frames) >= 12)
    assert len((tmp_path / "attempts").read_text()) >= 3
    assert runner.health.frames == len(frames)


def test_a_camera_that_hangs_is_killed_and_replaced(run, tmp_path):
    runner, frames = run(partial(stuck_simulation, tmp_path / "attempts"), 3.0)
    wait_until(lambda: len(frames) >= 2, timeout_s=40)
    first = runner.pid
    wait_until(lambda: len(frames) >= 3, timeout_s=40)
    assert runner.pid != first


def test_a_handler_that_fails_does_not_stop_the_camera(run):
    seen = []

    def on_frame(data):
        seen.append(data)
        raise ValueError("a bug")

    runner, _ = run(simulate)
    runner._on_frame = on_frame
    wait_until(lambda: len(seen) > 3)
    assert runner.health.state == "running"
