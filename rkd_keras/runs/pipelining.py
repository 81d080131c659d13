"""From a folder of images to a student on the line, in the minutes there are."""

import shlex
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

from rkd_keras.errors import InputError
from rkd_keras.options import (
    LARGEST_SIDE,
    AnyPath,
    AnySize,
    Data,
    Model,
    Option,
    Overwrite,
    Precision,
    Quiet,
    Resume,
    Seed,
    SplitSeed,
    checked,
)
from rkd_keras.runs.delivery import compared, export_all, time_all
from rkd_keras.runs.pipeline_networks import (
    TAUGHT,
    TEACHERS,
    VIEWS,
    batches,
    choose_networks,
    count_unlabelled,
)
from rkd_keras.runs.plan import Plan, Planner
from rkd_keras.runs.start_tensorflow import (
    parts_for,
    start_tensorflow,
    usable_cores,
)
from rkd_keras.runs.steps import Steps

# Fewer images of a class leave nothing to test or to validate on.
LEAST_IMAGES = 6
STRIPS = "strips"


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
    out: Annotated[AnyPath, Option("Folder to write.")] = Path("runs/pipeline"),
    minutes: Annotated[float, Option("Minutes that all of it may take.", above=0)] = 15,
    teacher: Annotated[
        str,
        Option(
            "imagenet: a network with ImageNet weights, tuned; sarsn34; neu: the "
            "package's own student, tuned; none: the student learns alone; auto: "
            "imagenet where its extra is installed, else none where the student starts "
            "from neu, else sarsn34.",
            choices=("auto", *TEACHERS),
        ),
    ] = "auto",
    model: Model = "edge_resnet_small",
    start: Annotated[
        str,
        Option(
            "What the student starts from: neu, the weights of this package, or none; "
            "auto: neu where the network has such and they have seen none of the "
            "images.",
            choices=("auto", "neu", "none"),
        ),
    ] = "auto",
    size: Annotated[
        int | None,
        Option(
            "Side of the student's square input in pixels; if left out 64, or 128, for "
            "the same multiply-adds, where images are larger and ImageNet teaches.",
            at_least=8,
            at_most=LARGEST_SIDE,
        ),
    ] = None,
    split: Annotated[
        str | None,
        Option("Split protocol; the data's own parts, or holdout, if left out."),
    ] = None,
    unlabelled: Annotated[
        AnyPath | None,
        Option(
            "Folder of further images, without labels, on which the student learns "
            "what its teacher says."
        ),
    ] = None,
    any_size: AnySize = False,
    compare: Annotated[
        bool,
        Option("Also train the same student alone, on as many images, and compare."),
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
    from rkd_keras.runs.settings import Settings

    started = time.monotonic()
    # Without a teacher, which the data decide, there is a step less.
    steps = Steps(quiet, 6 + (teacher != "none") + compare)
    steps.begin("Data", f"rkd-keras data check --data {shlex.quote(str(data))}")
    split, images, num_classes = _checked_data(data, split, seed, split_seed)
    # Before anything else loads TensorFlow.
    start_tensorflow(batch_parts=parts_for(32, usable_cores()))
    # What was chosen stays, whatever has been installed meanwhile.
    begun = (Plan.read(out) if resume else None) or Plan(0, 0, 0, 0, 0.0)
    view, start, chosen = choose_networks(
        data, model, size, begun.start or start, begun.teacher or teacher
    )
    if unlabelled and chosen == "none":
        raise InputError(
            "images without labels need a teacher who answers for them; leave "
            "--unlabelled, or give --teacher sarsn34"
        )
    more = count_unlabelled(unlabelled, data, any_size)
    steps.count = 6 + (chosen != "none") + compare
    folder = _opened(out, resume, overwrite)
    common = {
        **VIEWS,
        "split": split,
        "seed": seed,
        "split_seed": split_seed,
        "precision": precision,
        "overwrite": overwrite,
        "quiet": quiet,
    }
    student = Settings(
        data,
        folder / "student",
        model=model,
        **view,
        weights=None if start == "none" else start,
        **batches(images + more),
        **common,
    )
    alone = replace(student, out=str(folder / "alone")) if compare else None
    teacher = None
    if chosen != "none":
        options = {**common, **batches(images), **TEACHERS[chosen]}
        teacher = Settings(data, folder / "teacher", **options)
    steps.begin("Plan")
    steps.say(f"teacher: {chosen}; the student starts from: {start}")
    planner = Planner(
        folder,
        images,
        num_classes,
        student,
        teacher,
        1 + compare,
        {"teacher": chosen, "start": start},
        more,
    )
    plan = planner.make(minutes, epochs)
    for sentence in plan.sentences():
        steps.say(sentence)
    result = Pipeline(student=None)
    if teacher:
        teacher.epochs = plan.teacher_epochs or None
        result.teacher = _trained(steps, "Teacher", teacher)
        # What it took is known now, and how fast the machine is with others on it.
        if epochs is None and not any(
            each and Path(each.out).exists() for each in (student, alone)
        ):
            plan = planner.again(60 * minutes - (time.monotonic() - started))
            steps.say(f"student: {plan.student_epochs} epochs in the time that is left")
    student.epochs = plan.student_epochs
    if alone:
        alone.epochs = plan.alone_epochs
        result.alone = _trained(steps, "The student alone, to compare with", alone)
    if teacher:
        student = replace(
            student,
            teacher=teacher.out,
            teacher_views=plan.teacher_views,
            unlabelled=unlabelled and str(unlabelled),
            any_size=any_size,
            **TAUGHT,
        )
    result.student = _trained(steps, "Student", student)
    export_all(steps, result)
    time_all(steps, result)
    steps.begin("Report", f"rkd-keras report {result.student.path}")
    result.student.write_json("compared.json", compared(result, more))
    result.report = result.student.report()
    result.seconds = steps.seconds()
    return result


def _checked_data(data, split, seed, split_seed):
    """Refuse data that no test can be made of.

    Returns:
        Split protocol, number of training images, number of classes.
    """
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
    return split, len(made.train), len(index.class_names)


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


def _trained(steps, title, settings):
    """Train one network, or take it as it is where it is finished."""
    from rkd_keras.runs.experiment import run_experiment
    from rkd_keras.runs.run import Run

    steps.begin(title, settings.command())
    run = Run(settings.out)
    if run.model_path.is_file() and run.scores is not None:
        steps.say("finished already")
        return run
    settings = replace(settings, resume=run.config_path.is_file(), overwrite=False)
    return run_experiment(settings)
