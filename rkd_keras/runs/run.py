"""A run: what lies in its folder, read and written in one place."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rkd_keras.errors import InputError
from rkd_keras.runs.run_folder import RunFolder
from rkd_keras.runs.settings import Settings

if TYPE_CHECKING:
    import keras
    import numpy as np

    from rkd_keras.predict import Predictor
    from rkd_keras.runs.exporting import Exported


class Run(RunFolder):
    """The folder of one training, and the rule that nothing is overwritten.

    | file | what it holds |
    |---|---|
    | `config.json` | all settings, the seed, the versions |
    | `split.json` | the images of the three parts |
    | `history.csv`, `tensorboard/` | a row for each epoch |
    | `checkpoints/` | the last state whole, the best weights |
    | `model.keras` | the model, with its card |
    | `metrics.json`, `metrics_*.json`, `figures/` | scores and figures |
    | `exports.json` | which files were exported and how well they agree |
    | `benchmark.json` | times |
    | `report.html` | all of it, for a reader |

    Args:
        path: the folder. Nothing is read before it is asked for.

    Attributes:
        path: the folder, a `Path`.
        left_out: number of images that the training which this object comes from
            could not decode.

    Example:
        >>> Run("runs/student").path.name
        'student'
    """

    left_out = 0

    def __repr__(self) -> str:
        """Return how the run is opened again."""
        return f"open_run({str(self.path)!r})"

    # What it holds.

    @property
    def config(self) -> dict[str, Any] | None:
        """The dict of `config.json`, `None` when there is none."""
        return self._read("config.json", dict)

    @property
    def settings(self) -> Settings | None:
        """The `Settings` of the training, `None` when they are not known."""
        return None if self.config is None else Settings.from_config(self.config)

    @property
    def split(self) -> dict[str, Any] | None:
        """The dict of `split.json`, or `None`.

        Returns:
            Dict of `class_names` and of the parts `train`, `val` and `test`, lists of
            dicts with `file`, `path`, `sha256` and `label`.
        """
        return self._read("split.json", dict)

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """Names of the classes, in the order of their labels; `None` if unknown."""
        if self.split:
            return tuple(self.split["class_names"])
        if self.scores:
            return tuple(self.scores["class_names"])
        if self.model_path.is_file():
            from rkd_keras.predict import read_card

            return tuple(read_card(self.model_path)["class_names"])
        return None

    @property
    def history(self) -> dict[str, np.ndarray]:
        """Dict from column to array `(epochs,)`; empty before the first epoch."""
        if not self.history_path.is_file():
            return {}
        from rkd_keras.evaluate import read_history

        return read_history(self.history_path)

    @property
    def scores(self) -> dict[str, Any] | None:
        """The dict of `metrics.json`, `None` before the run was scored."""
        return self._read("metrics.json", dict)

    @property
    def noise(self) -> list[dict[str, Any]]:
        """Scores under noise: list of the dicts of `metrics_*.json`."""
        files = sorted(self.path.glob("metrics_*.json"))
        found = (self._read(file.name, dict) for file in files)
        return [scores for scores in found if "noise" in scores]

    @property
    def exports(self) -> list[dict[str, Any]]:
        """Exported files: list of dicts with `file`, `size_bytes`, `equal_verdicts`."""
        return self._read("exports.json", list) or []

    @property
    def benchmark(self) -> dict[str, Any] | None:
        """The dict of `benchmark.json`, `None` before the files were timed."""
        return self._read("benchmark.json", dict)

    @property
    def compared(self) -> list[dict[str, Any]]:
        """Networks that a pipeline trained beside this one.

        Returns:
            List of dicts with `name`, `accuracy`, `parameters`, `images` that it learnt
            from and `epochs`.
        """
        return self._read("compared.json", list) or []

    @functools.cached_property
    def model(self) -> keras.Model:
        """The trained `keras.Model`, not compiled.

        Raises:
            InputError: when the training is not finished, or the file is damaged.
        """
        from rkd_keras.runs.start_tensorflow import start_tensorflow

        if not self.model_path.is_file():
            raise InputError(
                f"{self.path} holds no model.keras; train it to its end with --resume"
            )
        start_tensorflow()
        from rkd_keras.models import load_model

        return load_model(self.model_path)

    def predictor(self, threads: int = 1) -> Predictor:
        """Open the trained model to classify images.

        Args:
            threads: processor threads. Defaults to `1`.

        Returns:
            A `rkd_keras.predict.Predictor`.
        """
        from rkd_keras.predict import load

        return load(self.model_path, threads=threads)

    def is_run(self) -> bool:
        """Whether the folder holds something of a run."""
        names = ("config.json", "metrics.json", "history.csv", "model.keras")
        return any((self.path / name).is_file() for name in names)

    def check_finished(self) -> None:
        """Refuse a run that is not finished.

        Raises:
            InputError: the model is missing, or `split.json`, which tells its images.
        """
        if self.split is None or not self.model_path.is_file():
            raise InputError(
                f"{self.path} lacks model.keras or split.json, which tells its images; "
                "give a finished run"
            )

    def write_model(
        self,
        model: keras.Model,
        class_names: Sequence[str],
        card: dict[str, Any] | None = None,
    ) -> None:
        """Write `model.keras` with its card; it appears whole or not at all.

        Args:
            model: a `keras.Model`.
            class_names: names of its classes.
            card: its card, `None` for one without decisions. Defaults to `None`.
        """
        from rkd_keras.files.replacing import replacing
        from rkd_keras.predict.card import new_card, write_card

        with replacing(self.model_path) as temporary:
            model.save(temporary)
            write_card(temporary, card or new_card(class_names, model.input_shape[1:]))
        self.__dict__.pop("model", None)

    def add_export(self, row: dict[str, Any]) -> None:
        """Note an exported file, in the place of an earlier one of its name.

        Args:
            row: dict with `file` and what is known of it.
        """
        rows = [each for each in self.exports if each["file"] != row["file"]]
        self.write_json("exports.json", [*rows, row])

    # What is done with it.

    def evaluate(self, split: str = "test", **options: Any) -> dict[str, Any]:
        """Score the model; see `rkd_keras.runs.evaluate`.

        Args:
            split: `"test"`, `"val"`, `"train"` or `"all"`. Defaults to `"test"`.
            **options: further options of `rkd_keras.runs.evaluate`.

        Returns:
            The dict of `metrics.json`.
        """
        from rkd_keras.runs.evaluation import evaluate

        return evaluate(self.path, split=split, **options)

    def export(self, out: str | Path | None = None, **options: Any) -> Exported:
        """Write the model for the line; see `rkd_keras.runs.export`.

        Args:
            out: file to write. Defaults to `None`: beside the model, by `format`.
            **options: further options of `rkd_keras.runs.export`.

        Returns:
            An `Exported`, whose `path` is the file.
        """
        from rkd_keras.runs.exporting import export

        return export(self.path, out, **options)

    def report(self, out: str | Path | None = None, **options: Any) -> Path:
        """Write the report; see `rkd_keras.runs.report`.

        Args:
            out: file to write. Defaults to `None`: `report.html` in the run.
            **options: further options of `rkd_keras.runs.report`.

        Returns:
            The path of the HTML file.
        """
        from rkd_keras.runs.reporting import report

        return report(self.path, out, **options)


def open_run(path: str | Path) -> Run:
    """Open what a training wrote.

    Args:
        path: a run directory.

    Returns:
        A `Run`.

    Raises:
        InputError: when there is none.

    Example:
        >>> open_run("nowhere")
        Traceback (most recent call last):
        rkd_keras.errors.InputError: nowhere is no run directory; train one first
    """
    run = Run(path)
    if not run.path.is_dir() or not run.is_run():
        raise InputError(f"{path} is no run directory; train one first")
    return run
