"""Child processes: inference and long jobs, kept apart from pages and cameras."""

from rkd_keras.station.workers.frame_queue import (
    FrameQueue,
    FrameTask,
    QueueFullError,
)
from rkd_keras.station.workers.inference_pool import InferencePool
from rkd_keras.station.workers.worker_error import WorkerError
from rkd_keras.station.workers.worker_process import WorkerProcess, end_with_parent

__all__ = [
    "FrameQueue",
    "FrameTask",
    "InferencePool",
    "QueueFullError",
    "WorkerError",
    "WorkerProcess",
    "end_with_parent",
]
