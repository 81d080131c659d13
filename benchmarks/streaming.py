"""Memory and speed of training on images that are streamed from packs or folders.

Drawn images of 64x64 pixels are packed, once few and more each time. For each pack a
process of its own opens it in three ways: all images decoded into memory, decoded once
into a file without a name and read from there (what `rkd-keras train` does with large
sets), and decoded anew whenever they are asked for. Each way runs an epoch of augmented
batches without a network, and trains a small student for some steps; the streamed ways
also store features and a teacher's answers to a view of all images.

Memory is what the process itself holds beyond what it had with everything imported, at
its peak (`RssAnon`); pages of files, which the system keeps as long as nobody needs the
room, do not count. Speeds are told by the clock and by processor time, which other work
on the machine changes less.

    python benchmarks/streaming.py --json docs/results/streaming.json
"""

import argparse
import contextlib
import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from provenance import provenance

SIZE = (64, 64)
BATCH = 64
WAYS = ("memory", "store", "anew")
# Whose features and answers are stored: what they cost is told elsewhere.
STORED = "edge_resnet_nano"
PROCESSOR = "per_processor_second"
ROUNDS = 5


def main():
    """Pack, measure each pack in each way, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, nargs="+", default=[2000, 20000, 200000])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=[*WAYS])
    parser.add_argument("--distinct", type=int, default=600)
    parser.add_argument("--steps", type=int, default=30, help="of each of 5 rounds")
    parser.add_argument("--folders", action="store_true", help="not packed")
    parser.add_argument("--model", default="edge_resnet_small")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(*args.measure, args.model, args.steps)))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for count in args.images:
            data = write_data(Path(folder), count, args.distinct, args.folders)
            for way in args.ways:
                command = [sys.executable, __file__, "--measure", data, way]
                command += ["--model", args.model, "--steps", str(args.steps)]
                result = subprocess.run(
                    command, stdout=subprocess.PIPE, text=True, check=True
                )
                rows.append(json.loads(result.stdout.splitlines()[-1]))
                print(json.dumps(rows[-1]), flush=True)
                if args.json:
                    content = {**provenance(), **told(args), "rows": rows}
                    text = json.dumps(content, indent=1) + "\n"
                    args.json.write_text(text, encoding="utf-8")


def told(args):
    return {
        "distinct": args.distinct,
        "model": args.model,
        "kept_as": "folders" if args.folders else "pack",
    }


def write_data(folder, count, distinct, loose):
    """Write `count` images, of which `distinct` are drawn and the others copies."""
    from rkd_keras.data import pack_images
    from rkd_keras.data.synthetic import write_dataset

    drawn = folder / "drawn"
    if not drawn.exists():
        write_dataset(drawn, per_class=distinct // 6, size=SIZE[0], quiet=True)
    files = sorted((drawn / "IMAGES").iterdir())
    source = folder / f"{count}"
    for number in range(count):
        file = files[number % len(files)]
        class_name = file.stem.rpartition("_")[0]
        (source / class_name).mkdir(parents=True, exist_ok=True)
        os.link(file, source / class_name / f"{number}.jpg")
    if loose:
        return source
    pack = folder / f"{count}.pack"
    pack_images(source, pack, quiet=True)
    return pack


class Peak:
    """Watches the memory that this process itself holds, in 2^20 bytes."""

    def __init__(self):
        self.most = self.now()
        threading.Thread(target=self._watch, daemon=True).start()

    @staticmethod
    def now():
        """Return what the process holds now."""
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) / 1024
        raise SystemExit("this machine does not tell a process's own memory")

    def _watch(self):
        while True:
            self.most = max(self.most, self.now())
            time.sleep(0.02)

    @contextlib.contextmanager
    def beyond(self, before, row, name):
        """Note the peak beyond `before` while the context lasts."""
        self.most = self.now()
        yield
        row[name] = max(0, round(max(self.most, self.now()) - before))


def speed(images, run, row, name):
    """Note images a second, by the clock and by processor time: medians of rounds."""
    clocks = (time.perf_counter, "per_second"), (time.process_time, PROCESSOR)
    found = {unit: [] for _, unit in clocks}
    for _ in range(ROUNDS):
        begun = [clock() for clock, _ in clocks]
        run()
        for (clock, unit), start in zip(clocks, begun, strict=True):
            found[unit].append(images / (clock() - start))
    for unit, speeds in found.items():
        row[f"{name}_{unit}"] = round(statistics.median(speeds), 1)


def measure(data, way, name, steps):
    """Open the images, train, store; return what each took."""
    from rkd_keras.runs.start_tensorflow import start_tensorflow

    start_tensorflow()
    import numpy as np

    from rkd_keras.data import open_dataset, open_images
    from rkd_keras.trainers import get_recipe

    recipe = get_recipe("fast").with_changes(batch_size=BATCH)
    model = student(name, recipe)
    # What imports, traces and a few steps take is there before memory is measured.
    peak, row = Peak(), {"way": way}
    blank = np.zeros((BATCH, *SIZE, 3), "uint8")
    fit(model, recipe.pipeline(blank, np.arange(BATCH) % 6, 6), 10)
    before = peak.most
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        with peak.beyond(before, row, "memory_mb_to_open"):
            index = open_dataset(data)
            images, kept = open_images(
                index.files,
                SIZE,
                memory_mb=1e6 if way == "memory" else 0,
                store=folder if way == "store" else None,
            )
        row["seconds_to_open"] = round(time.perf_counter() - start, 1)
        row["images"] = len(images)
        pipeline = recipe.pipeline(images, index.labels[kept], 6)
        with peak.beyond(before, row, "memory_mb_with_an_epoch"):
            draw_epoch(pipeline, row)
        with peak.beyond(before, row, "memory_mb_training"):
            fit(model, pipeline, 10)
            train = functools.partial(fit, model, pipeline, steps)
            speed(steps * BATCH, train, row, "trained")
        if way != "memory":
            stored(student(STORED, recipe), pipeline, Path(folder), peak, before, row)
    return row


def draw_epoch(pipeline, row):
    batches = iter(pipeline.dataset())
    next(batches)
    count = max(1, (pipeline.steps_per_epoch - 1) // ROUNDS)

    def draw():
        for _ in range(count):
            next(batches)

    speed(count * BATCH, draw, row, "images")


def student(name, recipe):
    import keras

    from rkd_keras.models import create_model

    keras.utils.set_random_seed(0)
    model = create_model(name, num_classes=6, input_shape=(*SIZE, 3))
    model.compile(recipe.optimizer(1000), recipe.loss([1] * 6), jit_compile=False)
    return model


def fit(model, pipeline, steps):
    model.fit(pipeline.dataset(), steps_per_epoch=steps, shuffle=False, verbose=0)


def stored(model, pipeline, folder, peak, before, row):
    """Store features, and a teacher's answers, of a view of all images."""
    import keras

    from rkd_keras.models import tapped
    from rkd_keras.trainers import AnswerFolder, view_features
    from rkd_keras.trainers.teacher_cache import answering

    outputs = tapped(model).outputs
    body = keras.Model(model.inputs, outputs[1])
    with peak.beyond(before, row, "memory_mb_features"):
        view_features(body, pipeline, 1, folder / "features.npy", "benchmark")
    widths = [each.shape[-1] for each in outputs]
    answers = AnswerFolder(folder / "answers", "benchmark", row["images"], *widths)
    with peak.beyond(before, row, "memory_mb_answers"):
        answers.write(0, answering(model)(pipeline.view_dataset(0)))


if __name__ == "__main__":
    main()
