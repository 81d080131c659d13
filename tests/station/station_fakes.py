"""What stands in for the model in tests: module-level, so children can import it."""

import itertools
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.files.images import decode_image, encode_image
from rkd_keras.station.jobs import JobHandler

CLASS_NAMES = ["inclusion", "scratches"]


class FakeAnalyzer:
    """Finds dark rectangles; severity is their number, at most 5."""

    info = {"name": "fake", "class_names": CLASS_NAMES}

    def __call__(self, request):
        data, mm_per_pixel = request[1:3]
        if data == b"die":
            os._exit(3)
        if data == b"hang":
            time.sleep(60)
        if data == b"fail":
            raise ValueError("a bug")
        image = decode_image(data, "the frame")
        dark = (image[..., 0] < 80).astype(np.uint8)
        count, _, stats, _ = cv2.connectedComponentsWithStats(dark)
        severity = min(count - 1, 5)
        height, width = image.shape[:2]
        side = min(height, width)
        scale = mm_per_pixel or 1.0
        defects = []
        for x, y, w, h, area in stats[1:].tolist():
            perimeter = 2 * (w + h) * scale
            defects.append(
                {
                    "label": "scratches",
                    "class_name": "scratches",
                    "probability": 0.9,
                    "unknown_score": None,
                    "severity": severity,
                    "decision": "reject" if severity >= 4 else "review",
                    "x": x,
                    "y": y,
                    "width": w,
                    "height": h,
                    "window_x": min(x, width - side),
                    "window_y": 0,
                    "window_width": side,
                    "window_height": side,
                    "area": area * scale**2,
                    "perimeter": perimeter,
                    "k": perimeter / (area * scale**2),
                    "area_ratio": 100 * area / (width * height),
                    "unit": "mm" if mm_per_pixel else "px",
                }
            )
        decision = "accept" if not defects else defects[0]["decision"]
        return {
            "width": width,
            "height": height,
            "decision": decision,
            "defects": defects,
            "image": None,
            "analysis_ms": 1.0,
            "model": "fake",
        }


class LocalPool:
    """As `InferencePool`, but in this process: quick to start."""

    def __init__(self, factory, args, workers, timeout_s, queue, environment):
        self._handler = factory(*args)
        self._threads = ThreadPoolExecutor(1)
        self.info, self.queue, self.restarts = self._handler.info, queue, 0
        self.alive, self.pids = 0, []

    def start(self):
        self.alive = 1

    def submit(self, request, size):
        return self._threads.submit(self._handler, request)

    def offer(self, camera, request, size):
        return self.submit(request, size), False

    def close(self):
        self._threads.shutdown()


def make_fake_analyzer(model, grading_file):
    """As `make_analyzer`."""
    if model is not None:
        raise InputError("this model cannot be used")
    return FakeAnalyzer()


def simulate(seed):
    """A strip with one mark in every second frame."""
    rng = np.random.default_rng(seed)
    number = 0
    while True:
        image = rng.integers(150, 170, (128, 400), dtype=np.uint8)
        if number % 2:
            image[40:70, 100:130] = 20
        number += 1
        yield image


class Echo:
    def __init__(self, info):
        self.info = info

    def __call__(self, request):
        if request == "input":
            raise InputError("the user's fault")
        if request == "fail":
            raise ValueError("a bug")
        if request.startswith("environment:"):
            return self.info, os.environ.get(request.partition(":")[2])
        if request == "spawn":
            child = subprocess.Popen([sys.executable, "-c", _CHILD, str(os.getpid())])
            return self.info, child.pid
        return self.info, request


_CHILD = """
import sys, time
from rkd_keras.station.workers import end_with_parent
end_with_parent(int(sys.argv[1]))
time.sleep(600)
"""


def make_echo(info):
    return Echo(info)


def broken_simulation(path, seed):
    """Break off after four frames; count the attempts in a file."""
    with open(path, "a") as file:
        file.write("x")
    yield from itertools.islice(simulate(seed), 4)


def stuck_simulation(path, seed):
    """Hang after two frames."""
    yield from itertools.islice(simulate(seed), 2)
    time.sleep(600)


class FakeJobs(JobHandler):
    """Without a model: samples as they are, made-up scores."""

    def _augment(self, samples, seed):
        images = [self._cut_out(sample) for sample in samples]
        return [
            {"title": f"view {n}", "png": encode_image(image)}
            for n, image in enumerate(images)
        ]

    def _explain(self, sample):
        return self._augment([sample], 0)

    def _evaluate(self, folder):
        matrix = [[9, 1], [0, 10]]
        scores = {"accuracy": 0.95, "macro_recall": 0.95, "gmean": 0.949}
        names = {"class_names": CLASS_NAMES, "confusion_matrix": matrix}
        return {**scores, **names, "images": 20}


def make_fake_jobs(config):
    """As `make_jobs`."""
    return FakeJobs(config)
