r"""Leave each class out, and add it again from one, five and ten images.

For every seed and class a classifier learns the other classes of a grouped split, and
gets the left-out one from k of its training images by `class_prototype`, as
`rkd-keras extend` does. Test accuracy of the old classes before and after, and recall
of the new one. The classifier is the linear head on frozen ImageNet features, or, with
`--student`, a small student that is trained without the class. A row is written to
`docs/results/extend/rows.jsonl` as soon as it is finished.

    pip install "rkd-keras[imagenet]"
    python benchmarks/extend.py NEU-DET CR7/defects
"""

import argparse
import operator
import time
from pathlib import Path

import numpy as np
from frozen_features import open_features
from provenance import provenance

KEY = ("network", "data", "seed", "new", "shown")
SPLITS = {"neu": "neu-600-grouped", "cr7": "holdout"}
SHOWN = (1, 5, 10)
STUDENT_EPOCHS = 40


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("neu", type=Path)
    parser.add_argument("cr7", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--student", action="store_true", help="not the ImageNet head")
    parser.add_argument("--sets", nargs="+", choices=SPLITS, default=[*SPLITS])
    parser.add_argument("--cache", type=Path, default=Path("runs/frozen_features"))
    parser.add_argument("--out", type=Path, default=Path("docs/results/extend"))
    args = parser.parse_args()
    from rkd_keras.data import make_split
    from rkd_keras.studies.row_store import RowStore

    store = RowStore(args.out / "rows.jsonl", operator.itemgetter(*KEY))
    network = "student" if args.student else "imagenet"
    for seed in args.seeds:
        for data in args.sets:
            index, features = open_features(getattr(args, data), args.cache, data)
            split = make_split(
                index, SPLITS[data], seed, seed, val_fraction=0.2, quiet=True
            )
            for label, name in enumerate(index.class_names):
                keys = [(network, data, seed, name, shown) for shown in SHOWN]
                if all(key in store for key in keys):
                    continue
                started = time.perf_counter()
                made = student if args.student else imagenet_head
                parts = made(index, split, features, label, seed)
                for key in keys:
                    if key in store:
                        continue
                    row = dict(zip(KEY, key, strict=True))
                    row |= {"split": SPLITS[data], **added(*parts, key[-1], seed)}
                    row["seconds"] = round(time.perf_counter() - started, 1)
                    store.add({**row, **provenance()})
                    print(row, flush=True)


def imagenet_head(index, split, features, label, seed):
    """Return features and labels of the parts, and a head of all classes but one."""
    from rkd_keras.trainers import logistic_regression

    parts = {
        part: (features[members], relabelled(index.labels[members], label))
        for part, members in (
            *(("train", split.train), ("val", split.val)),
            ("test", split.test),
        )
    }
    rows, labels = parts["train"]
    known = labels < len(index.class_names) - 1
    head = logistic_regression(
        rows[None, known], labels[known], len(index.class_names) - 1
    )
    return parts, head


def student(index, split, features, label, seed):
    """Return the same of a small student that has never seen the class."""
    import keras

    from rkd_keras.data import load_samples
    from rkd_keras.models import EdgeResNetSmall
    from rkd_keras.models.taps import layer_call
    from rkd_keras.trainers.out_of_fold import fit_student

    images = {
        part: load_samples(index, getattr(split, part))
        for part in ("train", "val", "test")
    }
    classes = len(index.class_names) - 1
    shown, labels = images["train"][0], relabelled(images["train"][1], label)
    known = labels < classes
    keras.utils.set_random_seed(seed)
    model = EdgeResNetSmall(classes)
    fit_student(model, shown[known], labels[known], STUDENT_EPOCHS, seed)
    body = keras.Model(model.inputs[0], layer_call(model, "logits")[0])
    parts = {
        part: (body.predict(each, verbose=0), relabelled(found, label))
        for part, (each, found) in images.items()
    }
    return parts, model.get_layer("logits").get_weights()


def relabelled(labels, new):
    """Count the new class last, the others in their order; every part has all."""
    return np.where(labels == new, labels.max(), labels - (labels > new))


def added(parts, head, shown, seed):
    """Add the last class from so many images; score on the test part."""
    from rkd_keras.trainers import class_prototype

    kernel, bias = head
    classes = kernel.shape[1]
    rng = np.random.default_rng([seed, shown])
    old = {part: labels < classes for part, (_, labels) in parts.items()}
    rows, labels = parts["train"]
    pool = rng.permutation(np.flatnonzero(~old["train"]))
    made = class_prototype(
        rows[pool[:shown]],
        rows[old["train"]],
        labels[old["train"]],
        parts["val"][0][old["val"]],
        parts["val"][1][old["val"]],
        kernel,
        bias,
        seed,
    )
    rows, labels = parts["test"]
    before = rows @ kernel + bias
    after = np.c_[before, rows @ made.kernel + made.bias].argmax(1)
    right = {
        "accuracy_before": before.argmax(1)[old["test"]] == labels[old["test"]],
        "accuracy_after": after[old["test"]] == labels[old["test"]],
        "recall": after[~old["test"]] == classes,
    }
    return {
        "train_images": int(old["train"].sum()),
        "val_images": int(old["val"].sum()),
        **{name: round(float(hits.mean()), 6) for name, hits in right.items()},
        "kind": made.kind,
        "scale": made.scale,
        "retreat": made.retreat,
    }


if __name__ == "__main__":
    main()
