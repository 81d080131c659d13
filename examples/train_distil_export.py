"""Train a teacher, distil it, score the student and export it: the Python API.

python examples/train_distil_export.py
python examples/train_distil_export.py --data path/to/NEU-DET --epochs 60

Each line is a command of `rkd-keras` as well: same names, same defaults, same files.
"""

import argparse
import tempfile

from rkd_keras.data.synthetic import write_dataset
from rkd_keras.predict import load
from rkd_keras.runs import distill, train


def main(data=None, out=None, epochs=20):
    out = out or tempfile.mkdtemp(prefix="rkd-keras-")
    if data is None:
        data = write_dataset(f"{out}/strips", per_class=30, size=64)
    small = {"width": 0.25, "stem_stride": 2, "epochs": epochs, "batch_size": 16}
    teacher = train(data, f"{out}/teacher", model="sarsn34", **small)
    student = distill(teacher, f"{out}/student", model="resnet18", **small)
    print(f"accuracy of the student: {student.evaluate('test')['accuracy']:.3f}")
    exported = student.export(f"{out}/student.tflite")
    print(f"saved to {exported.path}")
    print(f"report: {student.report()}")
    verdict = load(exported.path).predict(student.split["test"][0]["file"])[0]
    print(f"the first test image: {verdict.in_words}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="images; drawn strips when left out")
    parser.add_argument("--out", help="folder to write; a temporary one if left out")
    parser.add_argument("--epochs", type=int, default=20)
    main(**vars(parser.parse_args()))
