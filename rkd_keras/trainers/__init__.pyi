from .adapted_statistics import adapt_batch_norm
from .answer_folder import AnswerFolder, ViewAnswers
from .batch_parts import BatchParts
from .class_prototype import ClassPrototype, class_prototype
from .cycle_gan import CycleGAN
from .cycle_gan_checkpoint import CycleGANCheckpoint
from .distillation_term import DistillationTerm, standard_terms
from .distributed.gather import gather_replicas
from .distributed.loop import ReplicaValidation, fit_replicas
from .distributed.statistics import (
    ReplicaStatistics,
    set_synchronized,
)
from .distributed.workers import (
    connect_workers,
    is_chief,
    watch_workers,
)
from .divergence_guard import DivergenceGuard
from .domain_adversary import dann, domain_adversary
from .epoch_facts import EpochFacts
from .feature_head import fit_feature_head, logistic_regression
from .fine_tuning import stage_ends, unfrozen
from .frozen_network import frozen_network
from .image_pool import ImagePool
from .imagenet_embedding import imagenet_features
from .line_adaptation import confident_answers, coral, cosine_prototypes
from .linear_decay import LinearDecay
from .momentum_sgd import MomentumSGD
from .out_of_fold import group_folds, head_probabilities, student_probabilities
from .recipe import RECIPES, Recipe, get_recipe
from .rkd_trainer import RKDTrainer
from .sample_grid import SampleGrid
from .schedules import WarmupSteps
from .stored_features import view_features
from .teacher_cache import TeacherCache
from .training_checkpoint import TrainingCheckpoint
from .training_progress import TrainingProgress

__all__ = [
    "AnswerFolder",
    "BatchParts",
    "ClassPrototype",
    "CycleGAN",
    "CycleGANCheckpoint",
    "DistillationTerm",
    "DivergenceGuard",
    "EpochFacts",
    "ImagePool",
    "LinearDecay",
    "MomentumSGD",
    "RECIPES",
    "RKDTrainer",
    "Recipe",
    "ReplicaStatistics",
    "ReplicaValidation",
    "SampleGrid",
    "TeacherCache",
    "TrainingCheckpoint",
    "TrainingProgress",
    "ViewAnswers",
    "WarmupSteps",
    "adapt_batch_norm",
    "class_prototype",
    "confident_answers",
    "connect_workers",
    "coral",
    "cosine_prototypes",
    "dann",
    "domain_adversary",
    "fit_feature_head",
    "fit_replicas",
    "frozen_network",
    "gather_replicas",
    "get_recipe",
    "group_folds",
    "head_probabilities",
    "imagenet_features",
    "is_chief",
    "logistic_regression",
    "set_synchronized",
    "stage_ends",
    "standard_terms",
    "student_probabilities",
    "unfrozen",
    "view_features",
    "watch_workers",
]
