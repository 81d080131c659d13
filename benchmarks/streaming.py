"""Memory and speed of training images that are streamed from a pack.

Drawn images of 64x64 pixels are packed, once few and once ten times as many. For each
pack a process of its own opens it, and runs one epoch of augmented batches, without a
network: once with all images decoded into memory, once streamed. What is told is the
memory that opening and the epoch took beyond what the process had with everything
imported, and the images of the epoch per second of processor time, which other work on
the machine changes little. Training a network takes longer than either, and the next
batches are read meanwhile.

    python benchmarks/streaming.py --json docs/results/streaming.json
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from provenance import provenance

SIZE = (64, 64)
BATCH = 64


def write_pack(folder, count, distinct):
    """Pack `count` images, of which `distinct` are drawn and the others copies."""
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
    pack = folder / f"{count}.pack"
    pack_images(source, pack, quiet=True)
    return pack


def used_mb():
    """Highest memory of this process so far, 2^20 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(pack, memory_mb):
    """Open a pack, run an epoch; return what it took."""
    import numpy as np

    from rkd_keras.data import Augmentation, TrainingPipeline, open_dataset, open_images

    augment = Augmentation()
    warm = TrainingPipeline(
        np.zeros((BATCH, *SIZE, 3), "uint8"), np.zeros(BATCH, int), BATCH, augment
    )
    for _ in warm.dataset().take(2):
        pass
    before = used_mb()
    start = time.perf_counter()
    index = open_dataset(pack)
    images, kept = open_images(index.files, SIZE, memory_mb=memory_mb)
    opened = time.perf_counter() - start
    after = used_mb()
    pipeline = TrainingPipeline(images, index.labels[kept], BATCH, augment)
    steps = pipeline.steps_per_epoch
    batches = iter(pipeline.dataset())
    next(batches)
    start = time.process_time()
    for _ in range(steps - 1):
        next(batches)
    seconds = time.process_time() - start
    return {
        "images": len(images),
        "way": type(images).__name__,
        "seconds_to_open": round(opened, 1),
        "memory_mb_to_open": round(after - before),
        "memory_mb_with_an_epoch": round(used_mb() - before),
        "images_per_processor_second": round((steps - 1) * BATCH / seconds),
    }


def main():
    """Pack, measure each pack in both ways, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[2000, 20000])
    parser.add_argument("--distinct", type=int, default=600)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(args.measure[0], float(args.measure[1]))))
        return
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for count in args.images:
            pack = write_pack(Path(folder), count, args.distinct)
            for memory_mb in (1e6, 0):
                command = [sys.executable, __file__, "--measure", pack, str(memory_mb)]
                result = subprocess.run(
                    command, capture_output=True, text=True, check=True
                )
                rows.append(json.loads(result.stdout.splitlines()[-1]))
                print(json.dumps(rows[-1]), flush=True)
    if args.json:
        content = {**provenance(), "distinct": args.distinct, "rows": rows}
        args.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
