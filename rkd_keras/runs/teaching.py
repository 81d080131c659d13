"""The teacher's side of a distillation: load it, check it, store its answers."""

import hashlib
import math
from dataclasses import dataclass, replace
from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.files.model_file import model_file
from rkd_keras.runs.run import Run

# What a student takes over from its teacher unless it is told otherwise.
INHERITED = ("data", "split", "groups", "seed", "split_seed", "val_fraction")


@dataclass
class Teacher:
    """A trained model to learn from.

    Attributes:
        file: its `.keras` file.
        run: the `Run` that it was trained in, or `None` for a lone file.
    """

    file: Path
    run: Run | None

    @classmethod
    def open(cls, settings):
        """Find the teacher of some settings.

        Args:
            settings: a `Settings`; `teacher` is a run directory or a `.keras` file.

        Returns:
            A `Teacher`.

        Raises:
            InputError: when there is none.
        """
        file = model_file(settings.teacher)
        if file.suffix != ".keras" or not file.is_file():
            raise InputError(
                f"no teacher at {file}; train one with rkd-keras train, or give its "
                ".keras file"
            )
        run = Run(file.parent)
        return cls(file, run if run.split else None)

    @property
    def class_names(self):
        """Names of the classes in the teacher's order, `None` when unknown."""
        if self.run:
            return self.run.class_names
        from rkd_keras.predict.containers import read_contents

        if read_contents(self.file).card_text is None:
            return None
        from rkd_keras.predict import read_card

        return tuple(read_card(self.file)["class_names"])

    def inherited(self):
        """Return what a student takes over: a dict of settings."""
        if self.run is None or self.run.settings is None:
            return {}
        return {name: getattr(self.run.settings, name) for name in INHERITED}

    def check(self, settings, index, split):
        """Refuse a teacher that has learnt from the images the student is tested on.

        Args:
            settings: the student's `Settings`.
            index: the student's `ImageIndex`.
            split: the student's `Split`.

        Raises:
            InputError: when test images of the student are training or validation
                images of the teacher.
        """
        if self.run is None:
            return
        from rkd_keras.data import match_recorded

        trained = set(match_recorded(index, self.run.split).trained.tolist())
        known = [i for i in split.test if i in trained]
        if known:
            raise InputError(
                f"{len(known)} of {len(split.test)} test images are training images of "
                f"the teacher {self.run.path} (such as {index.files[known[0]]}); give "
                "its own data, split and split seed, which are the default"
            )

    def load(self, settings, num_classes):
        """Open the model.

        Args:
            settings: the student's `Settings`.
            num_classes: the student's number of classes.

        Returns:
            A `keras.Model`.

        Raises:
            InputError: when its input or its classes are not the student's.
        """
        from rkd_keras.models import load_model

        model = load_model(self.file)
        if model.input_shape[1:3] != (settings.size, settings.size) and not (
            settings.teacher_views
        ):
            shown = "x".join(str(side) for side in model.input_shape[1:3])
            raise InputError(
                f"the teacher {self.file} takes images of {shown} pixels and the "
                f"student {settings.size}x{settings.size}; store its answers with "
                "--teacher-views 8, or give the size of the teacher"
            )
        if model.output_shape[-1] != num_classes:
            raise InputError(
                f"the teacher {self.file} knows {model.output_shape[-1]} classes and "
                f"the data has {num_classes}; distil it on images of its own classes"
            )
        return model

    def make_trainer(self, settings, run, student, pipeline, files, distribution):
        """Make the `RKDTrainer` of a run, and its pipeline with the stored answers.

        Args:
            settings: the run's `Settings`.
            run: the `Run`.
            student: the network to train.
            pipeline: the `TrainingPipeline`.
            files: the files of its images; what the pipeline has beyond them was
                made.
            distribution: the `Distribution` over replicas.

        Returns:
            Pair of a `RKDTrainer`, not compiled, and the `TrainingPipeline`, with
            answers where they are stored.

        Raises:
            InputError: when stored answers are another's; see also `load`.
        """
        from rkd_keras.trainers import RKDTrainer

        teacher = self.load(settings, student.output_shape[-1])
        if settings.teacher_views:
            shown = _resized(
                *(pipeline, files, teacher.input_shape[1:3]),
                *(settings.memory_mb, run.path),
            )
            cache = self._stored_answers(settings, run, teacher, shown, distribution)
            pipeline = pipeline.with_teacher(cache.logits, cache.embedding)
        trainer = RKDTrainer(
            teacher,
            student,
            settings.temperature,
            settings.hard_weight,
            settings.kd_weight,
            settings.distance_weight,
            settings.angle_weight,
            unlabelled=bool(settings.unlabelled),
            batch_parts=settings.batch_parts,
        )
        return trainer, pipeline

    def _stored_answers(self, settings, run, teacher, pipeline, distribution):
        """Read the answers to all views, after making those that are not there."""
        from rkd_keras.models import tapped
        from rkd_keras.progress import shown_progress
        from rkd_keras.trainers import AnswerFolder
        from rkd_keras.trainers.teacher_cache import answering

        kept = distribution.chief and settings.teacher_cache
        folder = AnswerFolder(
            kept or run.teacher_cache,
            _fingerprint(teacher, pipeline),
            len(pipeline.images),
            *(output.shape[-1] for output in tapped(teacher).outputs),
        )
        views = settings.teacher_views
        known = self._answers_of_features(teacher, pipeline, views)
        total = len(folder.missing(views)) * len(pipeline.images)
        done = 0
        with shown_progress("teacher's answers", settings.quiet or not total) as show:

            def progress(count):
                nonlocal done
                done += count
                show(done, total)

            pixels = total * math.prod(pipeline.images.shape[1:3])
            answer = answering(teacher, progress=progress, pixels=pixels)

            def answers(view):
                return known(view) if known else answer(pipeline.view_dataset(view))

            return distribution.teacher_cache(folder, answers, views)

    def _answers_of_features(self, teacher, pipeline, views):
        """Find the answers in the features that the head learnt on, if it did."""
        from rkd_keras.runs.transfer import answers_of_features

        found = self.run and answers_of_features(self.run, teacher, pipeline, views)
        return found and (lambda view: [found(view)])


def _resized(pipeline, files, size, memory_mb=None, store=None):
    """Return the pipeline whose views the teacher sees: its size, else the same.

    A view is a function of the image and the seed, in shares of the image's side, so
    that the source image at two sizes gives one view at two sizes.
    """
    import numpy as np

    from rkd_keras.data import open_images
    from rkd_keras.data.streamed_images import joined_images
    from rkd_keras.files.images import resize_image

    if pipeline.images.shape[1:3] == size:
        return pipeline
    images, _ = open_images(files, size, True, memory_mb, store)
    made = [resize_image(image, size) for image in pipeline.images[len(files) :]]
    if made:
        images = joined_images(images, np.stack(made))
    return replace(pipeline, images=images)


def _fingerprint(teacher, pipeline):
    """Digest of all that a stored answer depends on, beside the view's number."""
    import numpy as np

    from rkd_keras.data.streamed_images import update_digest

    digest = hashlib.sha256()
    for weight in teacher.weights:
        digest.update(np.ascontiguousarray(weight).tobytes())
    update_digest(digest, pipeline.images)
    made_by = (pipeline.images.shape, pipeline.seed, pipeline.augment)
    digest.update(repr(made_by).encode())
    return digest.hexdigest()
