"""Use mosaic and fusion in a `tf.data` pipeline of your own.

python examples/mosaic_and_fusion.py
python examples/mosaic_and_fusion.py --data path/to/NEU-DET
"""

import argparse
import tempfile

import cv2
import keras
import tensorflow as tf

from rkd_keras.data import (
    contact_sheet,
    evaluation_dataset,
    fusion_batch,
    load_samples,
    make_split,
    mosaic_batch,
    open_dataset,
)
from rkd_keras.data.synthetic import write_dataset
from rkd_keras.layers import MedianBlur2D
from rkd_keras.models import ResNet18

BLUR = MedianBlur2D(3, padding="valid")


def mix(step, batch):
    """Replace a third of a batch by mosaics and a third of that by fusions.

    Both take partners of the same class out of the batch, so labels stay; what
    comes out is a function of the step alone.
    """
    images, labels = batch
    images = mosaic_batch(images, labels, (step, 0), BLUR, probability=0.3)
    images = fusion_batch(images, labels, (step, 1), probability=0.3)
    return images, labels


def main(data=None, epochs=40, out="mosaic_and_fusion.png"):
    keras.utils.set_random_seed(0)
    data = data or write_dataset(tempfile.mkdtemp(), per_class=80, size=64)
    index = open_dataset(data)
    split = make_split(index, "holdout", seed=0)
    images, labels = load_samples(index, split.train)
    test = load_samples(index, split.test)

    write_sheet(images[labels == 0][:8], out)

    batches = tf.data.Dataset.from_tensor_slices((images, labels))
    batches = batches.shuffle(len(images), seed=0).repeat()
    # Large batches: partners are to be had in all classes.
    batches = batches.batch(48).enumerate().map(mix, tf.data.AUTOTUNE).prefetch(2)

    model = ResNet18(len(index.class_names), width=0.125, stem_stride=2)
    model.compile(
        "adam",
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        # XLA compiles for longer than it saves where there is no GPU.
        jit_compile=False,
    )
    model.fit(
        batches,
        epochs=epochs,
        steps_per_epoch=len(images) // 48,
        shuffle=False,  # the data set does
        verbose=2,
    )
    _, accuracy = model.evaluate(evaluation_dataset(*test), verbose=0)
    print(f"accuracy on images that were never trained on: {accuracy:.3f}")
    return accuracy


def write_sheet(images, path):
    """Show samples of one class, mosaics and fusions of them."""
    same_class = tf.zeros(len(images), tf.int64)
    rows = [
        ("samples of one class", images),
        ("mosaics of them", mosaic_batch(images, same_class, (0, 0), BLUR)),
        ("fusions of them", fusion_batch(images, same_class, (0, 0))),
    ]
    cv2.imwrite(str(path), contact_sheet(rows)[..., ::-1])
    print(f"samples, mosaics and fusions: {path}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder or CSV manifest of labelled images")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--out", default="mosaic_and_fusion.png")
    main(**vars(parser.parse_args()))
