r"""Plant wrong labels, look for them, and see what their repair is worth.

Of the training and validation images of a grouped split so many labels are changed to
another class, at random; the test part keeps its own. `rkd-keras data doubt`'s judge,
the linear head on frozen ImageNet features, ranks them. With k planted labels:
precision at k, how many labels are doubted and how many of these are planted, and the
test accuracy of a head that is trained on the labels as they were, with the planted
ones, after a person has looked at the doubted ones, and after every suggestion was
accepted unseen. A row is written to `docs/results/label_doubts/rows.jsonl` as soon as
it is finished.

    pip install "rkd-keras[imagenet,doubt]"
    python benchmarks/label_doubts.py NEU-DET CR7/defects
"""

import argparse
import operator
import time
from pathlib import Path

import numpy as np
from frozen_features import open_features
from provenance import provenance

KEY = ("data", "share", "seed")
SPLITS = {"neu": "neu-600-grouped", "cr7": "holdout"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("neu", type=Path)
    parser.add_argument("cr7", type=Path)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.02, 0.05, 0.1])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--cache", type=Path, default=Path("runs/frozen_features"))
    parser.add_argument("--out", type=Path, default=Path("docs/results/label_doubts"))
    args = parser.parse_args()
    from rkd_keras.studies.row_store import RowStore

    store = RowStore(args.out / "rows.jsonl", operator.itemgetter(*KEY))
    opened = {}
    for seed in args.seeds:
        for data in SPLITS:
            for share in args.shares:
                row = dict(zip(KEY, (data, share, seed), strict=True))
                if tuple(row.values()) in store:
                    continue
                if data not in opened:
                    opened[data] = open_features(getattr(args, data), args.cache, data)
                started = time.perf_counter()
                row |= {"split": SPLITS[data], **found(*opened[data], **row)}
                row["seconds"] = round(time.perf_counter() - started, 1)
                store.add({**row, **provenance()})
                print(row, flush=True)


def found(index, features, data, share, seed):
    """Plant labels in the training part, rank and repair them."""
    from rkd_keras.data import make_split
    from rkd_keras.evaluate import rank_labels
    from rkd_keras.trainers import group_folds, head_probabilities

    split = make_split(index, SPLITS[data], seed, seed, quiet=True)
    members = np.sort(np.concatenate([split.train, split.val]))
    truth, classes = index.labels[members], len(index.class_names)
    rng = np.random.default_rng([seed, 2])
    planted = rng.permutation(len(members))[: round(share * len(members))]
    labels = truth.copy()
    shift = rng.integers(1, classes, len(planted))
    labels[planted] = (labels[planted] + shift) % classes
    fold = group_folds(labels, split.groups.ids[members], seed=seed)
    probabilities = head_probabilities(features[members], labels, fold, classes)
    order, _, wrong = rank_labels(labels, probabilities)
    doubted = np.flatnonzero(wrong)
    hits = np.isin(doubted, planted).sum()
    looked = np.where(wrong, truth, labels)
    accepted = np.where(wrong, probabilities.argmax(1), labels)
    test = split.test
    row = {
        "train_images": len(members),
        "test_images": len(test),
        "planted": len(planted),
        "precision_at_k": float(np.isin(order[: len(planted)], planted).mean()),
        "doubted": len(doubted),
        "precision": float(hits / max(len(doubted), 1)),
        "recall": float(hits / len(planted)),
    }
    for name, used in (
        ("clean", truth),
        ("before", labels),
        ("looked", looked),
        ("accepted", accepted),
    ):
        row[f"accuracy_{name}"] = accuracy(
            features, index.labels, members, used, test, classes
        )
    return {k: round(v, 6) if isinstance(v, float) else v for k, v in row.items()}


def accuracy(features, truth, members, labels, test, classes):
    """Train the package's head on labels as given; score it on the test part."""
    from rkd_keras.trainers import logistic_regression

    kernel, bias = logistic_regression(features[None, members], labels, classes)
    return float(((features[test] @ kernel + bias).argmax(1) == truth[test]).mean())


if __name__ == "__main__":
    main()
