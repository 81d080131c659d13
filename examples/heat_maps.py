"""See where a classifier looks, and check it against the inspectors' boxes.

python examples/heat_maps.py
python examples/heat_maps.py --data path/to/NEU-DET --model runs/student/model.keras
"""

import argparse
import tempfile

import cv2
import keras
import numpy as np

from rkd_keras.data import load_samples, make_split, open_dataset
from rkd_keras.data.synthetic import write_dataset
from rkd_keras.explain import (
    GradCAM,
    LocalizationScores,
    explanation_grid,
    heat_overlay,
    resize_heat,
)
from rkd_keras.models import ResNet18

SIZE = 200  # of the files, which the boxes refer to


def main(data=None, model=None, epochs=15, out="heat_maps.png"):
    keras.utils.set_random_seed(0)
    data = data or write_dataset(tempfile.mkdtemp(), per_class=50, size=SIZE)
    index = open_dataset(data)
    split = make_split(index, "holdout", seed=0)
    if model is None:
        model = trained_model(
            load_samples(index, split.train), index.class_names, epochs
        )
    else:
        model = keras.saving.load_model(model)

    # With the boxes that came with the data. An earlier layer is finer.
    boxed = [i for i in split.test if i in index.boxes]
    size = model.input_shape[1:3]
    images, labels = load_samples(index, boxed, size, strict=True)
    pictures, _ = load_samples(index, boxed, (SIZE, SIZE), strict=True)
    heat, classes = GradCAM(model, layer="stage2_out")(images)

    scores = LocalizationScores(index.class_names)
    for i, label, one in zip(boxed, labels, heat, strict=True):
        scores.add(label, resize_heat(one, (SIZE, SIZE)), index.boxes[i])
    for row in scores.table():
        print(
            f"{row['class']:<16} hottest point in a box: {row['pointing']:.2f}, "
            f"by chance {row['chance']:.2f}"
        )

    rows = []
    for c, name in enumerate(index.class_names):
        for n in np.flatnonzero(labels == c)[:1]:
            shown = heat_overlay(pictures[n], heat[n], boxes=index.boxes[boxed[n]])
            said = index.class_names[classes[n]]
            rows.append([(name, pictures[n]), (f"model: {said}", shown)])
    cv2.imwrite(str(out), explanation_grid(rows)[..., ::-1])
    print(f"heat maps: {out}")
    return scores.table()[-1]


def trained_model(train, class_names, epochs):
    """Train a small model, for the example's sake."""
    model = ResNet18(len(class_names), width=0.125, stem_stride=2)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # XLA compiles for longer than it saves where there is no GPU.
    model.compile("adam", loss, jit_compile=False)
    model.fit(*train, batch_size=16, epochs=epochs, verbose=2)
    return model


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of labelled images with boxes")
    parser.add_argument("--model", help=".keras file; trained here when left out")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--out", default="heat_maps.png")
    main(**vars(parser.parse_args()))
