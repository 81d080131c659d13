"""Measure `find_overlaps`: planted overlaps, NEU's own, time and memory.

`planted` cuts crops whose overlap is known out of drawn frames, changes the second
one (mirrored, turned, compressed, resized) and counts what is found of each kind, and
what is found that was not planted. `neu` searches NEU-DET, counts pairs by class and
shared area, and what of the test part of `neu-600` shares pixels with what is trained
or validated on. `many` searches as many images as are asked for, drawn crops of
common frames among crops that share nothing, and counts time and memory.
`classifier` trains Gabor filters and an SVM on random splits and on splits by groups.

    python benchmarks/overlaps.py planted
    python benchmarks/overlaps.py neu path/to/NEU-DET
    python benchmarks/overlaps.py many --images 20000
    python benchmarks/overlaps.py classifier path/to/NEU-DET

Each writes a JSON file into `docs/results/overlaps/`.
"""

import argparse
import json
import platform
import resource
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from rkd_keras.data import ImageIndex, find_overlaps
from rkd_keras.data.synthetic import draw_strip
from rkd_keras.files.replacing import replacing

SIDE = 200
KINDS = (
    "shifted",
    "mirrored",
    "turned",
    "mirrored and turned",
    "compressed copy",
    "resized copy",
    "resized and compressed copy",
    "turned, resized copy",
    "shifted and compressed",
    "shifted, turned and compressed",
    "shifted and resized",
    "brighter copy",
    "crop of the frame",
    "too small an overlap",
)


def planted_pair(kind, rng):
    """Return two images and the area that they share, as a fraction."""
    frame = draw_strip(2 * SIDE, 2 * SIDE, int(rng.integers(1, 4)), rng).image
    corner = rng.integers(0, SIDE + 1, 2)
    low, high = (0.05, 0.3) if "too small" in kind else (0.42, 0.95)
    copied = "copy" in kind
    while True:
        other = corner if copied else rng.integers(0, SIDE + 1, 2)
        sides = np.maximum(SIDE - np.abs(other - corner), 0)
        area = float(sides.prod() / SIDE**2)
        if copied or low <= area <= high:
            break
    first, second = (frame[y : y + SIDE, x : x + SIDE] for y, x in (corner, other))
    if kind == "crop of the frame":
        first, area = frame, 1.0
    if "mirrored" in kind:
        second = second[:, ::-1]
    if "turned" in kind:
        second = np.rot90(second, int(rng.integers(1, 4)))
    if "resized" in kind:
        side = int(rng.choice([64, 100, 128, 160, 224, 300]))
        method = cv2.INTER_AREA if side < SIDE else cv2.INTER_LINEAR
        second = cv2.resize(second, (side, side), interpolation=method)
    if "brighter" in kind:
        second = np.clip(second.astype(int) + int(rng.integers(10, 30)), 0, 255)
    quality = int(rng.integers(40, 80)) if "compressed" in kind else 95
    return compressed(first, 95), compressed(second, quality), area


def compressed(image, quality):
    """Return the bytes of a JPEG file."""
    image = np.ascontiguousarray(image).astype(np.uint8)
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]


def planted(args):
    """Count what is found of each kind of planted overlap."""
    rng = np.random.default_rng(args.seed)
    truth = {}
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for kind in KINDS:
            for _ in range(args.count):
                first, second, area = planted_pair(kind, rng)
                truth[len(files), len(files) + 1] = kind, area
                for data in (first, second):
                    files.append(Path(folder) / f"{len(files)}.jpg")
                    files[-1].write_bytes(data.tobytes())
        index = ImageIndex(files, [0] * len(files), ("drawn",))
        found, spent = timed(lambda: find_overlaps(index, threads=args.threads))
    pairs = {(pair.first, pair.second): pair for pair in found.pairs}
    rows = {}
    for kind in KINDS:
        planted = {p: area for p, (k, area) in truth.items() if k == kind}
        hits = [p for p in planted if p in pairs]
        errors = [abs(pairs[p].area - planted[p]) for p in hits]
        rows[kind] = {
            "planted": len(planted),
            "found": len(hits),
            "largest_error_of_area": round(max(errors, default=0.0), 3),
        }
    others = [p for p in pairs if p not in truth]
    return {"images": len(index), "rows": rows, "not_planted": len(others), **spent}


def timed(function):
    """Run a function; return its result, and wall and processor seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = function()
    spent = {
        "seconds": round(time.perf_counter() - wall, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    return result, spent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/results/overlaps"))
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("planted")
    command.add_argument("--count", type=int, default=100)
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--threads", type=int, default=2)
    command.set_defaults(run=planted, name="planted")
    args = parser.parse_args()
    result = {"machine": platform.processor() or platform.machine(), **args.run(args)}
    print(json.dumps(result, indent=1))
    args.out.mkdir(parents=True, exist_ok=True)
    with replacing(args.out / f"{args.name}.json") as temporary:
        temporary.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
