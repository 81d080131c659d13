"""The steps of `rkd-keras compare`: train, take, time, draw."""

from pathlib import Path

from rkd_keras.errors import InputError


class Comparison:
    """A comparison's folder, its rows and what is finished of them.

    Args:
        common: the `Settings` that all rows share.
        rows: list of `Row`.
        teachers: run directories, or folders of them, to take teachers from.
        noise: whether models are also scored on noisy test images.
        resume: whether to go on with what the folder holds.
        overwrite: whether to begin again.
        finished: dict of `Row` to the run directory it is taken from; those rows
            are not trained.
    """

    def __init__(self, common, rows, teachers, noise, resume, overwrite, finished=None):
        from rkd_keras.studies.compare.train_row import list_runs
        from rkd_keras.studies.row_store import RowStore

        self.common, self.noise = common, noise
        self.folder = Path(common.out)
        self.teachers = list_runs(teachers or ())
        self.finished = finished or {}
        self.rows = rows if finished else self._with_teachers(rows)
        self.images = self._check_data()
        self._open(resume, overwrite)
        self.store = RowStore(self.folder / "rows.jsonl")

    def take(self):
        """Take the finished runs over."""
        from rkd_keras.studies.compare.finished import take_run

        for row, run in self.finished.items():
            if row.key not in self.store:
                self.store.add(take_run(row, run, self.common, self.folder))
        self.render()

    def _with_teachers(self, rows):
        """Put in front of a student the training of a teacher that is nowhere."""
        from rkd_keras.studies.compare.train_row import find_teacher

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
                )
                images[key] = len(parts.train)
        self.classes = len(index.class_names)
        return images

    def _open(self, resume, overwrite):
        import shutil

        from rkd_keras.runs.run import Run

        if overwrite and (self.folder / "config.json").exists():
            for name in ("runs", "exports", "figures"):
                shutil.rmtree(self.folder / name, ignore_errors=True)
            for name in ("rows.jsonl", "latency.json", "report.md"):
                (self.folder / name).unlink(missing_ok=True)
        run = Run.begin(self.folder, self.common.to_config(), resume, overwrite)
        run.close()

    def train(self):
        """Train what is not finished yet, telling how long it will take."""
        from rich.console import Console

        from rkd_keras.studies.compare.train_row import run_row

        console = Console(quiet=self.common.quiet)
        for row in self.rows:
            # Every network is built once, so that a slip shows before the night.
            self._work(row)
        failures = {}
        for number, row in enumerate(self.rows, start=1):
            if row.key in self.store:
                continue
            console.rule(
                f"[bold]{number}/{len(self.rows)}[/] {row.key}{self._time_left()}",
                align="left",
            )
            try:
                result = run_row(
                    row, self.common, self.folder, self.teachers, self.noise
                )
            except InputError:
                raise
            except Exception as error:  # one row must not cost the night's others
                failures[row.key] = f"{type(error).__name__}: {error}"
                console.print(f"[red]failed[/]: {failures[row.key]}")
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

    def _time_left(self):
        """Estimate from the multiply-adds that are done and to be done."""
        done = cost = left = 0
        for row in self.rows:
            work = self._work(row)
            if row.key in self.store:
                done += self.store.rows[row.key]["seconds"]
                cost += work
            else:
                left += work
        if not done or not cost:
            return ""
        minutes = done / cost * left / 60
        shown = f"{minutes / 60:.1f} h" if minutes > 90 else f"{minutes:.0f} min"
        return f", about {shown} left"

    def _work(self, row):
        from rkd_keras.studies.compare.train_row import row_size

        if row.pipeline:
            return 0
        size = row_size(row, self.common, self.folder, self.classes)
        return size["multiply_adds"] * self.images[row.split, row.seed]

    def time(self, runs, trained, more=()):
        """Measure all networks in one run.

        Args:
            runs: timed single images of each file.
            trained: whether the files have the rows' weights.
            more: rows whose networks are timed fresh, beside the others.
        """
        from rkd_keras.studies.compare.latency import measure_latency

        rows = [row for row in self.rows if not trained or row.key in self.store]
        show = not self.common.quiet
        measure_latency(rows, self.common, self.folder, runs, trained, show, more)
        self.render()

    def render(self):
        """Write figures and report of what is finished."""
        from rkd_keras.studies.compare.figures import write_figures
        from rkd_keras.studies.compare.latency import read_latency
        from rkd_keras.studies.compare.report import write_report

        results = self.store.select(self.rows)
        latency = read_latency(self.folder)
        if results:
            write_figures(self.folder, results, latency)
        few = len({row.label for row in self.rows}) <= 12
        write_report(self.folder, self._budget(), results, latency, few)

    def _budget(self):
        from rkd_keras.trainers import get_recipe

        size = f"{self.common.size}x{self.common.size} pixels"
        if self.finished:
            return f"Finished runs, each of its own budget (config.json); {size}."
        if not any(row.network for row in self.rows):
            return f"Images of {size}; all choices by 5-fold cross-validation."
        recipe = get_recipe(self.common.preset)
        options = "".join(
            f", {name} {value}" for name, value in self.common.model_options.items()
        )
        return (
            f"Budget of every network: preset {recipe.name}, "
            f"{self.common.epochs or recipe.epochs} epochs, batches of "
            f"{self.common.batch_size or recipe.batch_size}, {size}{options}."
        )

    def print(self):
        """Show the table."""
        from rich.console import Console

        from rkd_keras.studies.compare.latency import read_latency
        from rkd_keras.studies.compare.report import (
            group_rows,
            print_table,
            score_table,
            size_table,
        )

        results = self.store.select(self.rows)
        latency = read_latency(self.folder)
        if results:
            print_table(*score_table(group_rows(results), latency))
        else:
            print_table(*size_table(latency))
        Console().print(f"written to {self.folder}")
