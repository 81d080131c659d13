"""Collect what finished pipelines came to, into `docs/results/pipelines.csv`.

    rkd-keras pipeline --data path/to/NEU-DET --out runs/neu --minutes 15
    python benchmarks/pipelines.py runs/neu runs/cr7

A row a folder: the networks, what they were trained for, and how many test images the
teacher, the student and its int8 file name rightly. The minutes are from the first file
written to the report. A folder's earlier row is replaced.
"""

import argparse
import csv
import json
from pathlib import Path

from provenance import plain, provenance

from rkd_keras.files.replacing import replacing
from rkd_keras.runs import evaluate, open_run

FIELDS = (
    *("name", "split", "images", "unlabelled", "test_images"),
    *("teacher", "teacher_epochs", "teacher_accuracy"),
    *("model", "size", "start", "student_epochs", "accuracy"),
    *("alone_accuracy", "int8_accuracy", "minutes", "command", "commit", "machine"),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+", help="pipelines' folders")
    parser.add_argument("--out", type=Path, default=Path("docs/results/pipelines.csv"))
    args = parser.parse_args()
    rows = []
    if args.out.is_file():
        with args.out.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    for folder in args.folders:
        rows = [row for row in rows if row["name"] != folder.name]
        rows.append(row_of(folder))
    with replacing(args.out) as temporary:
        with temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, FIELDS)
            writer.writeheader()
            writer.writerows(rows)


def row_of(folder):
    """Return the row of a finished pipeline."""
    student = open_run(folder / "student")
    row = {
        "name": folder.name,
        "split": student.settings.split,
        "images": len(student.split["train"]),
        "unlabelled": json.loads((folder / "plan.json").read_text())["unlabelled"],
        "test_images": student.scores["images"],
        "model": student.settings.model,
        "size": student.settings.size,
        "start": student.settings.weights or "none",
        "student_epochs": len(student.history["epoch"]),
        "accuracy": round(student.scores["accuracy"], 6),
    }
    if (folder / "teacher").is_dir():
        teacher = open_run(folder / "teacher")
        row["teacher"] = teacher.settings.model
        row["teacher_epochs"] = len(teacher.history["epoch"])
        row["teacher_accuracy"] = round(teacher.scores["accuracy"], 6)
    if (folder / "alone").is_dir():
        row["alone_accuracy"] = round(open_run(folder / "alone").scores["accuracy"], 6)
    int8 = student.path / "student_int8.tflite"
    if int8.is_file():
        scores = evaluate(int8, out=folder / "int8", overwrite=True, quiet=True)
        row["int8_accuracy"] = round(scores["accuracy"], 6)
    times = [file.stat().st_mtime for file in folder.rglob("*.json")]
    times = [time for time in times if time <= student.report_path.stat().st_mtime]
    spent = student.report_path.stat().st_mtime - min(times)
    data = plain(student.settings.data)
    data = data if folder.name != "demo" else None
    command = f"rkd-keras pipeline --data {data}" if data else "rkd-keras demo"
    command += f" --out {plain(str(folder))}"
    return {**row, "minutes": round(spent / 60, 1), **provenance(), "command": command}


if __name__ == "__main__":
    main()
