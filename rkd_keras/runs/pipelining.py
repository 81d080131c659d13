"""From a folder of images to a student on the line, in the minutes there are."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from rkd_keras.errors import InputError
from rkd_keras.options import (
    Data,
    Model,
    Option,
    Overwrite,
    Precision,
    Quiet,
    Resume,
    Seed,
    Size,
    SplitSeed,
    checked,
)
from rkd_keras.runs.delivery import compared, export_all, time_all
from rkd_keras.runs.steps import Steps

# Fewer images of a class leave nothing to test or to validate on.
LEAST_IMAGES = 6
FEW_IMAGES = 700
STRIPS = "strips"
TEACHERS = {
    "imagenet": {"model": "efficientnet_lite0", "weights": "imagenet", "size": 224},
    "sarsn34": {"model": "sarsn34", "width": 0.25, "stem_stride": 2},
    "none": None,
}


@dataclass
class Pipeline:
    """What a pipeline left behind.

    Attributes:
        student: the student's `Run`.
        teacher: the teacher's `Run`, or `None`.
        alone: the `Run` of the same student trained without a teacher, or `None`.
        exported: list of `Exported`.
        refused: dict from file name to why it was not written.
        report: path of the report.
        seconds: dict from step to the seconds that it took.

    Example:
        >>> from rkd_keras.runs import Run
        >>> Pipeline(Run("runs/student")).exported
        []
    """

    student: object
    teacher: object = None
    alone: object = None
    exported: list = field(default_factory=list)
    refused: dict = field(default_factory=dict)
    report: Path | None = None
    seconds: dict = field(default_factory=dict)


@checked
def pipeline(
    data: Data,
    out: Annotated[Path, Option("Folder to write.")] = Path("runs/pipeline"),
    minutes: Annotated[float, Option("Minutes that all of it may take.", above=0)] = 15,
    teacher: Annotated[
        str,
        Option(
            "imagenet: the head of a network with ImageNet weights; sarsn34; none: the "
            "student learns alone; auto: imagenet where its extra is installed, else "
            "sarsn34.",
            choices=("auto", *TEACHERS),
        ),
    ] = "auto",
    model: Model = "edge_resnet_small",
    size: Size = 64,
    split: Annotated[
        str | None,
        Option("Split protocol; the data's own parts, or holdout, if left out."),
    ] = None,
    compare: Annotated[
        bool,
        Option("Also train the same student alone for as long, and compare."),
    ] = False,
    epochs: Annotated[
        int | None,
        Option("Epochs of teacher and student; planned if left out.", at_least=1),
    ] = None,
    seed: Seed = 0,
    split_seed: SplitSeed = 0,
    precision: Precision = "auto",
    resume: Resume = False,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> Pipeline:
    """Check, split, teach, distil, calibrate, export, time and report: one command.

    Measures this machine for some seconds, plans the epochs so as to end within the
    minutes, says the plan, and follows it. Each step names the command that does it
    alone. A pipeline that was killed goes on with --resume. The student and its
    report are in the folder's student/.

    Returns:
        A `Pipeline`.

    Raises:
        InputError: when the data cannot make a teacher and a test, or the folder
            holds something else.

    Example:
        >>> pipeline("nowhere", "runs/new")
        Traceback (most recent call last):
        rkd_keras.errors.InputError: nowhere is neither a folder nor a CSV manifest
    """
    from rkd_keras.runs.start_tensorflow import start_tensorflow

    chosen = _teacher() if teacher == "auto" else teacher
    steps = Steps(quiet, 6 + (chosen != "none") + compare)
    steps.begin("Data", f"rkd-keras data check --data {shlex.quote(str(data))}")
    split = _checked_data(data, split, seed, split_seed)
    folder = _opened(out, resume, overwrite)
    common = {
        "size": size,
        "split": split,
        "seed": seed,
        "split_seed": split_seed,
        "precision": precision,
        "batch_size": _batch_size(data, split, seed, split_seed),
        "overwrite": overwrite,
        "quiet": quiet,
    }
    steps.begin("Plan")
    start_tensorflow()
    plan = _planned(folder, data, common, chosen, model, minutes, epochs, compare)
    for sentence in plan.sentences():
        steps.say(sentence)
    result = Pipeline(student=None)
    if chosen != "none":
        result.teacher = _trained(
            steps, "Teacher", data, folder / "teacher",
            {
                **common,
                **TEACHERS[chosen],
                "epochs": plan.teacher_epochs or None,
                "head_views": max(plan.teacher_views, 1),
            },
        )  # fmt: skip
    student = {**common, "model": model, "epochs": plan.student_epochs}
    if compare:
        result.alone = _trained(
            steps, "The student alone, to compare with", data, folder / "alone", student
        )
    if result.teacher is not None:
        student.update(
            teacher=str(result.teacher.path), teacher_views=plan.teacher_views
        )
    result.student = _trained(steps, "Student", data, folder / "student", student)
    export_all(steps, result)
    time_all(steps, result)
    steps.begin("Report", f"rkd-keras report {result.student.path}")
    result.student.write_json("compared.json", compared(result))
    result.report = result.student.report()
    result.seconds = steps.seconds()
    return result


def _teacher():
    """Choose the teacher: ImageNet's knowledge where it is installed."""
    from rkd_keras.models.imagenet_weights import is_installed

    model = TEACHERS["imagenet"]["model"]
    return "imagenet" if is_installed(model) else "sarsn34"


def _checked_data(data, split, seed, split_seed):
    """Return the split protocol; refuse data that no test can be made of."""
    from rkd_keras.data import make_split, open_dataset

    index = open_dataset(data)
    few = [
        f"{name} ({count})"
        for name, count in zip(index.class_names, index.counts(), strict=True)
        if count < LEAST_IMAGES
    ]
    if few:
        raise InputError(
            f"{data} has too few images of {', '.join(few)}: {LEAST_IMAGES} of each "
            "class are the least to train, validate and test on"
        )
    if split is None:
        if len(index) == 1800 and len(index.class_names) == 6:
            split = "neu-600"
        else:
            split = "given" if {"train", "test"} <= set(index.parts) else "holdout"
    made = make_split(index, split, seed, split_seed)
    if len(made.test) == 0:
        raise InputError(f"the split {split} of {data} has no test image; give another")
    return split


def _opened(out, resume, overwrite):
    """Make the folder, or check that it may be written to."""
    import shutil

    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; give a folder with --out")
    # The demo's drawn strips lie beside what is made of them.
    if out.exists() and any(file.name != STRIPS for file in out.iterdir()):
        if not (out / "plan.json").is_file():
            raise InputError(
                f"{out} is not empty and holds no pipeline; give another --out"
            )
        if not (resume or overwrite):
            raise InputError(
                f"{out} holds a pipeline already; continue it with --resume, begin "
                "again with --overwrite, or give another --out"
            )
        if overwrite:
            for name in ("teacher", "alone", "student"):
                shutil.rmtree(out / name, ignore_errors=True)
            (out / "plan.json").unlink()
    out.mkdir(parents=True, exist_ok=True)
    return out


def _batch_size(data, split, seed, split_seed):
    """Few images: smaller batches make more steps of an epoch."""
    from rkd_keras.data import make_split, open_dataset

    made = make_split(open_dataset(data), split, seed, split_seed)
    return 16 if len(made.train) < FEW_IMAGES else None


def _planned(folder, data, common, teacher, model, minutes, epochs, compare):
    """Return the plan that is there, or measure and make one."""
    from dataclasses import replace

    from rkd_keras.runs.plan import (
        ANSWERS_SHARE,
        TEACHER_SHARE,
        Plan,
        make_plan,
        measured,
    )

    plan = Plan.read(folder)
    if plan is not None:
        return plan
    times, images = measured(data, common, TEACHERS[teacher], model)
    if compare:
        # Two students of the same length share what is left.
        times["student_seconds"] *= 2
    # A head learns from the very views whose answers the student needs.
    share = TEACHER_SHARE if teacher == "imagenet" else ANSWERS_SHARE
    plan = make_plan(minutes, images, **times, answers_share=share)
    if epochs is not None:
        plan = replace(
            plan, student_epochs=epochs, teacher_epochs=plan.teacher_epochs and epochs
        )
    plan.write(folder)
    return plan


def _trained(steps, title, data, out, options):
    """Train one network, or take it as it is where it is finished."""
    from rkd_keras.runs.experiment import run_experiment
    from rkd_keras.runs.run import Run
    from rkd_keras.runs.settings import Settings

    settings = Settings(data, out, **options)
    steps.begin(title, settings.command())
    run = Run(out)
    if run.model_path.is_file() and run.scores is not None:
        steps.say("finished already")
        return run
    settings.resume = run.config_path.is_file()
    settings.overwrite = False
    return run_experiment(settings)
