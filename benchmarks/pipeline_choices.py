"""What a pipeline's student should be: its pictures, start and lessons, on validation.

The test part of the pipeline's own split is left out. Of the rest a third is held out,
by groups of shared pixels, and what each trial names rightly of these is written down.
A teacher is trained once, as a pipeline's is, and is a row of its own. A row a trial is
written to `docs/results/pipeline_choices/rows.jsonl`; what is there is not done again.

    pip install "rkd-keras[imagenet]"
    python benchmarks/pipeline_choices.py path/to/NEU-DET --name neu --split neu-600
    python benchmarks/pipeline_choices.py path/to/cr7/defects --name cr7
"""

import argparse
import csv
import functools
import operator
import shutil
import time
from pathlib import Path

from few_labels import RELATIONS
from provenance import provenance

from rkd_keras.runs.pipeline_networks import CLOSER, TAUGHT, TEACHERS, VIEWS
from rkd_keras.studies.row_store import RowStore

TEACHER_EPOCHS = 16
PARTS = 2
TEACHER_TRIALS = {
    "teacher": {},
    "teacher 160": {"size": 160},
    "teacher 192": {"size": 192},
    "teacher 224": {"size": 224},
    "teacher 192, 4 stages": {"size": 192, "unfreeze": 4},
    "teacher 192, 24 epochs": {"size": 192, "epochs": 24},
    "teacher 24 epochs": {"epochs": 24},
    "teacher crops 0.35": {"zoom": 0.35},
    "teacher turns": {"quarter_turns": True},
}
TRIALS = {
    "64": {},
    "96": {"size": 96},
    "128": CLOSER,
    "from neu": {"weights": "neu"},
    "96, from neu": {"size": 96, "weights": "neu"},
    "alone": {"teacher": None},
    "alone, turns": {"teacher": None, "quarter_turns": True},
    "crops 0.1": {"zoom": 0.1},
    "crops 0.2": {"zoom": 0.2},
    "turns": {"quarter_turns": True},
    "crops 0.1, turns": {"zoom": 0.1, "quarter_turns": True},
    "labels too": {"hard_weight": 0.5},
    "T 4": {"temperature": 4.0},
    "relations": RELATIONS,
    "96 views": {"teacher_views": 96},
    "medium": {"model": "edge_resnet_medium"},
    "batch 64": {"batch_size": 64},
}
KEY = ("data", "trial", "batch_parts", "image_steps", "seed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--name", required=True, help="of the data, in the rows")
    parser.add_argument("--split", default="holdout", help="the pipeline's split")
    parser.add_argument("--trials", nargs="*", choices=TRIALS, default=[*TRIALS])
    parser.add_argument(
        "--teachers",
        nargs="+",
        choices=TEACHER_TRIALS,
        default=["teacher"],
        help="the first of them teaches the students",
    )
    parser.add_argument("--image-steps", type=int, default=100_000)
    parser.add_argument("--views", type=int, default=24, help="with stored answers")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--runs", type=Path, default=Path("runs/pipeline_choices"))
    parser.add_argument(
        "--out", type=Path, default=Path("docs/results/pipeline_choices")
    )
    args = parser.parse_args()
    store = RowStore(args.out / "rows.jsonl", operator.itemgetter(*KEY))
    manifest = write_manifest(args)
    first, *others = args.teachers
    teacher = taught(args, manifest, store, first)
    for name in others:
        taught(args, manifest, store, name)
    for seed in args.seeds:
        for trial in args.trials:
            # The first teacher's students have no teacher's name in their rows.
            name = trial if first == "teacher" else f"{trial}, {first}"
            key = (args.name, name, PARTS, args.image_steps, seed)
            if key in store:
                continue
            started = time.perf_counter()
            run = tried(args, manifest, teacher, trial, seed)
            keep(store, key, run, started, teacher)


def keep(store, key, run, started, teacher=None):
    """Write the row of a finished training."""
    row = dict(zip(KEY, key, strict=True))
    if teacher is not None:
        row["teacher_accuracy"] = round(teacher.scores["accuracy"], 6)
    row["accuracy"] = round(run.scores["accuracy"], 6)
    row["images"] = run.scores["images"]
    row["epochs"] = len(run.history["epoch"])
    row["seconds"] = round(time.perf_counter() - started, 1)
    store.add({**row, **provenance()})
    print(row, flush=True)


def write_manifest(args):
    """List the images that are not the test part's, divided by groups."""
    from rkd_keras.data import make_split, open_dataset

    path = args.runs / args.name / "images.csv"
    if path.is_file():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    index = open_dataset(args.data)
    names = index.class_names
    made = make_split(index, args.split, 0, 0)
    rest = sorted([*made.train, *made.val])
    listed = args.runs / args.name / "rest.csv"
    _write(listed, [(index.files[i], names[index.labels[i]], "") for i in rest])
    rest = open_dataset(listed)
    halves = make_split(rest, "holdout", 0, 0)
    parts = {i: "test" for i in halves.test} | {i: "val" for i in halves.val}
    rows = [
        (file, rest.class_names[rest.labels[i]], parts.get(i, "train"))
        for i, file in enumerate(rest.files)
    ]
    _write(path, rows)
    return path


def _write(path, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "label", "split"))
        writer.writerows((Path(name).resolve(), *more) for name, *more in rows)


def taught(args, manifest, store, name):
    """Return a teacher's run, and write its row."""
    from rkd_keras.runs import train

    started = time.perf_counter()
    options = {**VIEWS, **TEACHERS["imagenet"], "epochs": TEACHER_EPOCHS}
    options |= {"batch_parts": PARTS, **TEACHER_TRIALS[name]}
    run = run_of(train, manifest, teacher_folder(args, name), options)
    key = (args.name, name, PARTS, options["epochs"] * len(run.split["train"]), 0)
    if key not in store:
        keep(store, key, run, started)
    return run


def teacher_folder(args, name):
    return args.runs / args.name / name.replace(", ", "_").replace(" ", "_")


def tried(args, manifest, teacher, trial, seed):
    """Train a student in a process of its own and return its run."""
    from rkd_keras.runs import distill, train

    images = len(teacher.split["train"])
    epochs = -(-args.image_steps // images)
    options = {**VIEWS, **TAUGHT, "model": "edge_resnet_small", "epochs": epochs}
    options |= {"seed": seed, "size": 64, "batch_parts": PARTS}
    options |= {"teacher_views": args.views, **TRIALS[trial]}
    name = f"{trial}_{args.image_steps}_{seed}".replace(", ", "_").replace(" ", "_")
    taught_by = teacher.path.name
    out = args.runs / args.name / f"{taught_by}s" / name
    if options.pop("teacher", teacher) is None:
        for option in (*TAUGHT, "teacher_views"):
            options.pop(option)
        run = run_of(train, manifest, out, options)
    else:
        options["teacher_views"] = min(options["teacher_views"], epochs)
        shown = f"answers_{options['zoom']}_{options['quarter_turns']}_{seed}"
        options["teacher_cache"] = str(out.parent / shown)
        run = run_of(distill, teacher.path, out, options)
    shutil.rmtree(out / "checkpoints", ignore_errors=True)
    return run


def run_of(function, source, out, options):
    """Train what is not trained yet, in a process of its own; return its run."""
    from rkd_keras.runs import open_run
    from rkd_keras.studies.own_process import call_in_own_process

    if not (out / "metrics.json").exists():
        if function.__name__ == "train":
            options = {**options, "split": "given"}
        options["resume"] = (out / "config.json").exists()
        call_in_own_process(
            functools.partial(function, str(source), str(out), quiet=True, **options)
        )
    return open_run(out)


if __name__ == "__main__":
    main()
