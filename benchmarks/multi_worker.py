"""What a second worker brings: images/s of one worker and of two, one thread each.

Both train the same student with the same batch for each worker (weak scaling) and
with the same global batch (strong scaling), on this machine over loopback. The ways
take turns, so that a machine's drift hits all alike; medians of the rounds' epochs
after the first (which builds the graph) are quoted.

    python benchmarks/multi_worker.py --json docs/results/multi_worker.json
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rkd_keras.runs.worker_group import free_ports

WAYS = {
    "1 worker, batch 32": (1, 32),
    "2 workers, batch 32 (16 each)": (2, 32),
    "2 workers, batch 64 (32 each)": (2, 64),
    "2 workers, batch 64, synchronised batch norm": (2, 64),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="resnet18")
    parser.add_argument("--width", type=float, default=0.5)
    parser.add_argument("--stem-stride", type=int, default=2)
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        worker(args, *args.worker)
        return
    speeds = {name: [] for name in WAYS}
    for _ in range(args.rounds):
        for name in WAYS:
            speeds[name] += run(args, name)
            print(name, [round(s, 1) for s in speeds[name]], flush=True)
    one = statistics.median(speeds["1 worker, batch 32"])
    results = {
        "machine": f"{os.cpu_count()} processors, loopback, one thread a worker",
        **{k: v for k, v in vars(args).items() if k not in ("json", "worker")},
        "ways": {
            name: {
                "images_per_second": round(statistics.median(values), 1),
                "range": [round(min(values), 1), round(max(values), 1)],
                "ratio_to_one_worker": round(statistics.median(values) / one, 2),
            }
            for name, values in speeds.items()
        },
        "load_average": [round(value, 1) for value in os.getloadavg()],
    }
    print(json.dumps(results, indent=2))
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n")


def run(args, name):
    """Run all workers of one way; return the chief's images/s of each epoch."""
    count, _ = WAYS[name]
    addresses = [f"localhost:{port}" for port in free_ports(count)]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "speeds.json"
        processes = []
        for index in range(count):
            task = {"type": "worker", "index": index}
            config = {"cluster": {"worker": addresses}, "task": task}
            environment = {
                **os.environ,
                "TF_CPP_MIN_LOG_LEVEL": "3",
                "TF_NUM_INTRAOP_THREADS": "1",
                "OMP_NUM_THREADS": "1",
                # With oneDNN one thread corrupts the heap of TensorFlow 2.21.
                "TF_ENABLE_ONEDNN_OPTS": "0",
            }
            environment.pop("TF_CONFIG", None)
            if count > 1:
                environment["TF_CONFIG"] = json.dumps(config)
            command = [sys.executable, __file__, *sys.argv[1:]]
            command += ["--worker", name, str(out)]
            processes.append(subprocess.Popen(command, env=environment))
        if any(process.wait() for process in processes):
            raise RuntimeError(f"a worker of {name!r} failed")
        return json.loads(out.read_text())


def worker(args, name, out):
    """Train as one worker and write the speeds."""
    from rkd_keras.trainers.distributed.workers import connect_workers, is_chief

    count, batch = WAYS[name]
    strategy = connect_workers() if count > 1 else None
    import contextlib

    import keras
    import numpy as np

    from rkd_keras.data import Augmentation, TrainingPipeline
    from rkd_keras.models import create_model
    from rkd_keras.trainers import fit_replicas, get_recipe, set_synchronized

    images = np.random.default_rng(0).integers(
        0, 256, (args.images, 64, 64, 3), dtype=np.uint8
    )
    pipeline = TrainingPipeline(
        images, np.arange(args.images) % 6, batch, Augmentation()
    )
    steps = pipeline.steps_per_epoch
    seconds = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.started = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            seconds.append(time.perf_counter() - self.started)

    with strategy.scope() if strategy else contextlib.nullcontext():
        model = create_model(args.model, width=args.width, stem_stride=args.stem_stride)
        if "synchronised" in name:
            set_synchronized(model)
        model.compile(
            get_recipe("fast").optimizer(steps, args.epochs),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            jit_compile=False,
        )
    common = {
        "epochs": args.epochs,
        "steps_per_epoch": steps,
        "callbacks": [Clock()],
    }
    if strategy:
        fit_replicas(
            model, strategy, lambda *shard: pipeline.dataset(0, shard), **common
        )
    else:
        model.fit(pipeline.dataset(), shuffle=False, verbose=0, **common)
    if is_chief(strategy):
        Path(out).write_text(json.dumps([steps * batch / s for s in seconds[1:]]))


if __name__ == "__main__":
    main()
