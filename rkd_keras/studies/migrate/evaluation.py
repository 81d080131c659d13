"""Does migration help a line with few labels: the public function."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rkd_keras.options import AnyPath, AnyPaths, checked
from rkd_keras.runs.run import Run
from rkd_keras.studies.migrate.settings import EvaluationSettings


@dataclass(frozen=True)
class Evaluated:
    """What an evaluation of migrated samples found.

    Attributes:
        path: its folder, with `table.md` and `figures`.
        rows: list of dicts, one a training: `arm`, `shots`, `seed`, `accuracy`,
            `gmean`, `recall`, `images`.
        distances: dict from kind of sample to `fid`, `kid` and `images`; `None`
            without a classifier.
        table: the tables, as Markdown.

    Example:
        >>> Evaluated(Path("out"), [], None, "| trained on |").path.name
        'out'
    """

    path: Path
    rows: list
    distances: dict | None
    table: str


class EvaluationFolder(Run):
    """The folder of an evaluation: `results.jsonl`, a row a training, and tables."""

    @property
    def results_path(self) -> Path:
        """Path of the finished trainings."""
        return self.path / "results.jsonl"

    @property
    def table_path(self) -> Path:
        """Path of the tables."""
        return self.path / "table.md"

    def clear(self):
        """Remove what an evaluation wrote here; files of anybody else stay."""
        self.results_path.unlink(missing_ok=True)
        self.table_path.unlink(missing_ok=True)
        super().clear()


@checked(of=EvaluationSettings)
def evaluate(
    a: AnyPath,
    b: AnyPath,
    rename: list[str] | dict[str, str],
    background: AnyPaths,
    out: AnyPath,
    **options: Any,
) -> Evaluated:
    """Train with few real line-B samples, alone and with migrated ones, and compare.

    All trainings of a seed are tested on the same line-B images, which nothing was
    trained on. Writes results.jsonl (a row per training), table.md, metrics.json
    and figures; a killed evaluation goes on with --resume.

    Returns:
        `Evaluated`: the folder, the rows and the tables.

    Raises:
        OptionError: for an option outside of its range.
        InputError: when the data cannot be used, a class is unknown, or the folder
            holds something else.

    Example:
        >>> import pathlib, tempfile
        >>> from rkd_keras.data.synthetic import write_dataset
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> line = write_dataset(folder / "strips", per_class=4, size=32)
        >>> plain = line / "IMAGES" / "patches_1.jpg"
        >>> classes = {"inclusion": "inclusion", "scratches": "scratches"}
        >>> small = {"width": 0.0625, "steps": 2, "size": 32, "quiet": True}
        >>> evaluated = evaluate(
        ...     line, line, classes, plain, folder / "out", shots="0", seeds=1, **small
        ... )
        >>> [row["arm"] for row in evaluated.rows]
        ['source', 'blend']
    """
    from rkd_keras.runs.start_tensorflow import start_tensorflow
    from rkd_keras.studies.migrate.lines import open_lines

    settings = EvaluationSettings(a, b, rename, background, out, **options)
    open_lines(settings)  # which refuses what cannot be compared
    if settings.frozen:
        from rkd_keras.models.imagenet_weights import imagenet_arrays

        imagenet_arrays("efficientnet_lite0")  # which says how they are installed
    start_tensorflow()
    with EvaluationFolder.begin(
        settings.out, settings.to_config(), settings.resume, settings.overwrite
    ) as folder:
        folder.keep_images(_images_of(settings))
        return _evaluate(settings, folder)


def _images_of(settings):
    """All images that an evaluation is of."""
    from rkd_keras.data import open_dataset
    from rkd_keras.files.images import list_images

    return {
        "line A": open_dataset(settings.a).files,
        "line B": open_dataset(settings.b).files,
        "the background": list_images(settings.background),
    }


def _evaluate(settings, folder):
    import keras

    from rkd_keras.runs.precision import choose_precision
    from rkd_keras.studies.migrate.distances import measure_distances
    from rkd_keras.studies.migrate.experiment import run_trainings
    from rkd_keras.studies.migrate.lines import load_lines
    from rkd_keras.studies.migrate.report import write_results

    lines = load_lines(settings)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(choose_precision(settings.precision))
    try:
        rows = run_trainings(settings, lines, folder.results_path)
    finally:
        keras.config.set_dtype_policy(policy)
    distances = measure_distances(settings, lines) if settings.classifier else None
    table = write_results(folder, rows, distances, lines.class_names)
    return Evaluated(folder.path, rows, distances, table)
