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
from rkd_keras.trainers import get_recipe


def main(data=None, epochs=15):
    keras.utils.set_random_seed(0)
    data = data or write_dataset(tempfile.mkdtemp(), per_class=80, size=64)
    index = open_dataset(data)
    split = make_split(index, "holdout", seed=0)
    test = load_samples(index, split.test)
    classes = len(index.class_names)
    recipe = get_recipe("fast").with_changes(batch_size=16, epochs=epochs)
    pipeline = recipe.pipeline(*load_samples(index, split.train), classes)
    loss = recipe.loss(index.counts(split.train))
    metrics = recipe.metrics(classes)

    def train(model):
        optimizer = recipe.optimizer(pipeline.steps_per_epoch)
        # XLA compiles for longer than it saves where there is no GPU.
        model.compile(optimizer, loss, metrics=metrics, jit_compile=False)
        model.fit(
            pipeline.dataset(),
            epochs=epochs,
            steps_per_epoch=pipeline.steps_per_epoch,
            shuffle=False,
            verbose=2,
        )

    options = {"num_classes": classes, "width": 0.125, "stem_stride": 2}
    teacher = SARSN34(**options)
    train(teacher)
    distiller = keras.distillation.Distiller(
        teacher,
        ResNet18(**options),
        # Widths may differ; both models only need a layer of this name.
        [RelationalDistillation(teacher_layer_name="embedding")],
        [1.0],
        student_loss_weight=0.5,
    )
    train(distiller)
    student = distiller.student
    student.compile(loss=loss, metrics=metrics, jit_compile=False)
    scores = student.evaluate(evaluation_dataset(*test), return_dict=True, verbose=0)
    accuracy = scores["accuracy"]
    print(f"accuracy of the student: {accuracy:.3f}")
    return accuracy


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder or CSV manifest of labelled images")
    parser.add_argument("--epochs", type=int, default=15)
    main(**vars(parser.parse_args()))
