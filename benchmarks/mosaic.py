"""Images per second and core of the training pipeline with mosaic and fusion.

One thread, images of 64x64x3 in memory. Each row adds its step to `batch`;
"augment" is the classic augmentation of `rkd_keras.data.Augmentation`. The rate
is per second of processor time, so other work on the machine does not count;
run it on a quiet machine all the same, for shared caches do.

    python benchmarks/mosaic.py --json docs/results/mosaic.json
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import tensorflow as tf
from provenance import provenance

from rkd_keras.data import Augmentation
from rkd_keras.data.samples.fusion import fusion_batch
from rkd_keras.data.samples.mosaic import mosaic_batch
from rkd_keras.layers import MedianBlur2D


def pipeline(images, labels, batch_size, augment, combine):
    """Return the dataset of one row."""
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).repeat().enumerate()
    if augment:
        view = Augmentation()

        def example(i, pair):
            return view(pair[0], tf.stack([tf.constant(0, tf.int64), i])), pair[1]

        dataset = dataset.map(example)
    else:
        dataset = dataset.map(lambda i, pair: pair)
    dataset = dataset.batch(batch_size, drop_remainder=True).enumerate()
    if combine is None:
        return dataset.map(lambda i, pair: tf.cast(pair[0], tf.float32))

    def batch(i, pair):
        seed = tf.stack([tf.constant(1, tf.int64), i])
        return combine(pair[0], pair[1], seed)

    return dataset.map(batch)


def rate(dataset, batch_size, batches):
    """Return images per second of processor time, best of three."""
    options = tf.data.Options()
    options.threading.private_threadpool_size = 1
    options.threading.max_intra_op_parallelism = 1
    options.autotune.enabled = False
    iterator = iter(dataset.with_options(options))
    for _ in range(5):
        next(iterator)
    best = 0.0
    for _ in range(3):
        start = time.process_time()
        for _ in range(batches):
            next(iterator)
        best = max(best, batches * batch_size / (time.process_time() - start))
    return best


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--batches", type=int, default=60)
    parser.add_argument("--json", type=Path, help="file to write")
    args = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)

    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (960, 64, 64, 3), dtype="uint8")
    labels = rng.integers(0, 6, 960)
    blur = MedianBlur2D(3, padding="valid")

    def mosaics(x, y, seed):
        return mosaic_batch(x, y, seed, blur)

    rows = [
        ("batch", False, None),
        ("mosaic of all", False, mosaics),
        ("fusion of all", False, fusion_batch),
        ("augment", True, None),
        ("augment, mosaic of all", True, mosaics),
        ("augment, fusion of all", True, fusion_batch),
    ]
    print("| pipeline | images/s a core |\n|---|---|")
    rates = {}
    for name, augment, combine in rows:
        dataset = pipeline(images, labels, args.batch_size, augment, combine)
        value = rate(dataset, args.batch_size, args.batches)
        rates[name] = round(value)
        print(f"| {name} | {value:.0f} |", flush=True)
    if args.json:
        content = {**provenance(), "batch_size": args.batch_size, "rates": rates}
        args.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
