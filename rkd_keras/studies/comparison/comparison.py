"""The steps of a comparison: train, take, time, draw."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.runs.run import Run


@dataclass(frozen=True)
class Compared:
    """What a comparison found.

    Attributes:
        path: its folder, with `report.md` and `figures`.
        rows: list of the finished rows, dicts as in `rows.jsonl`.
        latency: dict from an entry of `models` to its size and times, empty where
            none was timed.

    Example:
        >>> times = {"resnet18": {"parameters": 11_171_910, "multiply_adds": 555e6}}
        >>> Compared(Path("runs/sizes"), [], times).table[1]
        [['resnet18', '11,171,910', '555.0']]
    """

    path: Path
    rows: list
    latency: dict

    @property
    def table(self) -> tuple[list[str], list[list[str]]]:
        """The main table: titles, and lines of texts."""
        from rkd_keras.studies.comparison.report import (
            group_rows,
            score_table,
            size_table,
        )

        if self.rows:
            return score_table(group_rows(self.rows), self.latency)
        return size_table(self.latency)


class ComparisonFolder(Run):
    """The folder of a comparison; each row has a run directory in `runs`."""

    def clear(self):
        """Remove what a comparison wrote here; files of anybody else stay."""
        for name in ("rows.jsonl", "latency.json", "report.md"):
            (self.path / name).unlink(missing_ok=True)
        for name in ("runs", "exports"):
            shutil.rmtree(self.path / name, ignore_errors=True)
        super().clear()


class Comparison:
    """A comparison's folder, its rows and what is finished of them.

    Args:
        common: the `Settings` that all rows share.
        rows: list of `Row`.
        teachers: run directories, or folders of them, to take teachers from.
        noise: whether models are also scored on noisy test images.
        finished: dict of `Row` to the run directory it is taken from; those rows
            are not trained.
    """

    def __init__(self, common, rows, teachers=(), noise=False, finished=None):
        from rkd_keras.studies.comparison.teachers import list_runs

        self.common, self.noise = common, noise
        self.folder = Path(common.out)
        self.teachers = list_runs(teachers)
        self.finished = finished or {}
        self.rows = rows if finished else self._with_teachers(rows)
        self.images = self._check_data()
        self.store = None

    def begin(self):
        """Open the folder, which nobody else may work in until it is closed.

        Returns:
            The `ComparisonFolder`, to be used as a context.

        Raises:
            InputError: when the folder holds something else, or is worked in.
        """
        from rkd_keras.studies.row_store import RowStore

        folder = ComparisonFolder.begin(
            self.folder,
            self.common.to_config(),
            self.common.resume,
            self.common.overwrite,
        )
        try:
            # Rows of two data sets would stand in one table.
            folder.keep_images({"the data set": self.files})
        except InputError:
            folder.close()
            raise
        self.store = RowStore(self.folder / "rows.jsonl")
        return folder

    def take(self):
        """Take the finished runs over."""
        from rkd_keras.studies.comparison.finished import take_run

        for row, run in self.finished.items():
            if row.key not in self.store:
                self.store.add(take_run(row, run, self.common, self.folder))
        self.render()

    def _with_teachers(self, rows):
        """Put in front of a student the training of a teacher that is nowhere."""
        from rkd_keras.studies.comparison.teachers import find_teacher

        planned = {}
        for row in rows:
            if row.teacher:
                run = find_teacher(row, self.common, self.folder, self.teachers)
                teacher = row.teacher_row()
                if run.name == teacher.key:
                    planned.setdefault(teacher.key, teacher)
            planned.setdefault(row.key, row)
        return list(planned.values())

    def _check_data(self):
        """Split once for every row; return the number of training images."""
        from rkd_keras.data import make_split, open_dataset
        from rkd_keras.trainers import get_recipe

        get_recipe(self.common.preset)
        index = open_dataset(self.common.data)
        images = {}
        for row in self.rows:
            key = (row.split, row.seed)
            if key not in images:
                parts = make_split(
                    index,
                    row.split,
                    row.seed,
                    self.common.split_seed,
                    self.common.val_fraction,
                    self.common.groups,
                    self.common.quiet,
                )
                images[key] = len(parts.train)
        self.classes = len(index.class_names)
        self.files = index.files
        return images

    def train(self):
        """Train what is not finished yet, telling how long it will take.

        Raises:
            InputError: when rows failed; the others are finished.
        """
        from rich.console import Console

        from rkd_keras.studies.comparison.train_row import run_row
        from rkd_keras.studies.own_process import call_in_own_process

        console = Console(stderr=True, quiet=self.common.quiet)
        work = self._work()
        failures = {}
        for number, row in enumerate(self.rows, start=1):
            if row.key in self.store:
                continue
            console.rule(
                f"[bold]{number}/{len(self.rows)}[/] {row.key}{self._time_left(work)}",
                align="left",
            )
            try:
                result = call_in_own_process(
                    run_row, row, self.common, self.folder, self.teachers, self.noise
                )
            except RuntimeError as error:  # one row must not cost the night's others
                failures[row.key] = str(error)
                console.print(f"[red]failed[/]: {error}", markup=True)
                continue
            self.store.add(result)
            console.print(
                f"accuracy {result['accuracy']:.4f}, GMean {result['gmean']:.4f}, "
                f"{result['seconds']:.0f} s"
            )
            self.render()
        if failures:
            key, reason = next(iter(failures.items()))
            raise InputError(
                f"{len(failures)} of {len(self.rows)} rows failed, the first {key}: "
                f"{reason}; mend the cause and go on with --resume"
            )
        self.render()

    def _work(self):
        """Multiply-adds of every row's epoch.

        Every network is built for it, so that a slip shows before the night.
        """
        from rkd_keras.studies.comparison.train_row import row_sizes
        from rkd_keras.studies.own_process import call_in_own_process

        networks = [row for row in self.rows if row.network]
        if not networks:
            return {}
        sizes = call_in_own_process(
            row_sizes, networks, self.common, self.folder, self.classes
        )
        return {
            row.key: size["multiply_adds"] * self.images[row.split, row.seed]
            for row, size in zip(networks, sizes, strict=True)
        }

    def _time_left(self, work):
        """Estimate from the multiply-adds that are done and to be done."""
        finished = {row.key for row in self.rows if row.key in self.store}
        seconds = sum(self.store.rows[key]["seconds"] for key in finished)
        done = sum(work.get(key, 0) for key in finished)
        left = sum(work.values()) - done
        if not seconds or not done:
            return ""
        minutes = seconds / done * left / 60
        shown = f"{minutes / 60:.1f} h" if minutes > 90 else f"{minutes:.0f} min"
        return f", about {shown} left"

    def time(self, runs, trained=True, more=()):
        """Measure all networks in one run.

        Args:
            runs: timed single images of each file.
            trained: whether the files have the rows' weights.
            more: rows whose networks are timed fresh, beside the others.
        """
        from rkd_keras.studies.comparison.latency import measure_latency

        rows = [row for row in self.rows if not trained or row.key in self.store]
        measure_latency(rows, self.common, self.folder, runs, trained, more)
        self.render()

    def result(self):
        """Return what is finished, as `Compared`."""
        from rkd_keras.studies.comparison.latency import read_latency

        rows = self.store.select(row.key for row in self.rows)
        return Compared(self.folder, rows, read_latency(self.folder))

    def render(self):
        """Write figures and report of what is finished."""
        from rkd_keras.studies.comparison.figures import write_figures
        from rkd_keras.studies.comparison.report import write_report

        now = self.result()
        if now.rows:
            write_figures(self.folder, now.rows, now.latency)
        few = len({row.entry for row in self.rows}) <= 12
        write_report(self.folder, self.budget(), now.rows, now.latency, few)

    def budget(self):
        """Say in one line what every row was given."""
        from rkd_keras.studies.network_options import own_options
        from rkd_keras.trainers import get_recipe

        size = f"{self.common.size}x{self.common.size} pixels"
        if self.finished:
            return f"Finished runs, each of its own budget (config.json); {size}."
        models = sorted({row.network.model for row in self.rows if row.network})
        if not models:
            return f"Images of {size}; all choices by 5-fold cross-validation."
        recipe = get_recipe(self.common.preset)
        options = self.common.model_options
        shown = "".join(f", {name} {value}" for name, value in options.items())
        own = [model for model in models if own_options(model) & set(options)]
        if own:
            shown += f" ({' and '.join(own)} as the name says)"
        return (
            f"Budget of every network: preset {recipe.name}, "
            f"{self.common.epochs or recipe.epochs} epochs, batches of "
            f"{self.common.batch_size or recipe.batch_size}, {size}{shown}."
        )
