"""Compare losses on long-tailed NEU by validation alone, to choose defaults.

The test part of NEU-600 is not touched. Of each class's 200 training images 40
validate, and of the other 160 so many train that the counts fall from 160 to 8
(imbalance 20); the seed rotates the classes. A loss is a name, with options
after a colon: `adaptive_gmean:variant=weighted`. Results are appended to a file
of JSON lines, and what the file already holds is not run again.

    python benchmarks/loss_variants.py NEU-DET --seeds 5 --out variants.jsonl
"""

import argparse
import operator
from collections import defaultdict
from pathlib import Path

import keras
import numpy as np
import yaml

from rkd_keras.data import load_images, open_dataset
from rkd_keras.data.reading.splits import make_split
from rkd_keras.data.samples.balanced_sampling import balanced_order
from rkd_keras.losses import LossStateCallback, create_loss
from rkd_keras.models import create_model
from rkd_keras.studies.row_store import RowStore
from rkd_keras.trainers import get_recipe

COUNTS = (160, 88, 48, 26, 14, 8)
VALIDATED = 40


def split(labels, seed):
    """Return training and validation indices into the training part."""
    rng = np.random.default_rng([seed, 20])
    train, val = [], []
    for c, count in enumerate(np.roll(COUNTS, seed)):
        members = rng.permutation(np.flatnonzero(labels == c))
        val.append(members[:VALIDATED])
        train.append(members[VALIDATED:][:count])
    return np.concatenate(train), np.concatenate(val)


def make_loss(spec, counts, epochs):
    """Make the loss that a command-line word describes."""
    name, _, options = spec.partition(":")
    pairs = (entry.split("=") for entry in options.split(",") if entry)
    options = {key: yaml.safe_load(value) for key, value in pairs}
    return create_loss(name, counts, epochs, **options)


def scores(labels, guesses):
    """Accuracy, GMean and worst recall of a balanced set."""
    rates = []
    for c in np.unique(labels):
        recall = np.mean(guesses[labels == c] == c)
        specificity = np.mean(guesses[labels != c] != c)
        rates.append((recall, np.sqrt(recall * specificity)))
    recalls, gmeans = np.transpose(rates)
    return {
        "accuracy": float(np.mean(labels == guesses)),
        "gmean": float(gmeans.mean()),
        "worst_recall": float(recalls.min()),
    }


def run(spec, images, labels, seed, args):
    """Train once and return the validation scores."""
    keras.utils.set_random_seed(seed)
    train, val = split(labels, seed)
    recipe = get_recipe("fast")
    balanced = spec == "balanced_sampling"
    pipeline = recipe.pipeline(
        images[train],
        labels[train],
        6,
        seed,
        order=balanced_order(labels[train], seed) if balanced else None,
    )
    model = create_model(
        "resnet18",
        num_classes=6,
        input_shape=images.shape[1:],
        width=args.width,
        stem_stride=2,
    )
    counts = np.bincount(labels[train])
    word = "cross_entropy" if balanced else spec
    loss = make_loss(word, counts, args.epochs)
    model.compile(
        recipe.optimizer(pipeline.steps_per_epoch, args.epochs), loss, jit_compile=False
    )
    model.fit(
        pipeline.dataset(),
        epochs=args.epochs,
        steps_per_epoch=pipeline.steps_per_epoch,
        shuffle=False,
        verbose=0,
        callbacks=[LossStateCallback(loss)],
    )
    guesses = model.predict(images[val].astype("float32"), verbose=0).argmax(-1)
    return scores(labels[val], guesses)


def summarise(rows):
    """Print mean and standard deviation of each loss."""
    groups = defaultdict(list)
    for row in rows:
        groups[row["loss"]].append(row)
    print("| loss | seeds | GMean | accuracy | worst recall |\n|---|---|---|---|---|")
    best_first = sorted(
        groups.items(), key=lambda item: -np.mean([r["gmean"] for r in item[1]])
    )
    for name, group in best_first:
        cells = []
        for key in ("gmean", "accuracy", "worst_recall"):
            values = 100 * np.array([row[key] for row in group])
            spread = values.std(ddof=1) if len(values) > 1 else 0.0
            cells.append(f"{values.mean():.2f} ± {spread:.2f}")
        print(f"| {name} | {len(group)} | {' | '.join(cells)} |")


def main():
    """Run what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("--out", type=Path, default=Path("loss_variants.jsonl"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--losses", nargs="*", default=["cross_entropy"])
    args = parser.parse_args()

    index = open_dataset(args.data)
    train = make_split(index, "neu-600", val_fraction=0.0).train
    images, kept = load_images([index.files[i] for i in train], (args.size, args.size))
    labels = index.labels[train[kept]]
    settings = {"epochs": args.epochs, "width": args.width, "size": args.size}
    store = RowStore(args.out, operator.itemgetter("loss", "seed", *settings))
    for seed in range(args.seeds):
        for spec in args.losses:
            if (spec, seed, *settings.values()) in store:
                continue
            key = {"loss": spec, "seed": seed, **settings}
            row = {**key, **run(spec, images, labels, seed, args)}
            store.add(row)
            print(row, flush=True)
    rows = store.rows.values()
    summarise([row for row in rows if settings.items() <= row.items()])


if __name__ == "__main__":
    main()
