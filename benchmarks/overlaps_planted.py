"""Measure `find_overlaps` where the truth is known: crops of drawn frames.

`planted` cuts crops whose overlap is known out of drawn frames, changes the second
one (mirrored, turned, compressed, resized) and counts what is found of each kind, and
what is found that was not planted. `many` searches as many crops as are asked for,
fifty of each frame, mirrored and turned at random, and counts time and memory too.

    python benchmarks/overlaps_planted.py planted
    python benchmarks/overlaps_planted.py many --images 20000

Each writes a JSON file into `docs/results/overlaps/`.
"""

import tempfile
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
from overlaps import run, timed

from rkd_keras.data import ImageIndex, find_overlaps
from rkd_keras.data.synthetic import draw_strip

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
        found, spent = timed(
            lambda: find_overlaps(index, threads=args.threads, quiet=args.quiet)
        )
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


def many(args):
    """Search many crops, of some of which the overlaps are known."""
    rng = np.random.default_rng(args.seed)
    side, of_frame = 5 * SIDE, 50
    files, corners, ways = [], [], []
    with tempfile.TemporaryDirectory(dir=args.work) as folder:
        while len(files) < args.images:
            frame = draw_strip(side, side, 20, rng).image
            for _ in range(min(of_frame, args.images - len(files))):
                top, left = rng.integers(0, side - SIDE + 1, 2).tolist()
                way = int(rng.integers(0, 8))
                crop = frame[top : top + SIDE, left : left + SIDE]
                crop = np.rot90(crop[:, ::-1] if way >= 4 else crop, way % 4)
                files.append(Path(folder) / f"{len(files):05d}.jpg")
                files[-1].write_bytes(compressed(crop, 90).tobytes())
                corners.append((top, left))
                ways.append(way)
        index = ImageIndex(files, [0] * len(files), ("drawn",))
        found, spent = timed(
            lambda: find_overlaps(index, threads=args.threads, quiet=args.quiet)
        )
    truth = {}
    for start in range(0, len(files), of_frame):
        numbers = range(start, min(start + of_frame, len(files)))
        for i, j in combinations(numbers, 2):
            apart = np.abs(np.subtract(corners[i], corners[j]))
            area = float(np.maximum(SIDE - apart, 0).prod() / SIDE**2)
            if area >= 0.4:
                truth[i, j] = area
    pairs = {(pair.first, pair.second): pair.area for pair in found.pairs}
    hits = truth.keys() & pairs.keys()
    return {
        "images": len(files),
        "overlaps": len(truth),
        "found": len(hits),
        "recall": round(len(hits) / len(truth), 5),
        # At the limit of 40 % a pixel decides.
        "found_besides": len(pairs.keys() - truth.keys()),
        "of_these_of_two_frames": sum(
            i // of_frame != j // of_frame for i, j in pairs.keys() - truth.keys()
        ),
        **spent,
        "threads": args.threads,
    }


if __name__ == "__main__":
    run(
        __doc__,
        (
            (planted, ("--count", {"type": int, "default": 100})),
            (
                many,
                ("--images", {"type": int, "default": 20000}),
                ("--work", {"type": Path}),
            ),
        ),
    )
