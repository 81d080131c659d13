"""The package's students in every runtime that is here: times, memory, verdicts.

Each student is exported from its weights to ONNX, TFLite and a SavedModel, its int8
file is the one that comes with the package, and every file runs in every installed
runtime that knows such files; one run, processes that take turns. Each is then scored
on the 600 test images of NEU-600, and its verdicts are compared with those of the Keras
model. A row a file and runtime goes to `docs/results/runtimes/rows.jsonl`; of a student
that is there, nothing is done again.

    pip install "rkd-keras[openvino]"
    python benchmarks/runtimes.py path/to/NEU-DET
"""

import argparse
import operator
from importlib.metadata import version
from pathlib import Path

from provenance import provenance

from rkd_keras.runs.start_tensorflow import start_tensorflow

start_tensorflow()

from rkd_keras.data import load_images, make_split, open_dataset  # noqa: E402
from rkd_keras.export import export_model  # noqa: E402
from rkd_keras.export.timing.processes import measure  # noqa: E402
from rkd_keras.export.timing.subjects import subjects_of  # noqa: E402
from rkd_keras.models import create_model  # noqa: E402
from rkd_keras.predict import read_card, write_card  # noqa: E402
from rkd_keras.predict.load import BUNDLED  # noqa: E402
from rkd_keras.predict.runtimes import RUNTIMES  # noqa: E402
from rkd_keras.studies.row_store import RowStore  # noqa: E402

FILES = ("student.onnx", "student.tflite", "saved_model")
KEY = ("student", "file", "runtime", "threads")
SPLIT = "neu-600"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--work", type=Path, default=Path("runs/runtimes"))
    parser.add_argument("--out", type=Path, default=Path("docs/results/runtimes"))
    args = parser.parse_args()
    store = RowStore(args.out / "rows.jsonl", operator.itemgetter(*KEY))
    index = open_dataset(args.data)
    split = make_split(index, SPLIT, seed=0, split_seed=0)
    tested = [index.files[i] for i in split.test]
    names = [index.class_names[index.labels[i]] for i in split.test]
    checks, _ = load_images([index.files[i] for i in split.val])
    for student in BUNDLED:
        if any(key[0] == student and key[3] == args.threads for key in store.rows):
            continue
        files = exported(student, args.work / student, checks)
        # The Keras model comes first: its verdicts are what the others are held to.
        subjects = [subject for file in files for subject in subjects_of(file)]
        results = measure(
            subjects, args.threads, args.runs, args.batch, labelled=(tested, names)
        )
        for subject, result in zip(subjects, results, strict=True):
            row = {
                "student": student,
                "file": Path(result.pop("model")).name,
                **{k: rounded(v) for k, v in result.items()},
                "batch": args.batch,
                "split": SPLIT,
                "version": installed_version(subject["load_as"]),
            }
            store.add({**row, **provenance()})
            print(row, flush=True)


def exported(student, folder, checks):
    """Write a student's files, where they are not there; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    card = {**read_card(BUNDLED[student]), "quantization": None}
    keras = folder / "model.keras"
    model = create_model(student, weights="neu")
    if not keras.exists():
        model.save(keras)
        write_card(keras, card)
    for name in FILES:
        if not (folder / name).exists():
            report = export_model(model, folder / name, card, check_images=checks)
            print(name, report, flush=True)
    return [keras, *(folder / name for name in FILES), BUNDLED[student]]


def rounded(value):
    return round(value, 6) if isinstance(value, float) else value


def installed_version(runtime):
    return version(RUNTIMES[runtime].package.replace("_", "-"))


if __name__ == "__main__":
    main()
