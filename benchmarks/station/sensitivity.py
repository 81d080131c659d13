"""How often does the station find something, by the contrast that it asks for?

    python benchmarks/station/sensitivity.py --clean path/to/clean \
        --defects path/to/defects --json docs/results/station/sensitivity.json

Prints, for each `min_contrast`, the share of images of either folder on which
segmentation finds a mark. The station's default was chosen from this table.
"""

import argparse
import json
import random
import sys
from pathlib import Path

import cv2

sys.path.insert(0, str(Path(__file__).parents[1]))

from provenance import provenance  # noqa: E402

from rkd_keras.files.images import list_images, read_image  # noqa: E402
from rkd_keras.measure import segment  # noqa: E402

LEVELS = (0.03, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2)


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clean", type=Path, required=True)
    parser.add_argument("--defects", type=Path, required=True)
    parser.add_argument("--images", type=int, default=200, help="of each folder")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="file to write")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    random.seed(arguments.seed)
    sets = {}
    for name in ("clean", "defects"):
        files = list_images(getattr(arguments, name))
        files = random.sample(files, min(arguments.images, len(files)))
        sets[name] = [read_image(file) for file in files]
        print(f"{name}: {len(files)} images")
    print("| min_contrast | found on clean | found on defects |\n|---|---|---|")
    rows = []
    for level in LEVELS:
        shares = [
            sum(segment(image, min_contrast=level).any() for image in images)
            / len(images)
            for images in sets.values()
        ]
        print(f"| {level} | {100 * shares[0]:.1f} % | {100 * shares[1]:.1f} % |")
        rows.append({"min_contrast": level, "clean": shares[0], "defects": shares[1]})
    if arguments.json:
        images = {name: len(found) for name, found in sets.items()}
        content = {**provenance(), "images": images, "rows": rows}
        text = json.dumps(content, indent=1) + "\n"
        arguments.json.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
