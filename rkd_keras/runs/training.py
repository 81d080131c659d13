"""Train a classifier, or distil one: the first two functions of the Python API."""

from pathlib import Path
from typing import Any

from rkd_keras.errors import InputError
from rkd_keras.options import checked
from rkd_keras.runs.run import Run
from rkd_keras.runs.settings import DISTILLATION, Settings


@checked(of=Settings, without=DISTILLATION, model="sarsn34")
def train(data: str | Path, out: str | Path, **options: Any) -> Run:
    """Train a classifier and score it.

    Writes a run directory: settings, split, history, checkpoints, TensorBoard
    logs, model.keras and metrics.json. A killed run goes on with --resume.

    Returns:
        The finished `Run`.

    Raises:
        InputError: when an option or the data cannot be used, or the folder holds a
            run already.

    Example:
        >>> import pathlib, tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> data = write_dataset(folder / "strips", per_class=9, size=32)
        >>> run = train(
        ...     data, folder / "run", model="resnet18", width=0.0625, stem_stride=2,
        ...     size=32, epochs=1, quiet=True,
        ... )
        >>> run.scores["images"], run.model.output_shape
        (18, (None, 6))
    """
    from rkd_keras.runs.experiment import run_experiment

    return run_experiment(Settings(data, out, **options))


@checked(
    of=Settings,
    **dict.fromkeys(("split", "seed", "split_seed", "val_fraction")),
)
def distill(
    teacher: Run | str | Path,
    out: str | Path,
    data: str | Path | None = None,
    **options: Any,
) -> Run:
    """Distil a teacher into a small student by relations and probabilities.

    Data, split, seeds and the order of the classes are the teacher's own
    unless they are given, so that the student is tested on images that neither has
    seen; a teacher that has learnt from the student's test images is refused. The
    teacher may take larger images than the student: each sees the same views of the
    source images at its own size.

    Returns:
        The finished `Run`.

    Raises:
        InputError: when an option, the data or the teacher cannot be used together,
            or the folder holds a run already.

    Example:
        >>> import pathlib, tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> data = write_dataset(folder / "strips", per_class=9, size=32)
        >>> small = {"width": 0.0625, "stem_stride": 2, "epochs": 1, "quiet": True}
        >>> teacher = train(data, folder / "teacher", size=32, **small)
        >>> student = distill(
        ...     teacher, folder / "student", teacher_views=2, size=48, **small
        ... )
        >>> student.settings.size, student.split == teacher.split
        (48, True)
    """
    from rkd_keras.runs.experiment import run_experiment
    from rkd_keras.runs.teaching import INHERITED, Teacher

    if isinstance(teacher, Run):
        teacher = teacher.path
    given = {"data": data, **options}
    plain = Settings("", out, teacher=teacher)
    inherited = Teacher.open(plain).inherited()
    for name in INHERITED:
        if given[name] is None:
            given[name] = inherited.get(name, getattr(plain, name))
    if not given["data"]:
        raise InputError(
            f"the teacher {teacher} does not tell its images; give them with --data"
        )
    return run_experiment(Settings(out=out, teacher=teacher, **given))
