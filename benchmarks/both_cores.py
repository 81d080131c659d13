"""How much faster two cores train a student than one.

Each batch size is measured in processes of its own, with one core and with two, in
turns, so that a machine's drift hits both alike: a pipeline's student learns from
stored answers of a teacher, on drawn images with the pipeline's augmentation, and on as
many parts of a batch side by side as a pipeline chooses. A row a
batch size and precision: images/s and the ratio, medians over the rounds.

    python benchmarks/both_cores.py --json docs/results/both_cores.json
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from provenance import provenance, write_rows

IMAGES, CLASSES, VIEWS, FEATURES = 1024, 6, 4, 1280
WARM_UP = 10


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batches", type=int, nargs="+", default=[16, 32, 64])
    parser.add_argument("--precisions", nargs="+", default=["float32"])
    parser.add_argument("--model", default="edge_resnet_small")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        print(worker(json.loads(args.worker)))
        return
    rows = []
    for precision in args.precisions:
        for batch in args.batches:
            speeds = {1: [], 2: []}
            for _ in range(args.rounds):
                for cores, found in speeds.items():
                    found.append(started(args, precision, batch, cores))
            one, two = (statistics.median(speeds[cores]) for cores in (1, 2))
            ratios = [b / a for a, b in zip(*speeds.values(), strict=True)]
            row = {"model": args.model, "precision": precision, "batch": batch}
            row |= {"one_core": round(one, 1), "two_cores": round(two, 1)}
            row |= {"ratio": round(statistics.median(ratios), 3)}
            rows.append({**row, "rounds": args.rounds, **provenance()})
            print(rows[-1], file=sys.stderr, flush=True)
    write_rows(rows, args.json)


def started(args, precision, batch, cores):
    """Measure in a process that may use so many cores."""
    chosen = sorted(os.sched_getaffinity(0))[:cores]
    options = {"precision": precision, "batch": batch, "cores": chosen}
    options |= {"model": args.model, "seconds": args.seconds}
    words = [sys.executable, __file__, "--worker", json.dumps(options)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def worker(options):
    """Return the images per second of one training."""
    os.sched_setaffinity(0, options["cores"])
    from rkd_keras.runs.start_tensorflow import parts_for, start_tensorflow

    parts = parts_for(options["batch"], len(options["cores"]))
    start_tensorflow(batch_parts=parts)
    import keras
    import numpy as np

    from rkd_keras.models import EfficientNetLite0, create_model
    from rkd_keras.runs.pipeline_networks import TAUGHT
    from rkd_keras.runs.pipeline_networks import VIEWS as SHOWN
    from rkd_keras.trainers import RKDTrainer, get_recipe

    keras.config.set_dtype_policy(options["precision"])
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (IMAGES, 64, 64, 3), dtype=np.uint8)
    recipe = get_recipe("fast").with_changes(batch_size=options["batch"], **SHOWN)
    pipeline = recipe.pipeline(images, np.arange(IMAGES) % CLASSES, CLASSES)
    pipeline = pipeline.with_teacher(
        rng.normal(size=(VIEWS, IMAGES, CLASSES)).astype("float32"),
        rng.normal(size=(VIEWS, IMAGES, FEATURES)).astype("float32"),
    )
    shape = {"num_classes": CLASSES, "input_shape": (64, 64, 3)}
    student = create_model(options["model"], **shape)
    trainer = RKDTrainer(
        EfficientNetLite0(**shape), student, batch_parts=parts, **TAUGHT
    )
    trainer.compile(
        recipe.optimizer(pipeline.steps_per_epoch), recipe.loss([1] * CLASSES)
    )
    watch = Watch(keras, options["seconds"])
    trainer.fit(
        pipeline.dataset(), steps_per_epoch=10**6, verbose=0, callbacks=[watch.callback]
    )
    return watch.steps * options["batch"] / watch.spent


class Watch:
    """Stop a training after so many seconds, not counting its first steps."""

    def __init__(self, keras, seconds):
        self.steps, self.spent, self.begun = 0, 0.0, None
        self.seconds = seconds
        self.callback = keras.callbacks.LambdaCallback(on_train_batch_end=self.after)

    def after(self, step, logs):
        """Begin the clock after the first steps, and stop when it is time."""
        if step == WARM_UP:
            self.begun = time.perf_counter()
        elif step > WARM_UP:
            self.steps += 1
            self.spent = time.perf_counter() - self.begun
            self.callback.model.stop_training = self.spent > self.seconds


if __name__ == "__main__":
    main()
