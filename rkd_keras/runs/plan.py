"""Plan the minutes of a pipeline: how many epochs and views fit, and what they buy."""

import json
from dataclasses import asdict, dataclass, replace

from rkd_keras.errors import InputError
from rkd_keras.runs.speeds import measured

# Seconds until the first training, and of planning anew: starts of TensorFlow, data,
# tracing.
BEGINNING_SECONDS = 60.0
# Seconds of all that follows the last training: four exports with their checks,
# latency, report. Measured with the default student.
ENDING_SECONDS = 75.0
# Seconds that an epoch takes beside its steps: validation, logs, checkpoint.
EPOCH_SECONDS = 0.2
# Share of the training time that the teacher gets; one that is tuned knows a lot.
TEACHER_SHARE, TUNING_SHARE = 0.4, 0.25
LEAST_EPOCHS, MOST_TEACHER_EPOCHS, MOST_STUDENT_EPOCHS = 8, 60, 400
# A network that has learnt of the world needs few, and forgets with more.
LEAST_TUNING_EPOCHS, MOST_TUNING_EPOCHS = 4, 16
# Views that the head of such a network is fitted to.
HEAD_VIEWS = 4
LEAST_VIEWS, MOST_VIEWS = 2, 32
# Where images are few, epochs are short: what is shown at most is then counted in
# images. A tuned teacher's number is of one trial, ten images a class of NEU.
TUNING_IMAGES, STUDENT_IMAGES, ANSWERED_IMAGES = 2_500, 300_000, 20_000
TEACHER_IMAGES = 12_000
# Share of the time that is left after the teacher's training which its answers get.
ANSWERS_SHARE = 0.15


@dataclass(frozen=True)
class Plan:
    """What a pipeline will do.

    Attributes:
        images: training images, those that have a label.
        teacher_epochs: epochs of the teacher, 0 without one.
        teacher_views: seeded views whose answers are stored, 0 without a teacher.
        student_epochs: epochs of the student.
        seconds: time that all of it should take.
        student_seconds: of these the time from the teacher's answers on.
        teacher: the teacher's name among the pipeline's, as it was chosen.
        start: what the student starts from, as it was chosen.
        unlabelled: images without a label that the student learns from as well.
    """

    images: int
    teacher_epochs: int
    teacher_views: int
    student_epochs: int
    seconds: float
    student_seconds: float = 0.0
    teacher: str | None = None
    start: str | None = None
    unlabelled: int = 0

    @property
    def alone_epochs(self):
        """Epochs in which a student without a teacher is shown as many images."""
        return -(-self.student_epochs * self.shown // self.images)

    @property
    def shown(self):
        """Images that an epoch shows to a student with a teacher."""
        return self.images + self.unlabelled

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

    def with_student(self, left, speeds, students=1):
        """Plan the student anew, for the time that is left when its turn comes.

        Args:
            left: seconds for the teacher's answers and the student's training.
            speeds: the `Speeds` of this machine.
            students: students that are trained for so long. Defaults to `1`.

        Returns:
            A `Plan` of other epochs.
        """
        answers = self.teacher_views * self.shown * speeds.answer_seconds
        epoch = students * self.shown * speeds.student_seconds + EPOCH_SECONDS
        # A student alone is shown as many images in more epochs.
        epoch += (students - 1) * EPOCH_SECONDS * self.shown / self.images
        most = max(MOST_STUDENT_EPOCHS, STUDENT_IMAGES // self.shown)
        epochs = _within((left - answers) / epoch, LEAST_EPOCHS, most)
        before = self.seconds - self.student_seconds
        after = answers + epochs * epoch + ENDING_SECONDS
        return replace(
            self,
            # An epoch shows one view.
            teacher_views=min(self.teacher_views, epochs),
            student_epochs=epochs,
            student_seconds=after,
            seconds=before + after,
        )

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
    speeds,
    students=1,
    tuning=False,
    unlabelled=0,
):
    """Divide the minutes between teacher and student.

    Args:
        minutes: all that may pass.
        images: training images.
        speeds: the `Speeds` of this machine.
        students: students that are trained for so long, one after the other.
            Defaults to `1`.
        tuning: whether the teacher has learnt of other images before. Defaults to
            `False`.
        unlabelled: further images that the student learns from. Defaults to `0`.

    Returns:
        A `Plan`. It takes longer than asked for where the least that is useful does.

    Example:
        >>> from rkd_keras.runs.speeds import Speeds
        >>> plan = make_plan(15, 1000, Speeds(0.010, 0.003, 0.003))
        >>> plan.teacher_epochs, plan.teacher_views, plan.student_epochs
        (30, 22, 122)
    """
    left = max(60.0 * minutes - BEGINNING_SECONDS - ENDING_SECONDS, 0.0)
    teacher_epochs = views = 0
    spent = 0.0
    if speeds.teacher_seconds:
        epoch = images * speeds.teacher_seconds + EPOCH_SECONDS
        least, share = LEAST_EPOCHS, TEACHER_SHARE
        most = max(MOST_TEACHER_EPOCHS, TEACHER_IMAGES // images)
        if tuning:
            least, share = LEAST_TUNING_EPOCHS, TUNING_SHARE
            most = max(MOST_TUNING_EPOCHS, TUNING_IMAGES // images)
        teacher_epochs = _within(share * left / epoch, least, most)
        spent += teacher_epochs * epoch
    if speeds.answer_seconds:
        shown = images + unlabelled
        view = shown * speeds.answer_seconds
        most = max(MOST_VIEWS, ANSWERED_IMAGES // shown)
        views = _within(ANSWERS_SHARE * (left - spent) / view, LEAST_VIEWS, most)
        if tuning:
            # What the head is fitted to, before the rest is tuned.
            spent += HEAD_VIEWS * images * speeds.answer_seconds
    before = BEGINNING_SECONDS + spent
    plan = Plan(images, teacher_epochs, views, 0, before, unlabelled=unlabelled)
    return plan.with_student(left - spent, speeds, students)


def _within(value, least, most):
    return int(min(max(value, least), most))


class Planner:
    """Make a pipeline's plan, keep it, and make it anew when half is done.

    Args:
        folder: the pipeline's folder; a plan that lies in it is followed.
        images: training images.
        num_classes: number of classes.
        student: the student's `Settings`.
        teacher: the teacher's `Settings`, or `None`.
        students: students that are trained for so long.
        chosen: dict of what a continued pipeline must choose again: the `teacher` and
            the `start` of the plan.
        unlabelled: images without a label that the student learns from as well.
            Defaults to `0`.
    """

    def __init__(
        self,
        folder,
        images,
        num_classes,
        student,
        teacher,
        students,
        chosen,
        unlabelled=0,
    ):
        self.chosen, self.unlabelled = chosen, unlabelled
        self.folder, self.images, self.num_classes = folder, images, num_classes
        self.student, self.teacher, self.students = student, teacher, students
        self.plan = self.speeds = None

    def make(self, minutes, epochs=None):
        """Return the plan that is there, or measure and make one.

        Args:
            minutes: all that may pass.
            epochs: epochs of teacher and student, `None` to plan them.

        Returns:
            A `Plan`.
        """
        self.plan = Plan.read(self.folder)
        if self.plan is not None:
            return self.plan
        self.speeds = measured(self.student, self.num_classes, self.teacher)
        speeds = self.speeds
        tuning = self.teacher is not None and self.teacher.weights == "imagenet"
        plan = make_plan(
            minutes, self.images, speeds, self.students, tuning, self.unlabelled
        )
        if epochs is not None:
            plan = replace(
                plan,
                student_epochs=epochs,
                teacher_epochs=plan.teacher_epochs and epochs,
                teacher_views=min(plan.teacher_views, epochs),
            )
        return self._keep(replace(plan, **self.chosen))

    def again(self, left):
        """Plan the student anew.

        Args:
            left: seconds of all the minutes that are left.

        Returns:
            A `Plan`.
        """
        before = self.speeds
        # A continued pipeline has measured nothing yet.
        teacher = None if before else self.teacher
        speeds = measured(self.student, self.num_classes, teacher)
        if before is not None and self.teacher is not None:
            # What slows the student down slows the teacher's answers down.
            slower = speeds.student_seconds / before.student_seconds
            speeds = replace(speeds, answer_seconds=slower * before.answer_seconds)
        left -= ENDING_SECONDS
        return self._keep(self.plan.with_student(left, speeds, self.students))

    def _keep(self, plan):
        plan.write(self.folder)
        self.plan = plan
        return plan
