"""What real pictures of strip and broken ones have, beside the limits of the gate.

    python benchmarks/picture_quality.py --data path/to/IMAGES strips --out q.json

Each argument of `--data` is a folder of pictures that were taken of strip. Every
tenth of them is also blurred, darkened and over-exposed, with and without a camera's
noise; pictures of noise, of one grey and of nothing are drawn. Prints the lowest and
the highest value of each feature and how many pictures the default limits call
invalid, and why.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

from rkd_keras.data.synthetic.camera import simulate_strip
from rkd_keras.files.images import list_images, read_image, to_rgb_uint8
from rkd_keras.measure import QualityLimits
from rkd_keras.rating.quality import picture_fault, picture_features

EVERY = 10
DRAWN = 30


def main():
    """Measure, print, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    sets, kept = {}, []
    for folder in args.data:
        pictures = [to_rgb_uint8(read_image(file)) for file in list_images(folder)]
        sets[folder.name] = [_row(picture) for picture in pictures]
        kept += pictures[::EVERY]
    # A strip repeats its frames while new ones are drawn: each is of another strip.
    sets["strips drawn by the station"] = [
        _row(to_rgb_uint8(next(simulate_strip(seed)))) for seed in range(DRAWN)
    ]
    for name, pictures in _broken(kept).items():
        sets[name] = [_row(picture) for picture in pictures]
    found = [_summary(name, rows) for name, rows in sets.items()]
    _print(found)
    if args.out:
        args.out.write_text(
            json.dumps({"every": EVERY, "sets": found}, indent=1) + "\n"
        )


def _row(picture):
    return picture_features(picture), picture_fault(picture, QualityLimits())


def _broken(pictures):
    rng = np.random.default_rng(0)
    drawn = (128, 128)

    def noisy(picture, deviation):
        noise = rng.normal(0, deviation, picture.shape[:2])[..., None]
        return np.clip(np.round(picture + noise), 0, 255).astype(np.uint8)

    def grey(level, deviation=0.0):
        return noisy(np.full((*drawn, 3), level, np.uint8), deviation)

    found = {"black": [grey(2, 2) for _ in range(DRAWN)]}
    found["a twentieth of the light"] = [noisy(0.05 * p, 1) for p in pictures]
    found["white"] = [grey(253, 2) for _ in range(DRAWN)]
    found["five times the light"] = [noisy(5.0 * p, 1) for p in pictures]
    found["one grey"] = [grey(level) for level in range(20, 240, 10)]
    found["one grey, noise of 1"] = [grey(level, 1) for level in range(20, 240, 10)]
    uniform = [rng.integers(0, 256, (*drawn, 3), np.uint8) for _ in range(DRAWN)]
    found["noise, uniform"] = uniform
    found["noise of 20"] = [grey(128, 20) for _ in range(DRAWN)]
    for sigma in (3, 5, 8):
        blurred = [cv2.GaussianBlur(p, (0, 0), sigma) for p in pictures]
        found[f"blurred by {sigma} px"] = blurred
        for noise in (1, 3):
            name = f"blurred by {sigma} px, noise of {noise}"
            found[name] = [noisy(picture, noise) for picture in blurred]
    return found


def _summary(name, rows):
    values = {key: [row[key] for row, _ in rows] for key in rows[0][0]}
    return {
        "name": name,
        "pictures": len(rows),
        "invalid": sum(fault is not None for _, fault in rows),
        "faults": dict(Counter(fault for _, fault in rows if fault)),
        "lowest": {key: round(min(found), 3) for key, found in values.items()},
        "highest": {key: round(max(found), 3) for key, found in values.items()},
    }


def _print(found):
    keys = list(found[0]["lowest"])
    print("| pictures | number | invalid | " + " | ".join(keys) + " |")
    print("|---" * (3 + len(keys)) + "|")
    for row in found:
        spans = (f"{row['lowest'][k]:.4g} to {row['highest'][k]:.4g}" for k in keys)
        cells = (row["name"], str(row["pictures"]), str(row["invalid"]), *spans)
        print("| " + " | ".join(cells) + " |")
    print()
    for row in found:
        if row["faults"]:
            print(f"{row['name']}: {row['faults']}")


if __name__ == "__main__":
    main()
