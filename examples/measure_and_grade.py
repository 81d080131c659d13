"""Measure the defects of images and grade them by rules of your own.

python examples/measure_and_grade.py
python examples/measure_and_grade.py --data path/to/NEU-DET --rules my_rules.yaml

Nothing is trained, and TensorFlow is not needed.
"""

import argparse
import tempfile
from collections import Counter
from pathlib import Path

import cv2

from rkd_keras.data import load_images, open_dataset
from rkd_keras.data.synthetic import write_dataset
from rkd_keras.measure import (
    GradeRules,
    class_table,
    grade,
    measure,
    overlay,
    segment,
    write_table,
)

MM_PER_PIXEL = 0.5
RULES = """
version: 1
unit: mm
k_at: 200
base_severity: 1
decisions:
  accept: [1, 2]
  review: [3]
  reject: [4, 5]
rules:
  - name: any defect
    when: {count: {above: 0}}
    severity: 2
  - name: long defect
    when: {longest: {above: 50}}
    severity: 3
  - name: large part of the surface
    when: {area_ratio: {above: 20}}
    severity: 4
"""


def main(data=None, rules=None, per_class=4, out="measured"):
    data = data or write_dataset(tempfile.mkdtemp(), per_class=per_class)
    rules = GradeRules.parse(RULES) if rules is None else GradeRules.load(rules)
    index = open_dataset(data)
    out = Path(out)
    out.mkdir(exist_ok=True)

    measured, rows, seen = [], [], Counter()
    for file, label in zip(index.files, index.labels, strict=True):
        name = index.class_names[label]
        if seen[name] == per_class:
            continue
        seen[name] += 1
        # At the camera's own resolution: a small image has smaller numbers.
        (image,), _ = load_images([file], size=(200, 200))
        mask = segment(image)
        result = measure(image, mask, mm_per_pixel=MM_PER_PIXEL)
        verdict = grade(result, name, rules)
        measured.append((name, result))
        rows.append(
            {"file": file.name, "class": name, **result.to_dict(), **verdict.to_dict()}
        )
        picture = overlay(
            image, mask, result, f"severity {verdict.severity}: {verdict.decision}"
        )
        cv2.imwrite(str(out / f"{file.stem}.png"), picture[..., ::-1])
    write_table(out / "defects.csv", rows)

    print(f"{'class':<18}{'area mm2':>10}{'perimeter mm':>14}{'ratio %':>9}{'K':>8}")
    for row in class_table(measured):
        numbers = [row[key] or 0 for key in ("area", "perimeter", "area_ratio", "k")]
        area, perimeter, ratio, k = numbers
        print(
            f"{row['class']:<18}{area:>10.0f}{perimeter:>14.0f}{ratio:>9.1f}{k:>8.3f}"
        )
    decisions = Counter(row["decision"] for row in rows)
    print(f"{len(rows)} images: {dict(decisions)}")
    print(f"pictures and defects.csv are in {out}")
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder or CSV manifest of labelled images")
    parser.add_argument("--rules", help="YAML file of grading rules")
    parser.add_argument("--per-class", type=int, default=4)
    parser.add_argument("--out", default="measured")
    main(**vars(parser.parse_args()))
