"""What the station remembers: one database behind a small interface."""

from rkd_keras.predict.verdict import UNKNOWN
from rkd_keras.station.store import (
    accounts,
    alarms,
    devices,
    frame_images,
    frames,
    reports,
    reviews,
    shifts,
)
from rkd_keras.station.store.frames import FrameFilter
from rkd_keras.station.store.schema import NO_DEFECT
from rkd_keras.station.store.storage_full_error import StorageFullError
from rkd_keras.station.store.store import Store, now_ms
from rkd_keras.station.store.store_lost_error import StoreLostError

__all__ = [
    "NO_DEFECT",
    "UNKNOWN",
    "FrameFilter",
    "StorageFullError",
    "Store",
    "StoreLostError",
    "accounts",
    "alarms",
    "devices",
    "frame_images",
    "frames",
    "now_ms",
    "reports",
    "reviews",
    "shifts",
]
