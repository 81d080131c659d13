"""The teacher's side of a distillation: load it, store its answers, share them."""

import hashlib
from pathlib import Path

from rkd_keras.errors import InputError


def make_trainer(settings, run, student, pipeline, distribution):
    """Make the `RKDTrainer` of a run, and give the pipeline the stored answers.

    Args:
        settings: the run's `Settings`.
        run: the `RunDirectory`.
        student: the network to train.
        pipeline: the `TrainingPipeline`; changed when answers are stored.
        distribution: the `Distribution` over replicas.

    Returns:
        A `RKDTrainer`, not compiled.

    Raises:
        InputError: when there is no teacher, or stored answers are another's.
    """
    from rkd_keras.trainers import RKDTrainer, TeacherCache

    teacher = load_teacher(settings.teacher)
    if settings.teacher_views:
        pipeline.views = settings.teacher_views
        path = Path(settings.teacher_cache or run.path / "teacher_cache.npz")
        made_of = _fingerprint(teacher, pipeline)
        cache = distribution.teacher_cache(
            lambda: TeacherCache.load(path, made_of) if path.exists() else None,
            lambda views: _answers(settings, teacher, pipeline, views),
            pipeline.views,
        )
        if distribution.chief and not path.exists():
            cache.save(path, made_of)
        pipeline.teacher_logits = cache.logits
        pipeline.teacher_embedding = cache.embedding
    return RKDTrainer(
        teacher,
        student,
        settings.temperature,
        settings.hard_weight,
        settings.kd_weight,
        settings.distance_weight,
        settings.angle_weight,
    )


def load_teacher(path):
    """Load a teacher from a `.keras` file or a run directory.

    Args:
        path: the file or the folder.

    Returns:
        A `keras.Model`.

    Raises:
        InputError: when there is none, or it cannot be opened.
    """
    from rkd_keras.predict.keras_backend import load_keras_model

    path = Path(path)
    file = path / "model.keras" if path.is_dir() else path
    if not file.is_file():
        raise InputError(f"no teacher at {file}; train one with rkd-keras train")
    return load_keras_model(file)


def _answers(settings, teacher, pipeline, views):
    from rich.progress import Progress

    from rkd_keras.trainers import TeacherCache

    with Progress(disable=settings.quiet) as bar:
        images = len(views) * len(pipeline.images)
        task = bar.add_task("teacher's answers", total=images)
        return TeacherCache.build(
            teacher,
            (pipeline.view_dataset(view) for view in views),
            progress=lambda count: bar.advance(task, count),
        )


def _fingerprint(teacher, pipeline):
    """Digest of all that the stored answers depend on."""
    import numpy as np

    digest = hashlib.sha256()
    for weight in teacher.weights:
        digest.update(np.ascontiguousarray(weight).tobytes())
    digest.update(np.ascontiguousarray(pipeline.images).tobytes())
    digest.update(repr((pipeline.views, pipeline.seed, pipeline.augment)).encode())
    return digest.hexdigest()
