"""Rows, pictures and patience for the station's tests."""

import time

import cv2
import numpy as np

from rkd_keras.station.receipt import Receipt
from rkd_keras.station.store import now_ms


def frame_row(device_id="line-1", **changes):
    return {
        "device_id": device_id,
        "origin": "posted",
        "frame_key": None,
        "received_ms": now_ms(),
        "coil_id": None,
        "position_m": None,
        "width": 400,
        "height": 128,
        "image": None,
        "image_bytes": 0,
        "label": "no_defect",
        "probability": None,
        "severity": 0,
        "decision": "accept",
        "defect_count": 0,
        "analysis_ms": 1.0,
        "model": "abc",
        **changes,
    }


def defect_row(**changes):
    return {
        "label": "scratches",
        "class_name": "scratches",
        "probability": 0.9,
        "unknown_score": None,
        "severity": 3,
        "decision": "review",
        "x": 10,
        "y": 20,
        "width": 30,
        "height": 40,
        "window_x": 0,
        "window_y": 0,
        "window_width": 128,
        "window_height": 128,
        "area": 900.0,
        "perimeter": 140.0,
        "k": 0.16,
        "area_ratio": 1.8,
        "unit": "px",
        "position_m": None,
        "across_mm": None,
        **changes,
    }


def picture(marks=1, shape=(128, 400), seed=0, suffix=".jpg"):
    """An encoded strip with so many dark marks, as the fake analyzer counts them."""
    rng = np.random.default_rng(seed)
    image = rng.integers(150, 170, shape, dtype=np.uint8)
    for number in range(marks):
        x = 20 + 60 * number
        image[40:70, x : x + 30] = 20
    return cv2.imencode(suffix, image)[1].tobytes()


def post(station, device, data, **receipt):
    """Post a frame as the API does; returns its future."""
    return station.ingest.post(Receipt.of(device, "posted", **receipt), data)


def wait_until(condition, timeout_s=60.0):
    """Wait for something that other threads do."""
    until = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError("it did not happen")
        time.sleep(0.02)
