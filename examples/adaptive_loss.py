"""Train on unbalanced folders with the adaptive loss, and see what it changes.

python examples/adaptive_loss.py
python examples/adaptive_loss.py --data path/to/folders_per_class --epochs 40
"""

import argparse
import tempfile
from pathlib import Path

import cv2
import keras

from rkd_keras.data import evaluation_dataset, load_samples, make_split, open_dataset
from rkd_keras.data.synthetic import CLASS_NAMES, draw_image
from rkd_keras.losses import LossStateCallback
from rkd_keras.metrics import MacroRecall
from rkd_keras.models import ResNet18
from rkd_keras.trainers import get_recipe

# Of the first class 60 images to train on, of the last 5: imbalance 12.
TRAINING_COUNTS = (60, 36, 22, 13, 8, 5)
TEST_COUNT = 20


def main(data=None, epochs=20):
    data = data or write_unbalanced_folders(tempfile.mkdtemp())
    index = open_dataset(data)
    # Folders named train and test are taken as they are; else a third is tested.
    protocol = "given" if {"train", "test"} <= set(index.parts) else "holdout"
    split = make_split(index, protocol, seed=0, val_fraction=0.0)
    train = load_samples(index, split.train)
    test = load_samples(index, split.test)
    counts = index.counts(split.train)
    print(
        "training images:", dict(zip(index.class_names, counts.tolist(), strict=True))
    )

    classes = len(index.class_names)
    recipe = get_recipe("fast").with_changes(batch_size=16, epochs=epochs)
    recalls = {}
    for name in ("cross_entropy", "adaptive_gmean"):
        keras.utils.set_random_seed(0)
        model = ResNet18(classes, width=0.125, stem_stride=2)
        pipeline = recipe.pipeline(*train, classes, seed=0)
        model.compile(
            recipe.optimizer(pipeline.steps_per_epoch),
            recipe.loss(counts, name),
            metrics=[MacroRecall(classes)],
            # XLA compiles for longer than it saves where there is no GPU.
            jit_compile=False,
        )
        model.fit(
            pipeline.dataset(),
            epochs=epochs,
            steps_per_epoch=pipeline.steps_per_epoch,
            # Turns the training's confusion matrix into the next epoch's weights.
            callbacks=[LossStateCallback()],
            shuffle=False,
            verbose=2,
        )
        _, recalls[name] = model.evaluate(evaluation_dataset(*test), verbose=0)
    for name, recall in recalls.items():
        print(f"macro recall on the test part with {name}: {recall:.3f}")
    return recalls


def write_unbalanced_folders(directory):
    """Draw `train/<class>/` with falling counts and an even `test/<class>/`."""
    directory = Path(directory)
    for c, name in enumerate(CLASS_NAMES):
        for part, count in (("train", TRAINING_COUNTS[c]), ("test", TEST_COUNT)):
            folder = directory / part / name
            folder.mkdir(parents=True)
            for i in range(count):
                image = draw_image(name, 64, [c, i, part == "test"]).image
                cv2.imwrite(str(folder / f"{i}.png"), image)
    return directory


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder or CSV manifest of labelled images")
    parser.add_argument("--epochs", type=int, default=20)
    main(**vars(parser.parse_args()))
