"""Live cameras, each in a process of its own."""

from rkd_keras.station.cameras.camera_runner import CameraRunner
from rkd_keras.station.cameras.device_health import STATES, DeviceHealth
from rkd_keras.station.cameras.sources import KINDS, NOT_FETCHED, open_source

__all__ = [
    "KINDS",
    "NOT_FETCHED",
    "STATES",
    "CameraRunner",
    "DeviceHealth",
    "open_source",
]
