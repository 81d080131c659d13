"""Measure what NEU's overlapping images spoil.

`neu` searches NEU-DET, counts pairs by class and shared area, and what of the test part
of `neu-600` shares pixels with what is trained or validated on. `masks` counts the same
of the two halves of masked images. What it is worth to a classifier is measured by
`benchmarks/leak.py`.

    python benchmarks/overlaps.py neu path/to/NEU-DET
    python benchmarks/overlaps.py masks path/to/images path/to/masks

Each writes a JSON file into `docs/results/overlaps/`.
"""

import argparse
import csv
import json
import resource
import time
from collections import Counter
from pathlib import Path

import numpy as np
from provenance import provenance

from rkd_keras.data import ImageIndex, find_overlaps, make_split, open_dataset
from rkd_keras.files.images import list_images
from rkd_keras.files.replacing import replacing
from rkd_keras.measure.benchmark import MaskedImages

# Percent of the smaller image's area.
LEVELS = (40, 60, 80)


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


def neu(args):
    """Search NEU-DET; count pairs, and what they spoil in `neu-600`."""
    index = open_dataset(args.data)
    found, spent = timed(
        lambda: find_overlaps(index, threads=args.threads, quiet=args.quiet)
    )
    write_pairs(args.out / "neu_pairs.csv", found)
    write_images(args.out / "neu_images.csv", index, found)
    classes = {}
    for name, row in found.counts.items():
        label = index.class_names.index(name)
        pairs = [p for p in found.pairs if index.labels[p.first] == label]
        classes[name] = {**row, **levels(pairs), "turned": sum(map(turned, pairs))}
    return {
        "images": len(index),
        **spent,
        "threads": args.threads,
        "pairs": len(found.pairs),
        **levels(found.pairs),
        "turned": sum(map(turned, found.pairs)),
        "of_two_classes": sum(
            bool(index.labels[p.first] != index.labels[p.second]) for p in found.pairs
        ),
        "groups": len(found.groups),
        "images_in_groups": sum(map(len, found.groups)),
        "sizes_of_groups": dict(
            sorted(Counter(len(group) for group in found.groups).items())
        ),
        "differences": summary([p.difference for p in found.pairs]),
        "likenesses": summary([p.likeness for p in found.pairs]),
        "classes": classes,
        "splits": {
            protocol: [leak(index, found.pairs, protocol, s) for s in range(5)]
            for protocol in ("neu-600", "neu-few10", "neu-600-grouped")
        },
    }


def turned(pair):
    """Whether one of the images was turned or mirrored."""
    return bool(pair.placement.turns or pair.placement.mirrored)


def levels(pairs):
    """Count pairs by the area that they share."""
    return {
        f"at_least_{level}": sum(p.area >= level / 100 for p in pairs)
        for level in LEVELS
    }


def summary(values):
    """Median, 99th percentile and extremes."""
    marks = np.percentile(values, [0, 50, 99, 100]).round(4).tolist()
    return dict(zip(("least", "median", "99_percent", "most"), marks, strict=True))


def leak(index, pairs, protocol, seed):
    """Count images of a part that share pixels with what is learnt from."""
    split = make_split(index, protocol, seed, seed, quiet=True)
    part = {}
    for name in ("train", "val", "test"):
        part.update(dict.fromkeys(getattr(split, name).tolist(), name))
    rows = {"seed": seed, "test": len(split.test), "val": len(split.val)}
    for level in LEVELS:
        spoilt = {"test": set(), "val": set()}
        for pair in pairs:
            if pair.area < level / 100:
                continue
            for i, j in ((pair.first, pair.second), (pair.second, pair.first)):
                sides = part.get(i), part.get(j)
                if sides in (("test", "train"), ("test", "val"), ("val", "train")):
                    spoilt[sides[0]].add(i)
        for name, images in spoilt.items():
            rows[f"{name}_at_least_{level}"] = len(images)
    return rows


def write_pairs(path, found):
    """Write all pairs as a table, the largest shared area first."""
    with replacing(path) as temporary, temporary.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        names = ("first", "second", "area", "difference", "likeness")
        table.writerow((*names, "mirrored", "turns", "scale", "left", "top"))
        for pair in sorted(found.pairs, key=lambda pair: -pair.area):
            numbers = (pair.area, pair.difference, pair.likeness)
            table.writerow(
                (
                    *(Path(found.names[i]).stem for i in (pair.first, pair.second)),
                    *(f"{number:.4f}" for number in numbers),
                    *pair.placement.to_json().values(),
                )
            )


def write_images(path, index, found):
    """Write of each image its group and its part of `neu-600`, the first seed."""
    split = make_split(index, "neu-600", 0, 0, quiet=True)
    parts, groups = {}, {}
    for name in ("train", "val", "test"):
        parts.update(dict.fromkeys(getattr(split, name).tolist(), name))
    for number, group in enumerate(found.groups):
        groups.update(dict.fromkeys(group, number))
    with replacing(path) as temporary, temporary.open("w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("image", "class", "group", "part"))
        for i, name in enumerate(index.files):
            class_name = index.class_names[index.labels[i]]
            table.writerow((name.stem, class_name, groups.get(i, ""), parts[i]))


def masks(args):
    """Count masked images of the half for checking that overlap the other half."""
    data = MaskedImages.read(args.images, args.masks)
    by_name = {file.stem: file for file in list_images(args.images)}
    files = [by_name[name] for name in data.names]
    names = tuple(dict.fromkeys(data.classes))
    labels = [names.index(name) for name in data.classes]
    found = find_overlaps(ImageIndex(files, labels, names), quiet=True)
    result = {"images": len(files), "pairs": len(found.pairs)}
    for name, tune in (
        ("by_groups", {i for i, half in enumerate(data.halves) if half == "tune"}),
        ("at_random", random_half(labels)),
    ):
        spoilt = {
            i
            for pair in found.pairs
            for i, j in ((pair.first, pair.second), (pair.second, pair.first))
            if i not in tune and j in tune
        }
        checked = len(files) - len(tune)
        result[name] = {"checked": checked, "overlap_the_other_half": len(spoilt)}
    return result


def random_half(labels, seed=0):
    """Halve each class as it was done before overlaps were looked for."""
    chosen = set()
    for label in sorted(set(labels)):
        members = np.flatnonzero(np.array(labels) == label)
        order = np.random.default_rng(seed).permutation(len(members))
        chosen |= set(members[order[: len(members) // 2]].tolist())
    return chosen


def run(description, commands):
    """Parse a command line, run its function and write what it returns as JSON."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/results/overlaps"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quiet", action="store_true")
    known = parser.add_subparsers(required=True)
    for function, *arguments in commands:
        command = known.add_parser(function.__name__, help=function.__doc__)
        for name, options in arguments:
            command.add_argument(name, **options)
        command.set_defaults(run=function, name=function.__name__)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    result = {**provenance(), **args.run(args)}
    print(json.dumps(result, indent=1))
    with replacing(args.out / f"{args.name}.json") as temporary:
        temporary.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    run(
        __doc__,
        (
            (neu, ("data", {"type": Path})),
            (masks, ("images", {"type": Path}), ("masks", {"type": Path})),
        ),
    )
