"""Export each student for the line as int8 and write how large its file is.

    python benchmarks/student_sizes.py

writes `docs/results/student_sizes.csv`, a row a network. Weights and images are random,
for they do not decide the size; the card holds all that a trained student's holds:
calibration and the unknown verdict of six classes.
"""

import csv
import tempfile
from pathlib import Path

import numpy as np
from provenance import ROOT, provenance

from rkd_keras.files.replacing import replacing
from rkd_keras.runs.start_tensorflow import start_tensorflow

STUDENTS = ("nano", "tiny", "small", "medium")
CLASSES = 6
SIZE = 64
IMAGES = 60
FIELDS = ("network", "parameters", "multiply_adds", "int8_bytes")
FIELDS += ("command", "commit", "machine")


def main():
    start_tensorflow()
    from rkd_keras.models import network_size

    rows = []
    for student in STUDENTS:
        name = f"edge_resnet_{student}"
        size = network_size(name, size=SIZE, classes=CLASSES)
        row = {"network": name, **size, "int8_bytes": int8_bytes(name)}
        rows.append({**row, **provenance()})
        print(rows[-1])
    with replacing(ROOT / "docs" / "results" / "student_sizes.csv") as temporary:
        with temporary.open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, FIELDS, lineterminator="\n")
            table.writeheader()
            table.writerows(rows)


def int8_bytes(name):
    """Export a fresh network and return the bytes of its file."""
    import keras

    from rkd_keras.export import export_model, fit_decisions
    from rkd_keras.models import create_model
    from rkd_keras.predict import new_card

    keras.utils.set_random_seed(0)
    model = create_model(name, num_classes=CLASSES, input_shape=(SIZE, SIZE, 3))
    rng = np.random.default_rng(0)
    # Fresh normalisations are all alike, which the converter stores only once.
    for weight in model.weights:
        if weight.name in ("gamma", "beta", "moving_mean", "moving_variance"):
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
    # One class wins on every image, and by far: else the check of the export would
    # compare how a network that has learnt nothing is rounded.
    model.get_layer("logits").bias.assign([50.0] + [0.0] * (CLASSES - 1))
    images = rng.integers(0, 256, (IMAGES, SIZE, SIZE, 3), dtype=np.uint8)
    card = new_card([f"class_{i}" for i in range(CLASSES)], (SIZE, SIZE, 3))
    card = fit_decisions(model, card, images, np.arange(IMAGES) % CLASSES)
    card["temperature"] = 1.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.tflite"
        export_model(model, path, card, quantization="int8", calibration_images=images)
        return path.stat().st_size


if __name__ == "__main__":
    main()
