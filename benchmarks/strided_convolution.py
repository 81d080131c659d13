r"""Which strided 1x1 convolutions TensorFlow's oneDNN cannot train without harm.

Each shape's gradient of the weights is computed some times in a process of its own
under glibc's memory checks. What writes beyond its memory dies there; a row a shape
tells how the process ended. Linux with glibc only.

    python benchmarks/strided_convolution.py \
        --json docs/results/strided_convolution.json
"""

import argparse
import ctypes.util
import os
import subprocess
import sys
from pathlib import Path

from provenance import provenance, write_rows

# Input channels, filters, side of the map, batch.
SHAPES = (
    *((3, 8, 64, 8), (4, 16, 64, 8), (8, 8, 64, 8), (8, 16, 64, 32), (8, 16, 56, 8)),
    *((8, 16, 128, 8), (8, 16, 48, 8), (8, 16, 32, 32), (12, 24, 64, 8)),
    *((16, 16, 128, 8), (16, 32, 32, 32), (16, 32, 64, 32), (32, 64, 16, 32)),
)
STEPS = 60
STEP = """
import sys
import tensorflow as tf
channels, filters, side, batch = map(int, sys.argv[1:])
x = tf.random.normal((batch, side, side, channels))
gradient = tf.random.normal((batch, side // 2, side // 2, filters))
@tf.function
def step(x, gradient):
    return tf.reduce_sum(tf.raw_ops.Conv2DBackpropFilter(
        input=x, filter_sizes=[1, 1, channels, filters], out_backprop=gradient,
        strides=[1, 2, 2, 1], padding="SAME"))
for _ in range({steps}):
    step(x, gradient)
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = []
    for shape in SHAPES:
        row = dict(zip(("channels", "filters", "side", "batch"), shape, strict=True))
        row["status"] = status(shape)
        rows.append({**row, **provenance()})
        print(rows[-1], file=sys.stderr, flush=True)
    write_rows(rows, args.json)


def status(shape):
    """Return the process's status: 0, or the negative number of the signal."""
    checks = {"MALLOC_CHECK_": "3", "TF_CPP_MIN_LOG_LEVEL": "3"}
    checks["TF_ENABLE_ONEDNN_OPTS"] = "1"
    library = ctypes.util.find_library("c_malloc_debug") or "libc_malloc_debug.so.0"
    words = [sys.executable, "-c", STEP.replace("{steps}", str(STEPS))]
    done = subprocess.run(
        [*words, *map(str, shape)],
        env={**os.environ, **checks, "LD_PRELOAD": library},
        capture_output=True,
        check=False,
    )
    return done.returncode


if __name__ == "__main__":
    main()
