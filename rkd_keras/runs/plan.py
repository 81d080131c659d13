"""Plan the minutes of a pipeline: how many epochs and views fit, and what they buy."""

import json
import time
from dataclasses import asdict, dataclass

from rkd_keras.errors import InputError

# Seconds of all that is no training: starts of TensorFlow, tracing, four exports with
# their checks, latency, report. Measured with the default student.
FIXED_SECONDS = 110.0
# Share of the training time that the teacher gets, its stored answers included.
TEACHER_SHARE = 0.4
LEAST_EPOCHS, MOST_TEACHER_EPOCHS, MOST_STUDENT_EPOCHS = 8, 60, 400
LEAST_VIEWS, MOST_VIEWS = 2, 32
# Share of the student's time that its teacher's answers may cost.
ANSWERS_SHARE = 0.15


@dataclass(frozen=True)
class Plan:
    """What a pipeline will do.

    Attributes:
        images: training images.
        teacher_epochs: epochs of the teacher, 0 without one.
        teacher_views: seeded views whose answers are stored, 0 without a teacher.
        student_epochs: epochs of the student.
        seconds: time that all of it should take.
    """

    images: int
    teacher_epochs: int
    teacher_views: int
    student_epochs: int
    seconds: float

    def sentences(self):
        """Return the plan in words, a list of sentences."""
        lines = []
        if self.teacher_epochs:
            lines.append(f"teacher: {self.teacher_epochs} epochs")
        if self.teacher_views:
            lines.append(f"teacher's answers to {self.teacher_views} views of an image")
        lines.append(f"student: {self.student_epochs} epochs")
        lines.append(f"about {self.seconds / 60:.0f} minutes in all")
        return lines

    def write(self, run_folder):
        """Keep the plan, so that a continued pipeline follows it."""
        from rkd_keras.files.replacing import replacing

        with replacing(run_folder / "plan.json") as temporary:
            temporary.write_text(json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, run_folder):
        """Read what `write` kept; `None` where there is no plan."""
        path = run_folder / "plan.json"
        if not path.is_file():
            return None
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise InputError(
                f"{path} is damaged; begin again with --overwrite"
            ) from error


def make_plan(
    minutes,
    images,
    teacher_seconds,
    answer_seconds,
    student_seconds,
    answers_share=ANSWERS_SHARE,
):
    """Divide the minutes between teacher and student.

    Args:
        minutes: all that may pass.
        images: training images.
        teacher_seconds: of training the teacher on one image, 0 without a teacher
            that is trained.
        answer_seconds: of one image's answer by the teacher, 0 without a teacher.
        student_seconds: of training the student on one image.
        answers_share: share of the time that is left after the teacher's training
            which its answers may cost. Defaults to `ANSWERS_SHARE`; a teacher whose
            head alone is trained on them gets more.

    Returns:
        A `Plan`. It takes longer than asked for where the least that is useful does.

    Example:
        >>> plan = make_plan(15, 1000, 0.010, 0.003, 0.003)
        >>> plan.teacher_epochs, plan.teacher_views, plan.student_epochs
        (31, 24, 136)
    """
    left = max(60.0 * minutes - FIXED_SECONDS, 0.0)
    teacher_epochs = views = 0
    spent = 0.0
    if teacher_seconds:
        wanted = TEACHER_SHARE * left / (images * teacher_seconds)
        teacher_epochs = _within(wanted, LEAST_EPOCHS, MOST_TEACHER_EPOCHS)
        spent += teacher_epochs * images * teacher_seconds
    if answer_seconds:
        wanted = answers_share * (left - spent) / (images * answer_seconds)
        views = _within(wanted, LEAST_VIEWS, MOST_VIEWS)
        spent += views * images * answer_seconds
    wanted = (left - spent) / (images * student_seconds)
    student_epochs = _within(wanted, LEAST_EPOCHS, MOST_STUDENT_EPOCHS)
    spent += student_epochs * images * student_seconds
    return Plan(images, teacher_epochs, views, student_epochs, spent + FIXED_SECONDS)


def _within(value, least, most):
    return int(min(max(value, least), most))


def seconds_an_image(network, size, batch_size, train, seconds=3.0):
    """Measure how long a network takes for one image.

    Args:
        network: a `keras.Model` for images of that size.
        size: side of the images in pixels.
        batch_size: images per batch.
        train: whether a training step is timed, else an answer.
        seconds: how long to measure, after the first two batches.

    Returns:
        Seconds of one image.
    """
    import keras
    import numpy as np

    images = np.zeros((batch_size, size, size, 3), "float32")
    labels = np.arange(batch_size) % network.output_shape[-1]
    if train:
        # A copy: measuring must leave the weights as they are.
        network = keras.models.clone_model(network)
        network.compile(
            keras.optimizers.AdamW(1e-3),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=False,
        )
        network.optimizer.build(network.trainable_variables)

        def step():
            network.train_on_batch(images, labels)
    else:

        def step():
            network.predict_on_batch(images)

    for _ in range(2):
        step()
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        step()
        count += 1
    return (time.perf_counter() - started) / (count * batch_size)


def measured(data, common, teacher, model):
    """Measure the networks of a pipeline on this machine, for some seconds.

    Args:
        data: the data set.
        common: dict of the settings that all networks share.
        teacher: dict of the teacher's settings, or `None`.
        model: the student's name.

    Returns:
        Pair of a dict of `teacher_seconds`, `answer_seconds` and `student_seconds`,
        each of one image, and the number of training images.
    """
    import keras

    from rkd_keras.data import make_split, open_dataset
    from rkd_keras.models import create_model
    from rkd_keras.runs.precision import choose_precision

    index = open_dataset(data)
    made = make_split(index, common["split"], common["seed"], common["split_seed"])
    size, batch = common["size"], common["batch_size"] or 32
    shape = {"num_classes": len(index.class_names), "input_shape": (size, size, 3)}
    times = {"teacher_seconds": 0.0, "answer_seconds": 0.0}
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(choose_precision(common["precision"]))
    try:
        student = create_model(model, **shape)
        times["student_seconds"] = seconds_an_image(student, size, batch, train=True)
        if teacher is not None:
            options = dict(teacher)
            name, size = options.pop("model"), options.pop("size", size)
            shape["input_shape"] = (size, size, 3)
            head_alone = options.pop("weights", None) == "imagenet"
            network = create_model(name, **shape, **options)
            times["answer_seconds"] = seconds_an_image(network, size, batch, False)
            if not head_alone:
                times["teacher_seconds"] = seconds_an_image(network, size, batch, True)
    finally:
        keras.config.set_dtype_policy(policy)
        keras.backend.clear_session()
    return times, len(made.train)
