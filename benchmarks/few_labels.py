"""Teachers that know ImageNet, and students of theirs, where labels are few.

For every number of labelled images a class and every seed (of split and training
alike) a teacher is tuned on them, and the package's small student is trained four
ways: alone, from the teacher's answers to the labelled images, to these by relations
too, and to the rest of the training part, whose labels nobody sees. Test accuracy of
each, and of the student's int8 file. A row a network is written to
`docs/results/few_labels/rows.jsonl` as soon as it is finished; what is there is not
done again, and a training that was killed goes on.

    pip install "rkd-keras[imagenet]"
    python benchmarks/few_labels.py path/to/NEU-DET --counts 10 20 50
"""

import argparse
import functools
import operator
import shutil
import time
from pathlib import Path

from provenance import provenance

from rkd_keras.runs.pipeline_networks import TAUGHT, TEACHERS, VIEWS
from rkd_keras.studies.row_store import RowStore

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
# Images of the training part, with those whose labels nobody sees.
ALL_IMAGES = 1080


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
    store = RowStore(args.out / "rows.jsonl", operator.itemgetter(*KEY))
    for seed in args.seeds:
        for count in args.counts:
            for network in ("teacher", *args.students):
                split = f"neu-few{count}{'-grouped' if args.grouped else ''}"
                if (split, seed, network) in store:
                    continue
                started = time.perf_counter()
                row = dict(zip(KEY, (split, seed, network), strict=True))
                row |= score(args, split, count, seed, network)
                row["seconds"] = round(time.perf_counter() - started, 1)
                store.add({**row, **provenance()})
                print(row, flush=True)


def score(args, split, count, seed, network):
    """Train a network, in a process of its own, and score it on the test part."""
    from rkd_keras.runs import evaluate

    run = trained(args, split, count, seed, network)
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


def trained(args, split, count, seed, network):
    """Return the finished run of a network."""
    from rkd_keras.runs import distill, open_run, train
    from rkd_keras.studies.own_process import call_in_own_process

    out = args.runs / f"{split}_seed{seed}_{network.replace(', ', '_')}"
    options = {"batch_size": BATCH, "quiet": True, **VIEWS}
    options["resume"] = (out / "config.json").exists()
    if (out / "metrics.json").exists():
        return open_run(out)
    drawn = {"split": split, "seed": seed, "split_seed": seed}
    images = 6 * count
    if network == "teacher":
        options |= TEACHERS["imagenet"]
        options["epochs"] = -(-TEACHER_STEPS * BATCH // images)
        call = functools.partial(train, str(args.data), str(out), **drawn, **options)
    else:
        if network.endswith("unlabelled"):
            options["unlabelled"] = str(args.data)
            images = ALL_IMAGES
        options |= {"model": "edge_resnet_small", **STUDENTS[network]}
        options["epochs"] = -(-STUDENT_STEPS * BATCH // images)
        if network == "alone":
            call = functools.partial(
                train, str(args.data), str(out), **drawn, **options
            )
        else:
            teacher = trained(args, split, count, seed, "teacher")
            options["teacher_views"] = min(VIEWS_KEPT, options["epochs"])
            call = functools.partial(distill, str(teacher.path), str(out), **options)
    call_in_own_process(call)
    for name in ("checkpoints", "teacher_cache"):
        shutil.rmtree(out / name, ignore_errors=True)
    return open_run(out)


if __name__ == "__main__":
    main()
