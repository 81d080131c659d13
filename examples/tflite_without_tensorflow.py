"""Export a student to TFLite, then run the file without TensorFlow.

python examples/tflite_without_tensorflow.py
python examples/tflite_without_tensorflow.py --data path/to/NEU-DET --quantization int8
python examples/tflite_without_tensorflow.py --run student.tflite --data images

The last line is all that the line computer does. It needs of the packages only
ai-edge-litert, numpy and opencv. int8 is two to four times as fast as float32, and
is refused where it decides differently, as a student of a few epochs may.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rkd_keras.predict import load, new_card


def main(data=None, run=None, epochs=12, quantization=None, out="student.tflite"):
    if run is not None:
        return rate(run, data)
    from rkd_keras.data import open_dataset
    from rkd_keras.data.synthetic import write_dataset

    data = data or write_dataset(tempfile.mkdtemp(), per_class=45, size=64)
    index = open_dataset(data)
    train_and_export(index, epochs, quantization, out)
    # As on the line: a process of its own, which never imports TensorFlow.
    command = [sys.executable, __file__, "--run", out, "--data", str(data)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    print(result.stdout, end="")
    return result.stdout


def rate(file, images):
    """Classify images by an exported file."""
    predictor = load(file, threads=1)
    start = time.perf_counter()
    verdicts = predictor.predict(images)
    seconds = time.perf_counter() - start
    for name in predictor.class_names:
        count = sum(v.class_name == name and not v.is_unknown for v in verdicts)
        print(f"{name:<16} {count:>4}")
    print(f"{'unknown':<16} {sum(v.is_unknown for v in verdicts):>4}")
    print(f"{1000 * seconds / len(verdicts):.1f} ms per image, reading it included")
    print(f"TensorFlow was imported: {'tensorflow' in sys.modules}")
    return verdicts


def train_and_export(index, epochs, quantization, out):
    """Train a small student and export it with its card."""
    import keras

    from rkd_keras.data import load_samples, make_split
    from rkd_keras.export import export_model, fit_decisions
    from rkd_keras.models import ResNet18

    keras.utils.set_random_seed(0)
    split = make_split(index, "holdout", seed=0, val_fraction=0.2)
    train, val = load_samples(index, split.train), load_samples(index, split.val)
    student = ResNet18(len(index.class_names), width=0.125, stem_stride=2)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # XLA compiles for longer than it saves where there is no GPU.
    student.compile("adam", loss, metrics=["accuracy"], jit_compile=False)
    student.fit(*train, epochs=epochs, verbose=2)

    # Class names, calibration and the unknown verdict travel inside the file.
    card = new_card(index.class_names, student.input_shape[1:])
    card = fit_decisions(student, card, *val, *train)
    # Kept only if it decides like the Keras model on the check images.
    report = export_model(
        student,
        out,
        card,
        quantization=quantization,
        calibration_images=train[0],
        check_images=val[0],
        overwrite=True,
    )
    size = Path(out).stat().st_size / 2**20
    print(f"{out}: {size:.2f} MB, {report.equal_classes:.1%} of the classes agree")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of labelled images (any with --run)")
    parser.add_argument("--run", help="exported file to run; nothing is trained then")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--quantization", help="float16 or int8; float32 when left out")
    parser.add_argument("--out", default="student.tflite")
    main(**vars(parser.parse_args()))
