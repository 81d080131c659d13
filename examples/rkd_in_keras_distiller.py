"""Use RKD inside Keras's own `keras.distillation.Distiller`.

python examples/rkd_in_keras_distiller.py
python examples/rkd_in_keras_distiller.py --data path/to/NEU-DET
"""

import argparse
import tempfile

import keras

from rkd_keras.data import evaluation_dataset, load_samples, make_split, open_dataset
from rkd_keras.data.synthetic import write_dataset
from rkd_keras.losses import RelationalDistillation
from rkd_keras.models import SARSN34, ResNet18

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def main(data=None, epochs=10):
    data = data or write_dataset(tempfile.mkdtemp(), per_class=60, size=64)
    index = open_dataset(data)
    split = make_split(index, "holdout", seed=0)
    train = load_samples(index, split.train)
    test = load_samples(index, split.test)

    options = {"num_classes": len(index.class_names), "width": 0.125, "stem_stride": 2}
    teacher = SARSN34(**options)
    # XLA compiles for longer than it saves where there is no GPU.
    teacher.compile("adam", LOSS, metrics=["accuracy"], jit_compile=False)
    teacher.fit(*train, batch_size=16, epochs=epochs, verbose=2)

    distiller = keras.distillation.Distiller(
        teacher,
        ResNet18(**options),
        # Widths may differ; both models only need a layer of this name.
        [RelationalDistillation(teacher_layer_name="embedding")],
        [1.0],
        student_loss_weight=0.5,
    )
    distiller.compile("adam", LOSS, metrics=["accuracy"], jit_compile=False)
    distiller.fit(*train, batch_size=16, epochs=epochs, verbose=2)
    student = distiller.student
    student.compile(loss=LOSS, metrics=["accuracy"], jit_compile=False)
    _, accuracy = student.evaluate(evaluation_dataset(*test), verbose=0)
    print(f"accuracy of the student: {accuracy:.3f}")
    return accuracy


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder or CSV manifest of labelled images")
    parser.add_argument("--epochs", type=int, default=10)
    main(**vars(parser.parse_args()))
