"""What the second way to a verdict finds: squares unlike the normal surface.

    python benchmarks/station/windows.py cr7 --data path/to/cr7 \
        --json docs/results/station/windows_cr7.json
    python benchmarks/station/windows.py neu --data path/to/NEU-DET \
        --json docs/results/station/windows_neu.json

cr7: a device learns what is normal from one half of the crops without a box; counted
on the other half, and on the strips of frames that it did not learn from, are the
squares without a mark that alarm, and the strips of each class on which nothing was
found, by marks alone and with squares.

neu: a device learns from the squares of the training images of inclusions, patches and
scratches that lie outside of all boxes, as people would who call them good; each image
then goes through the station's own pipeline as a frame. Counted are the images named
rightly, the decisions by the package's rules, the boxes that are touched (more than a
tenth of the area is boxed), the share of the annotated area of each class that is
boxed, and the share of the rest that is.
Images that the student was trained on are counted apart from those that it was not.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from provenance import provenance  # noqa: E402

from rkd_keras.files.images import list_images, read_image, to_rgb_uint8  # noqa: E402
from rkd_keras.measure import INVALID, QualityLimits, segment  # noqa: E402
from rkd_keras.predict import load  # noqa: E402
from rkd_keras.rating import learn_normal  # noqa: E402
from rkd_keras.rating.frame import (  # noqa: E402
    MIN_CONTRAST,
    frame_decision,
    rate_frame,
)
from rkd_keras.rating.odd_squares import holds_mark, paint  # noqa: E402
from rkd_keras.rating.quality import picture_fault  # noqa: E402

TOUCHED = 0.1
NO_DEFECT = "no_defect"
# Defects in single places. What lies around the boxes of the other classes is of their
# kind as well, and nobody would call it good.
SINGLE = ("inclusion", "patches", "scratches")


def main():
    """Measure, print, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("cr7", "neu"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0, help="of the halves of cr7")
    parser.add_argument("--every", type=int, default=1, help="only every so many")
    parser.add_argument("--json", type=Path, help="file to write")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    found = {"cr7": cold_rolled, "neu": hot_rolled}[args.what](args)
    print(json.dumps(found, indent=1))
    if args.json:
        content = {**provenance(), **found}
        args.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def cold_rolled(args):
    """Count false alarms and misses on the line cr7."""
    crops = list_images(args.data / "unannotated")
    origins = sorted({origin(file) for file in crops})
    rng = np.random.default_rng(args.seed)
    learnt = set(rng.permutation(origins)[: len(origins) // 2].tolist())
    normal = learn_normal([file for file in crops if origin(file) in learnt])
    rest = [file for file in crops if origin(file) not in learnt]
    strips = [f for f in list_images(args.data / "strips") if origin(f) not in learnt]
    return {
        "learnt_from": {"crops": len(crops) - len(rest), "squares": normal.squares},
        "false_alarm_rate": normal.false_alarm_rate,
        "crops": counted(rest[:: args.every], normal),
        "strips": counted(strips[:: args.every], normal),
        "by_class": {
            name: counted([f for f in strips if kind(f) == name][:: args.every], normal)
            for name in sorted({kind(file) for file in strips})
        },
    }


def counted(files, normal):
    """Count squares that alarm, and images on which something is found."""
    squares = alarms = marked = found = odd = apart = apart_alarms = 0
    lonely = {}
    for file in files:
        image = to_rgb_uint8(read_image(file))
        mask = segment(image, min_contrast=MIN_CONTRAST)
        each, scores = normal.judge(image)
        free = ~holds_mark(mask, each)
        # One square away from a mark or more: not the fringe of a larger defect.
        near = cv2.dilate(mask.view(np.uint8), np.ones((2 * normal.side + 1,) * 2))
        away = ~holds_mark(near > 0, each)
        apart += int(away.sum())
        alone = int((scores[away] > 1).sum())
        apart_alarms += alone
        if alone:
            lonely[file.stem] = alone
        squares += int(free.sum())
        alarms += int((scores[free] > 1).sum())
        marked += bool(mask.any())
        odd += bool((scores[free] > 1).any())
        found += bool(mask.any() or (scores > 1).any())
    return {
        "images": len(files),
        "unmarked_squares": squares,
        "unmarked_squares_that_alarm": alarms,
        "squares_apart_from_marks": apart,
        "squares_apart_from_marks_that_alarm": apart_alarms,
        "where_they_alarm": lonely,
        "images_with_a_mark": marked,
        "images_with_an_odd_unmarked_square": odd,
        "images_with_a_finding": found,
    }


def origin(file):
    """Name the frame that a crop or a strip is of."""
    return file.stem.partition("_")[0].replace("-", "_")


def kind(file):
    """Name the class of a strip."""
    return origin(file).rstrip("0123456789")


def hot_rolled(args):
    """Send NEU through the station's own pipeline."""
    from rkd_keras.data import open_dataset
    from rkd_keras.models.pretrained import find_seen

    index = open_dataset(args.data)
    chosen = range(0, len(index.files), args.every)
    seen = set(find_seen([index.files[i] for i in chosen]))
    learnt = [i for i in chosen if index.files[i] in seen]
    rest = [i for i in chosen if index.files[i] not in seen]
    good = [i for i in learnt if index.class_names[index.labels[i]] in SINGLE]
    normal = learn_normal(
        [index.files[i] for i in good],
        [
            paint(as_squares(index.boxes[i]), read_image(index.files[i]).shape[:2])
            for i in good
        ],
    )
    predictor = load(threads=1)
    ways = {
        "marks": {},
        "marks and squares": {"normal": normal},
        "marks and named windows": {"name_windows": True},
    }
    parts = {"unseen": rest, "seen": learnt}
    return {
        "learnt_from": {"images": normal.images, "squares": normal.squares},
        "false_alarm_rate": normal.false_alarm_rate,
        "parts": {
            part: {
                way: piped(index, members, predictor, settings)
                for way, settings in ways.items()
            }
            for part, members in parts.items()
        },
    }


def piped(index, members, predictor, settings):
    """Count what the station says of images, and what it boxes."""
    names = index.class_names
    said = {name: {} for name in names}
    decisions = Counter()
    touched, boxes, rest, boxed_rest = 0, 0, 0, 0
    area, boxed = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for i in members:
        image = to_rgb_uint8(read_image(index.files[i]))
        is_fit = picture_fault(image, QualityLimits()) is None
        defects = rate_frame(image, predictor, **settings) if is_fit else []
        name = names[index.labels[i]]
        label = NO_DEFECT if is_fit else INVALID
        if defects:
            label = defects[0].verdict.label
        # As the station decides: without a normal surface nothing is accepted.
        decision = frame_decision(defects, "name_windows" not in settings)
        decisions[decision if is_fit else INVALID] += 1
        said[name][label] = said[name].get(label, 0) + 1
        found = paint([d.measurement.bbox for d in defects], image.shape[:2])
        truth = paint(as_squares(index.boxes[i]), image.shape[:2])
        for x, y, w, h in as_squares(index.boxes[i]).tolist():
            boxes += 1
            touched += bool(found[y : y + h, x : x + w].mean() > TOUCHED)
        area[name] += int(truth.sum())
        boxed[name] += int((truth & found).sum())
        rest += int((~truth).sum())
        boxed_rest += int((found & ~truth).sum())
    right = sum(said[name].get(name, 0) for name in names)
    return {
        "images": len(members),
        "named_rightly": right,
        "said": said,
        "decisions": dict(decisions),
        "boxes": boxes,
        "boxes_touched": touched,
        "annotated_area_boxed": {n: boxed[n] / max(area[n], 1) for n in names},
        "other_area_boxed": boxed_rest / max(rest, 1),
    }


def as_squares(boxes):
    """Turn left, top, right, bottom into x, y, width, height."""
    boxes = np.asarray(boxes)
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)


if __name__ == "__main__":
    main()
