r"""Bring a classifier from one line to another, on the features of a frozen network.

Shift `lines`: line A is NEU, line B CR7, and three classes are matched by their names
(inclusion and inclusions, scratches and linear, pitted_surface and pits). Shifts
`neu-camera` and `cr7-camera`: line B is line A under a seeded virtual camera of other
gain, gamma, blur, noise and scale. k images a class of line B are labelled; its other
training images are not. Methods: the head of line A as it is, `coral`, `dann`,
`pseudo` and, for k above 0, a cosine prototype and a linear head on these alone
(`few`). A row is written to `docs/results/line_shift/rows.jsonl` as soon as it is
finished.

    pip install "rkd-keras[imagenet]"
    python benchmarks/line_shift.py NEU-DET CR7/defects
"""

import argparse
import operator
from pathlib import Path

import numpy as np
from frozen_features import open_features
from provenance import provenance

KEY = ("shift", "method", "shots", "seed")
MATCHED = {"inclusion": "inclusions", "scratches": "linear", "pitted_surface": "pits"}
SHIFTS = ("lines", "neu-camera", "cr7-camera")
SHOTS = (0, 5, 20)
UNLABELLED = ("as it is", "coral", "dann", "pseudo", "coral and pseudo")
LABELLED = ("few: prototype", "few: linear", "all labels of B")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("neu", type=Path)
    parser.add_argument("cr7", type=Path)
    parser.add_argument("--shifts", nargs="+", choices=SHIFTS, default=[*SHIFTS])
    parser.add_argument("--seeds", type=int, nargs="+", default=[*range(10)])
    parser.add_argument("--cache", type=Path, default=Path("runs/frozen_features"))
    parser.add_argument("--out", type=Path, default=Path("docs/results/line_shift"))
    args = parser.parse_args()
    from rkd_keras.studies.row_store import RowStore

    store = RowStore(args.out / "rows.jsonl", operator.itemgetter(*KEY))
    # What takes a moment first.
    few = [(method, k) for k in SHOTS[1:] for method in LABELLED[:2]]
    for methods in (few, [(method, 0) for method in UNLABELLED]):
        for shift in args.shifts:
            for seed in args.seeds:
                run(store, args, shift, seed, methods)
    for shift in args.shifts:
        # Of matched lines the pool is the k = 20 images a class.
        for seed in args.seeds if shift != "lines" else ():
            run(store, args, shift, seed, [(LABELLED[2], None)])


def run(store, args, shift, seed, methods):
    """Make the rows of a shift and a seed that are missing."""
    lines = None
    for method, shots in methods:
        if (shift, method, shots, seed) in store:
            continue
        lines = lines or opened(shift, args, seed)
        row = dict(zip(KEY, (shift, method, shots, seed), strict=True))
        row |= scored(*lines, method, shots, seed)
        store.add({**row, **provenance()})
        print(row, flush=True)


def opened(shift, args, seed):
    """Return features and labels of line A, of line B's pool and of its test part."""
    from rkd_keras.data import make_split

    if shift == "lines":
        a, b = (
            open_features(getattr(args, name), args.cache, name)
            for name in ("neu", "cr7")
        )
        line_a = matched(*a, list(MATCHED))
        features, labels = matched(*b, list(MATCHED.values()))
        # As `rkd-keras migrate evaluate` divides them.
        rng = np.random.default_rng([seed, 5])
        order = [
            rng.permutation(np.flatnonzero(labels == c)) for c in range(len(MATCHED))
        ]
        pool = np.concatenate([each[: max(SHOTS)] for each in order])
        test = np.concatenate([each[max(SHOTS) :] for each in order])
        return line_a, (features[pool], labels[pool]), (features[test], labels[test])
    data = shift.partition("-")[0]
    index, features = open_features(getattr(args, data), args.cache, data)
    _, seen = open_features(
        getattr(args, data),
        args.cache,
        f"{data}-camera{seed}",
        lambda images: virtual_camera(images, seed),
    )
    protocol = "neu-600-grouped" if data == "neu" else "holdout"
    split = make_split(index, protocol, seed, seed, quiet=True)
    members = np.random.default_rng([seed, 6]).permutation(
        np.sort(np.concatenate([split.train, split.val]))
    )
    # What line A has labelled, and what line B shows, are other images.
    known, pool = np.array_split(members, 2)
    labels = index.labels
    return (
        (features[known], labels[known]),
        (seen[pool], labels[pool]),
        (seen[split.test], labels[split.test]),
    )


def matched(index, features, names):
    labels = np.array([index.class_names.index(name) for name in names])
    rows = [np.flatnonzero(index.labels == label) for label in labels]
    found = np.concatenate([np.full(len(r), n) for n, r in enumerate(rows)])
    return features[np.concatenate(rows)], found


def virtual_camera(images, seed):
    """Show images as another camera would: `(n, height, width, 3)`, uint8."""
    import cv2

    rng = np.random.default_rng([seed, 7])
    gain, offset = rng.uniform(0.6, 1.5), rng.uniform(-25, 25)
    gamma = np.exp(rng.uniform(-0.5, 0.5))
    blur, noise = rng.uniform(0.4, 1.4), rng.uniform(2, 10)
    zoom = rng.uniform(0.75, 1.0)
    side = images.shape[1]
    cut = round(side * (1 - zoom) / 2)
    shown = []
    for image in images:
        kept = image[cut : side - cut, cut : side - cut]
        grey = cv2.resize(kept, (side, side)).astype("float32")
        grey = 255 * (np.clip(gain * grey + offset, 0, 255) / 255) ** gamma
        grey = cv2.GaussianBlur(grey, (0, 0), blur)
        grain = rng.normal(0, noise, (*grey.shape[:2], 1))
        shown.append(np.clip(grey + grain, 0, 255))
    return np.stack(shown).round().astype("uint8")


def scored(line_a, pool, test, method, shots, seed):
    """Make the head of a method; return its accuracy on line B's test part."""
    from scipy.special import softmax

    from rkd_keras.trainers import (
        confident_answers,
        coral,
        cosine_prototypes,
        dann,
        logistic_regression,
    )

    classes = int(line_a[1].max()) + 1
    features, labels = line_a
    if method in LABELLED:
        rows = [np.flatnonzero(pool[1] == c)[:shots] for c in range(classes)]
        rows = np.concatenate(rows)
        features, labels = pool[0][rows], pool[1][rows]
    elif method.startswith("coral"):
        features = coral(features, pool[0])
    if method == "few: prototype":
        head = cosine_prototypes(features, labels, classes)
    elif method == "dann":
        head = dann(features, labels, pool[0], classes, seed=seed)
    else:
        head = logistic_regression(features[None], labels, classes)
    if method.endswith("pseudo"):
        for share in (0.3, 0.6, 0.9):
            answers = softmax(pool[0] @ head[0] + head[1], axis=1)
            chosen, found = confident_answers(answers, share)
            head = logistic_regression(pool[0][None, chosen], found, classes)
    hits = (test[0] @ head[0] + head[1]).argmax(1) == test[1]
    return {
        "labelled_a": 0 if method in LABELLED else len(line_a[1]),
        "labelled_b": len(labels) if method in LABELLED else 0,
        "unlabelled_b": 0 if method in LABELLED else len(pool[0]),
        "test_images": len(test[1]),
        "accuracy": round(float(hits.mean()), 6),
    }


if __name__ == "__main__":
    main()
