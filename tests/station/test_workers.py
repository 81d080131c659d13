import os
import threading
import time

import cv2
import numpy as np
import pytest
from station_fakes import make_echo, make_fake_analyzer
from station_helpers import picture, wait_until

from rkd_keras.errors import InputError
from rkd_keras.station.workers import (
    FrameQueue,
    FrameTask,
    InferencePool,
    QueueFullError,
    WorkerError,
    WorkerProcess,
)


def task(name, size=1):
    return FrameTask(name, size)


def test_posted_frames_keep_their_order():
    queue = FrameQueue()
    for name in "abc":
        queue.put_posted(task(name))
    assert [queue.get().request for _ in range(3)] == ["a", "b", "c"]


def test_of_a_camera_the_newest_frame_wins():
    queue = FrameQueue()
    old, new = task("old"), task("new")
    assert not queue.put_live("camera", old)
    assert queue.put_live("camera", new)
    assert old.future.cancelled()
    assert queue.get().request == "new" and len(queue) == 0


def test_posted_and_live_frames_take_turns():
    queue = FrameQueue()
    for name in ("p1", "p2", "p3"):
        queue.put_posted(task(name))
    queue.put_live("x", task("x1"))
    queue.put_live("y", task("y1"))
    order = [queue.get().request for _ in range(5)]
    assert order == ["p1", "x1", "p2", "y1", "p3"]


def test_cameras_take_turns_however_fast_one_is():
    queue = FrameQueue()
    queue.put_live("slow", task("slow"))
    for number in range(5):
        queue.put_live("fast", task(f"fast{number}"))
    assert [queue.get().request for _ in range(2)] == ["slow", "fast4"]


def test_a_full_queue_refuses_instead_of_dropping():
    queue = FrameQueue(max_frames=2)
    queue.put_posted(task("a"))
    queue.put_posted(task("b"))
    with pytest.raises(QueueFullError):
        queue.put_posted(task("c"))
    assert [queue.get().request for _ in range(2)] == ["a", "b"]


def test_the_queue_is_bounded_in_bytes_but_takes_one_large_frame():
    queue = FrameQueue(max_bytes=100)
    queue.put_posted(task("large", 500))
    with pytest.raises(QueueFullError):
        queue.put_posted(task("small", 1))
    queue.get()
    queue.put_posted(task("small", 1))


def test_closing_the_queue_cancels_and_releases():
    queue = FrameQueue()
    waiting = task("a")
    got = []
    thread = threading.Thread(target=lambda: got.append(queue.get()))
    thread.start()
    queue.close()
    thread.join(5)
    assert got == [None]
    queue.put_posted(waiting)
    queue.close()
    assert waiting.future.cancelled()


def test_a_worker_answers_and_passes_errors_on():
    worker = WorkerProcess(make_echo, ("hello",))
    try:
        assert worker.start(60) == "hello"
        assert worker.call("x", 30) == ("hello", "x")
        with pytest.raises(InputError, match="user's fault"):
            worker.call("input", 30)
        with pytest.raises(WorkerError, match="a bug") as caught:
            worker.call("fail", 30)
        assert not caught.value.fatal and worker.alive
    finally:
        worker.stop()
    assert not worker.alive


def test_a_factory_that_refuses_says_why():
    worker = WorkerProcess(make_fake_analyzer, ("some.tflite", None))
    with pytest.raises(InputError, match="cannot be used"):
        worker.start(60)
    worker.stop()


def test_workers_get_their_environment_and_the_parent_keeps_its_own():
    os.environ.pop("RKD_TEST", None)
    worker = WorkerProcess(make_echo, ("x",), environment={"RKD_TEST": "7"})
    worker.start(60)
    assert worker.call("environment:RKD_TEST", 30) == ("x", "7")
    worker.stop()
    assert "RKD_TEST" not in os.environ


def test_a_worker_ends_with_its_parent():
    outer = WorkerProcess(make_echo, ("outer",))
    outer.start(60)
    grandchild = outer.call("spawn", 60)[1]
    assert alive(grandchild)
    os.kill(outer.pid, 9)
    wait_until(lambda: not alive(grandchild))
    outer.stop()


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().split()[2] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def pool():
    pool = InferencePool(make_fake_analyzer, (None, None), timeout_s=2.0)
    pool.start()
    yield pool
    pool.close()


def test_the_pool_survives_what_frames_do_to_it(pool):
    """A frame that kills, hangs or fails its worker is refused; the next is fine."""
    assert pool.info["name"] == "fake"
    poison = [pool.submit(data_of(name), 1) for name in (b"die", b"fail", b"junk")]
    good = pool.submit(data_of(picture(2)), 1)
    for future in poison:
        with pytest.raises(InputError):
            future.result(60)
    assert len(good.result(60)["defects"]) == 2
    assert pool.restarts == 2  # one for each attempt at the frame that kills
    hangs = pool.submit(data_of(b"hang"), 1)
    with pytest.raises(InputError):
        hangs.result(60)
    wait_until(lambda: pool.alive == 1)
    assert len(pool.submit(data_of(picture(1)), 1).result(60)["defects"]) == 1


def test_a_worker_killed_from_outside_costs_no_frame(pool):
    pids = pool.pids
    futures = [pool.submit(data_of(picture(1, seed=i)), 1) for i in range(30)]
    time.sleep(0.05)
    os.kill(pids[0], 9)
    assert all(len(f.result(60)["defects"]) == 1 for f in futures)


def data_of(data):
    return ("frame", data, None)


def test_a_picture_with_too_many_pixels_is_refused_before_it_is_unpacked():
    limit = {"OPENCV_IO_MAX_IMAGE_PIXELS": "100000"}
    pool = InferencePool(make_fake_analyzer, (None, None), environment=limit)
    pool.start()
    small = cv2.imencode(".png", np.zeros((200, 400), np.uint8))[1].tobytes()
    large = cv2.imencode(".png", np.zeros((8000, 9000), np.uint8))[1].tobytes()
    assert pool.submit(data_of(small), 1).result(60)["width"] == 400
    with pytest.raises(InputError, match="decoded"):
        pool.submit(data_of(large), 1).result(60)
    assert pool.restarts == 0
    pool.close()
