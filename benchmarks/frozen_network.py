"""What a frozen EfficientNet-Lite0 takes by TensorFlow and by ONNX Runtime.

Batches of 32 random images, in turns, so that a machine's drift hits both alike;
medians over the rounds. The weights are random: times do not depend on them.

    python benchmarks/frozen_network.py --json docs/results/frozen_network.json
"""

import argparse
import json
import statistics
import time
from pathlib import Path

from provenance import provenance

from rkd_keras.runs.start_tensorflow import start_tensorflow

start_tensorflow()

import numpy as np  # noqa: E402

from rkd_keras.models import EfficientNetLite0, tapped  # noqa: E402
from rkd_keras.trainers import frozen_network  # noqa: E402
from rkd_keras.trainers.frozen_network import WORTH_CONVERTING  # noqa: E402

BATCH = 32


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 224])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = []
    for size in args.sizes:
        model = tapped(EfficientNetLite0(input_shape=(size, size, 3)))
        ways = {
            "TensorFlow": frozen_network(model, 0),
            "ONNX Runtime": frozen_network(model, WORTH_CONVERTING),
        }
        rng = np.random.default_rng(0)
        images = rng.uniform(0, 255, (BATCH, size, size, 3)).astype("float32")
        times = {name: [] for name in ways}
        for _ in range(args.rounds + 1):
            for name, answer in ways.items():
                started = time.perf_counter()
                answer(images)
                times[name].append(1000 * (time.perf_counter() - started) / BATCH)
        # The first round traces.
        median = {n: round(statistics.median(t[1:]), 2) for n, t in times.items()}
        ratio = round(median["TensorFlow"] / median["ONNX Runtime"], 2)
        rows.append({"size": size, "ms": median, "ratio": ratio, **provenance()})
        print(rows[-1], flush=True)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
