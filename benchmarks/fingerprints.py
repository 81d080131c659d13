"""How far apart fingerprints keep copies of images from other images.

The fingerprints of the images that the package's weights have learnt from are compared
with copies of them (reduced to 64 pixels and compressed as JPEG; enlarged to 224
pixels), with the test images of the same data set, some of which share pixels with
them, and with images of another line.

    python benchmarks/fingerprints.py NEU-DET CR7/defects \
        --json docs/results/fingerprints.json
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from provenance import provenance

from rkd_keras.data import make_split, open_dataset
from rkd_keras.files.fingerprints import LEAST, likeness
from rkd_keras.files.images import encode_image, read_image
from rkd_keras.models.pretrained import FOLDER

SHARES = (0, 1, 50, 99, 100)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("neu", type=Path)
    parser.add_argument("other", type=Path, help="images of another line")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    known = np.load(FOLDER / "neu_images.npy", allow_pickle=False)
    index = open_dataset(args.neu)
    split = make_split(index, "neu-600", seed=0, split_seed=0)
    learnt = [index.files[i] for i in np.concatenate([split.train, split.val])]
    kinds = {
        "copies, 64 pixels, JPEG": (learnt, reduced),
        "copies, 224 pixels": (learnt, enlarged),
        "test images of NEU": ([index.files[i] for i in split.test], as_it_is),
        "images of another line": (open_dataset(args.other).files, as_it_is),
    }
    rows = []
    for kind, (files, change) in kinds.items():
        alike = np.array([likeness(change(read_image(f)), known) for f in files])
        row = {"kind": kind, "images": len(files), "least": LEAST}
        row["found"] = int((alike >= LEAST).sum())
        for share in SHARES:
            row[f"percentile_{share}"] = round(float(np.percentile(alike, share)), 3)
        rows.append({**row, **provenance()})
        print(rows[-1], flush=True)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def as_it_is(image):
    return image


def reduced(image):
    small = cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA)
    data = np.frombuffer(encode_image(small, ".jpg", quality=75), np.uint8)
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def enlarged(image):
    return cv2.resize(image, (224, 224))


if __name__ == "__main__":
    main()
