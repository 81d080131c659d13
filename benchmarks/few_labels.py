"""Teachers that know ImageNet, and students of theirs, where labels are few.

For every number of labelled images a class and every seed (of split and training
alike) a teacher is tuned on them, and the package's small student is trained four
ways: alone, from the teacher's answers to the labelled images, to these by relations
too, and to the rest of the training part, whose labels nobody sees. Test accuracy of
each, and of the student's int8 file. A row a network is written to
`docs/results/few_labels/rows.csv` as soon as it is finished; what is there is not done
again, and a training that was killed goes on.

    pip install "rkd-keras[imagenet]"
    python benchmarks/few_labels.py path/to/NEU-DET --counts 10 20 50
"""

import argparse
import csv
import functools
import shutil
import time
from pathlib import Path

from provenance import provenance

from rkd_keras.files.replacing import replacing
from rkd_keras.runs.pipeline_networks import TAUGHT, TEACHERS, VIEWS

# Steps of 16 images that a network learns for, whatever the number of images.
BATCH, TEACHER_STEPS, STUDENT_STEPS, VIEWS_KEPT = 16, 160, 3000, 48
RELATIONS = {"distance_weight": 25.0, "angle_weight": 50.0}
STUDENTS = {
    "alone": {},
    "kd": TAUGHT,
    "rkd+kd": {**TAUGHT, **RELATIONS},
    "kd, unlabelled": TAUGHT,
}
KEY = ("split", "seed", "network")
FIELDS = (*KEY, "train_images", "accuracy", "int8", "seconds")
FIELDS = (*FIELDS, "command", "commit", "machine")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--counts", type=int, nargs="+", default=[10, 20, 50])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--students", nargs="+", choices=STUDENTS, default=[*STUDENTS])
    parser.add_argument("--grouped", action="store_true", help="no shared pixels")
    parser.add_argument("--runs", type=Path, default=Path("runs/few_labels"))
    parser.add_argument("--out", type=Path, default=Path("docs/results/few_labels"))
    args = parser.parse_args()
    path = args.out / "rows.csv"
    for seed in args.seeds:
        for count in args.counts:
            split = f"neu-few{count}{'-grouped' if args.grouped else ''}"
            for network in ("teacher", *args.students):
                key = dict(zip(KEY, (split, str(seed), network), strict=True))
                rows = read_rows(path)
                if any(key.items() <= row.items() for row in rows):
                    continue
                started = time.perf_counter()
                row = {**key, **score(args, split, seed, network)}
                row["seconds"] = round(time.perf_counter() - started, 1)
                write_rows(path, [*rows, {**row, **provenance()}])
                print(row, flush=True)


def score(args, split, seed, network):
    """Train a network, in a process of its own, and score it on the test part."""
    from rkd_keras.runs import evaluate

    run = trained(args, split, seed, network)
    found = {
        "train_images": len(run.split["train"]),
        "accuracy": round(run.scores["accuracy"], 6),
    }
    if network != "teacher":
        file = run.path / "student_int8.tflite"
        if not file.exists():
            run.export(file, quantize="int8", overwrite=True, quiet=True)
        scores = evaluate(file, out=run.path / "int8", overwrite=True, quiet=True)
        found["int8"] = round(scores["accuracy"], 6)
    return found


def trained(args, split, seed, network):
    """Return the finished run of a network."""
    from rkd_keras.runs import distill, open_run, train
    from rkd_keras.studies.own_process import call_in_own_process

    out = args.runs / f"{split}_seed{seed}_{network.replace(', ', '_')}"
    options = {"batch_size": BATCH, "quiet": True, **VIEWS}
    options["resume"] = (out / "config.json").exists()
    if (out / "metrics.json").exists():
        return open_run(out)
    drawn = {"split": split, "seed": seed, "split_seed": seed}
    images = 6 * int("".join(c for c in split if c.isdigit()))
    if network == "teacher":
        options |= TEACHERS["imagenet"]
        options["epochs"] = -(-TEACHER_STEPS * BATCH // images)
        call = functools.partial(train, str(args.data), str(out), **drawn, **options)
    else:
        if network.endswith("unlabelled"):
            options["unlabelled"] = str(args.data)
            images = 1080
        options |= {"model": "edge_resnet_small", **STUDENTS[network]}
        options["epochs"] = -(-STUDENT_STEPS * BATCH // images)
        if network == "alone":
            call = functools.partial(
                train, str(args.data), str(out), **drawn, **options
            )
        else:
            teacher = trained(args, split, seed, "teacher")
            options["teacher_views"] = min(VIEWS_KEPT, options["epochs"])
            call = functools.partial(distill, str(teacher.path), str(out), **options)
    call_in_own_process(call)
    for name in ("checkpoints", "teacher_cache"):
        shutil.rmtree(out / name, ignore_errors=True)
    return open_run(out)


def read_rows(path):
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_rows(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        with temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, FIELDS)
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
