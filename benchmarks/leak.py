"""What overlapping images are worth to a classifier: NEU at random and by groups.

Each model is trained and tested on `neu-600`, which divides images that share pixels,
and on `neu-600-grouped`, which does not, for several pairs of a split seed and a
training seed of the same number. The test part is scored once. Which test images share
pixels with what was learnt from is taken from the pairs that `benchmarks/overlaps.py
neu` found, and these are counted apart.

A row a training is written to `docs/results/leak/rows.csv` as soon as it is finished,
and what is there is not done again. A training that was killed goes on.

    python benchmarks/overlaps.py neu path/to/NEU-DET
    python benchmarks/leak.py path/to/NEU-DET --models gabor_svm
    python benchmarks/leak.py path/to/NEU-DET --models resnet34 sarsn34 imagenet_head
"""

import argparse
import csv
import functools
import os
import shutil
import time
from pathlib import Path

import numpy as np
from provenance import provenance

from rkd_keras.data import load_images, make_split, open_dataset
from rkd_keras.evaluate import classification_scores

SPLITS = ("neu-600", "neu-600-grouped")
HALF = {"width": 0.5, "stem_stride": 2}
# Options of `train`; with a teacher, which is another of these models, of `distill`.
NETWORKS = {
    "resnet34": {"model": "resnet34", "epochs": 50, **HALF},
    "sarsn34": {"model": "sarsn34", "epochs": 50, **HALF},
    "edge_resnet_small": {"model": "edge_resnet_small", "epochs": 300},
    "edge_resnet_small@sarsn34": {
        **{"model": "edge_resnet_small", "epochs": 300, "teacher": "sarsn34"},
        **{"zoom": 0.1, "kd_weight": 2.0, "teacher_views": 128},
    },
    "imagenet_head": {"model": "efficientnet_lite0", "weights": "imagenet"},
}
MODELS = ("gabor_svm", *NETWORKS)
KEY = ("model", "split", "seed", "epochs")
FIELDS = (
    *(*KEY, "train_images", "test_images", "accuracy", "gmean", "worst_recall"),
    *("overlapping", "right_of_overlapping", "right_of_others", "seconds"),
    *("command", "commit", "machine"),
)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--models", nargs="+", choices=MODELS, default=["gabor_svm"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--splits", nargs="+", choices=SPLITS, default=list(SPLITS))
    parser.add_argument("--epochs", type=int, help="of networks; else each its own")
    parser.add_argument("--runs", type=Path, default=Path("runs/leak"))
    parser.add_argument("--out", type=Path, default=Path("docs/results/leak"))
    parser.add_argument(
        "--pairs", type=Path, default=Path("docs/results/overlaps/neu_pairs.csv")
    )
    return parser.parse_args()


def main():
    args = arguments()
    if not args.pairs.is_file():
        raise SystemExit(
            f"{args.pairs} is missing; write it with "
            f"python benchmarks/overlaps.py neu {args.data}"
        )
    index = open_dataset(args.data)
    pairs = read_pairs(args.pairs, index)
    path = args.out / "rows.csv"
    for seed in args.seeds:
        for model in args.models:
            for split in args.splits:
                values = (model, split, seed, epochs_of(model, args.epochs))
                key = dict(zip(KEY, map(str, values), strict=True))
                # Read anew: another process may have written rows meanwhile.
                if any(key.items() <= row.items() for row in read_rows(path)):
                    continue
                row = {**key, **score(args, index, pairs, model, split, seed)}
                add_row(path, {**row, **provenance()})
                print(row, flush=True)


def epochs_of(model, epochs):
    """Return the epochs of a network; nothing for what knows none."""
    own = NETWORKS.get(model, {}).get("epochs")
    return "" if own is None else epochs or own


def score(args, index, pairs, model, split, seed):
    """Train a model and score it on the test part."""
    started = time.perf_counter()
    # A classical pipeline chooses by cross-validation and needs no validation part.
    fraction = None if model in NETWORKS else 0.0
    part = make_split(index, split, seed, seed, val_fraction=fraction, quiet=True)
    answer = by_network if model in NETWORKS else by_gabor_svm
    answers = answer(args, index, part, model, split, seed)
    labels = index.labels[part.test]
    scores = classification_scores(labels, answers, index.class_names)
    known = {*part.train.tolist(), *part.val.tolist()}
    leaks = {i for i, j in pairs if j in known} | {j for i, j in pairs if i in known}
    leaks = np.array([int(i) in leaks for i in part.test])
    right = answers.argmax(1) == labels
    return {
        "train_images": len(part.train),
        "test_images": len(part.test),
        "accuracy": round(scores["accuracy"], 6),
        "gmean": round(scores["gmean"], 6),
        "worst_recall": min(row["recall"] for row in scores["per_class"].values()),
        "overlapping": int(leaks.sum()),
        "right_of_overlapping": int(right[leaks].sum()),
        "right_of_others": int(right[~leaks].sum()),
        "seconds": round(time.perf_counter() - started, 1),
    }


def by_gabor_svm(args, index, part, model, split, seed):
    """Train Gabor filters and an SVM; return the test part's probabilities."""
    from rkd_keras.evaluate import ClassicalClassifier

    train, _ = load_images([index.files[i] for i in part.train], strict=True)
    test, _ = load_images([index.files[i] for i in part.test], strict=True)
    classifier = ClassicalClassifier("gabor", "svm", seed)
    classifier.fit(train, index.labels[part.train])
    return classifier.predict_proba(test)


def by_network(args, index, part, model, split, seed):
    """Train a network, in a process of its own; return the same."""
    from rkd_keras.predict import softmax

    run = trained(args, model, split, seed)
    files = [index.files[i] for i in part.test]
    if {row["sha256"] for row in run.split["test"]} != digests(files):
        raise SystemExit(f"{run.path} was trained on another split; remove it")
    size = run.settings.size
    images, _ = load_images(files, (size, size), strict=True)
    return softmax(run.model.predict(images.astype("float32"), 50, verbose=0))


def digests(files):
    from rkd_keras.data.reading.identity import digests_of

    return set(digests_of(files))


def trained(args, model, split, seed):
    """Return the finished run of a network, in a process that ends with it."""
    from rkd_keras.runs import distill, open_run, train
    from rkd_keras.studies.own_process import call_in_own_process

    options = dict(NETWORKS[model])
    if args.epochs and "epochs" in options:
        options["epochs"] = args.epochs
    out = args.runs / f"{model}_{split}_seed{seed}_{epochs_of(model, args.epochs)}"
    options |= {"quiet": True, "evaluate": "none"}
    options["resume"] = (out / "config.json").exists()
    if not (out / "model.keras").exists():
        teacher = options.pop("teacher", None)
        if teacher is None:
            options |= {"split": split, "seed": seed, "split_seed": seed}
            call = functools.partial(train, str(args.data), str(out), **options)
        else:
            taught_by = trained(args, teacher, split, seed)
            call = functools.partial(distill, str(taught_by.path), str(out), **options)
        call_in_own_process(call)
    # Optimizer states and stored answers are of no use to a finished row.
    for name in ("checkpoints", "teacher_cache"):
        shutil.rmtree(out / name, ignore_errors=True)
    return open_run(out)


def read_pairs(path, index):
    """Return pairs of indices of images that share pixels."""
    number = {file.stem: i for i, file in enumerate(index.files)}
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [(number[row["first"]], number[row["second"]]) for row in rows]


def read_rows(path):
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        # A kill leaves half a row, which lacks its last columns.
        return [row for row in csv.DictReader(file) if row["machine"]]


def add_row(path, row):
    """Append a row and see it to the disk; the first one brings the header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    with path.open("a", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, FIELDS, lineterminator="\n")
        if not text:
            table.writeheader()
        elif not text.endswith("\n"):
            file.write("\n")
        table.writerow(row)
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    main()
