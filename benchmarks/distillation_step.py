"""What a distillation step costs: images/s of four ways to train one student.

Plain training, RKDTrainer with stored teacher answers, RKDTrainer with a running
teacher, and Keras's own Distiller with KD only (with a running teacher, as it
must). The ways take turns, so that a machine's drift hits all alike; the median
of the rounds is quoted, and its ratio to plain training.

    python benchmarks/distillation_step.py --json docs/results/distillation_step.json
"""

import argparse
import json
import statistics
import time
from pathlib import Path

from rkd_keras.runs.start_tensorflow import start_tensorflow

start_tensorflow()

import keras  # noqa: E402
import numpy as np  # noqa: E402

from rkd_keras.data import Augmentation, TrainingPipeline  # noqa: E402
from rkd_keras.models import create_model  # noqa: E402
from rkd_keras.runs.precision import choose_precision  # noqa: E402
from rkd_keras.trainers import RKDTrainer, TeacherCache, get_recipe  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--teacher", default="sarsn34")
    parser.add_argument("--student", default="resnet18")
    parser.add_argument("--width", type=float, default=0.5)
    parser.add_argument("--teacher-width", type=float, default=1.0)
    parser.add_argument("--stem-stride", type=int, default=2)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    precision = choose_precision("auto")
    keras.config.set_dtype_policy(precision)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (128, 64, 64, 3), dtype=np.uint8)
    labels = np.arange(128) % 6
    ways = dict(prepare(args, images, labels))
    speeds = {name: [] for name in ways}
    for _ in range(args.rounds):
        for name, (model, batches) in ways.items():
            started = time.perf_counter()
            for _ in range(args.steps):
                model.train_on_batch(*next(batches))
            seconds = time.perf_counter() - started
            speeds[name].append(32 * args.steps / seconds)
    plain = speeds["plain"]
    results = {"precision": precision, **vars(args), "ways": {}}
    results.pop("json")
    for name, values in speeds.items():
        ratios = [v / p for v, p in zip(values, plain, strict=True)]
        results["ways"][name] = {
            "images_per_second": round(statistics.median(values), 1),
            "ratio_to_plain": round(statistics.median(ratios), 3),
            "ratio_range": [round(min(ratios), 3), round(max(ratios), 3)],
        }
        print(name, results["ways"][name], flush=True)
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n")


def prepare(args, images, labels):
    """Yield each way's name, compiled model and endless batches."""

    def pipeline(**more):
        return TrainingPipeline(images, labels, 32, Augmentation(), **more)

    options = {"stem_stride": args.stem_stride}
    teacher = create_model(args.teacher, width=args.teacher_width, **options)
    plain = pipeline()
    cache = TeacherCache.build(teacher, [plain.view_dataset(v) for v in range(2)])
    cached = plain.with_teacher(cache.logits, cache.embedding)
    distiller = keras.distillation.Distiller(
        teacher,
        create_model(args.student, width=args.width, **options),
        [keras.distillation.LogitsDistillation(temperature=4.0)],
        [1.0],
    )
    for name, model, data in (
        ("plain", create_model(args.student, width=args.width, **options), pipeline()),
        ("RKD + KD, stored teacher answers", None, cached),
        ("RKD + KD, running teacher", None, pipeline()),
        ("keras Distiller, KD only", distiller, pipeline()),
    ):
        if model is None:
            student = create_model(args.student, width=args.width, **options)
            model = RKDTrainer(teacher, student)
        model.compile(
            get_recipe("fast").optimizer(100, 10),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
            jit_compile=False,
        )
        batches = iter(data.dataset())
        for _ in range(3):
            model.train_on_batch(*next(batches))
        yield name, (model, batches)


if __name__ == "__main__":
    main()
