"""Trainers: distillation, CycleGAN, schedules, checkpoints."""

from rkd_keras.trainers.cycle_gan import CycleGAN
from rkd_keras.trainers.cycle_gan_checkpoint import CycleGANCheckpoint
from rkd_keras.trainers.distributed.gather import gather_replicas
from rkd_keras.trainers.distributed.loop import ReplicaValidation, fit_replicas
from rkd_keras.trainers.distributed.statistics import (
    ReplicaStatistics,
    set_synchronized,
)
from rkd_keras.trainers.distributed.workers import (
    connect_workers,
    is_chief,
    watch_workers,
)
from rkd_keras.trainers.divergence_guard import DivergenceGuard
from rkd_keras.trainers.image_pool import ImagePool
from rkd_keras.trainers.linear_decay import LinearDecay
from rkd_keras.trainers.presets import PRESETS, Preset, get_preset
from rkd_keras.trainers.rkd_trainer import RKDTrainer
from rkd_keras.trainers.sample_grid import SampleGrid
from rkd_keras.trainers.schedules import WarmupSteps
from rkd_keras.trainers.teacher_cache import TeacherCache
from rkd_keras.trainers.training_checkpoint import TrainingCheckpoint
from rkd_keras.trainers.training_progress import TrainingProgress

__all__ = [
    "CycleGAN",
    "CycleGANCheckpoint",
    "DivergenceGuard",
    "ImagePool",
    "LinearDecay",
    "PRESETS",
    "Preset",
    "RKDTrainer",
    "ReplicaStatistics",
    "ReplicaValidation",
    "SampleGrid",
    "TeacherCache",
    "TrainingCheckpoint",
    "TrainingProgress",
    "WarmupSteps",
    "connect_workers",
    "fit_replicas",
    "gather_replicas",
    "get_preset",
    "is_chief",
    "set_synchronized",
    "watch_workers",
]
