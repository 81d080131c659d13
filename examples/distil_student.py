"""Distil a teacher into a small ResNet student by RKD and KD.

python examples/distil_student.py                    # drawn strips, new teacher
python examples/distil_student.py --data path/to/NEU-DET --teacher teacher.keras
"""

import argparse
import tempfile

import keras

from rkd_keras.data import evaluation_dataset, load_samples, make_split, open_dataset
from rkd_keras.data.synthetic import write_dataset
from rkd_keras.models import SARSN34, ResNet18, load_model
from rkd_keras.trainers import RKDTrainer, TeacherCache, get_recipe


def main(data=None, teacher=None, epochs=15, out="student.keras"):
    keras.utils.set_random_seed(0)
    data = data or write_dataset(tempfile.mkdtemp(), per_class=60, size=64)
    index = open_dataset(data)
    split = make_split(index, "holdout", seed=0)
    train = load_samples(index, split.train)
    test = load_samples(index, split.test)
    classes = len(index.class_names)
    # Optimizer, schedule, label smoothing and augmentation belong together.
    recipe = get_recipe("fast").with_changes(batch_size=16, epochs=epochs)
    if teacher is None:
        teacher = trained_teacher(train, classes, recipe)
    else:
        teacher = load_model(teacher)

    # The teacher answers four views of each image once; epochs then cost about
    # what training the student alone costs.
    pipeline = recipe.pipeline(*train, classes, seed=0)
    cache = TeacherCache.build(teacher, map(pipeline.view_dataset, range(4)))
    pipeline = pipeline.with_teacher(cache.logits, cache.embedding)

    student = ResNet18(classes, width=0.125, stem_stride=2)
    trainer = RKDTrainer(teacher, student, temperature=4.0)
    # Without more arguments: cross-entropy, accuracy, and what suits the machine.
    trainer.compile(recipe.optimizer(pipeline.steps_per_epoch))
    trainer.fit(
        pipeline.dataset(),
        epochs=epochs,
        steps_per_epoch=pipeline.steps_per_epoch,
        shuffle=False,
        verbose=2,
    )
    scores = trainer.evaluate(evaluation_dataset(*test), return_dict=True, verbose=0)
    accuracy = scores["accuracy"]
    print(f"accuracy of the student: {accuracy:.3f}")
    trainer.student.save(out)
    print(f"saved to {out}")
    return accuracy


def trained_teacher(train, classes, recipe):
    """Train a narrow teacher, for the example's sake."""
    teacher = SARSN34(classes, width=0.125, stem_stride=2)
    pipeline = recipe.pipeline(*train, classes, seed=1)
    teacher.compile(
        recipe.optimizer(pipeline.steps_per_epoch),
        recipe.loss([1] * classes),
        # XLA compiles for longer than it saves where there is no GPU.
        jit_compile=False,
    )
    # A step that makes variables is traced twice by TensorFlow, which takes long.
    teacher.optimizer.build(teacher.trainable_variables)
    teacher.fit(
        pipeline.dataset(),
        epochs=recipe.epochs,
        steps_per_epoch=pipeline.steps_per_epoch,
        shuffle=False,
        verbose=2,
    )
    return teacher


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder or CSV manifest of labelled images")
    parser.add_argument("--teacher", help=".keras file; trained here when left out")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--out", default="student.keras")
    main(**vars(parser.parse_args()))
