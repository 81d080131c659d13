"""Train a SARSN teacher on your images and save it.

python examples/train_teacher.py                     # drawn strips
python examples/train_teacher.py --data path/to/NEU-DET --epochs 40
"""

import argparse
import tempfile

import keras

from rkd_keras.data import evaluation_dataset, load_samples, make_split, open_dataset
from rkd_keras.data.synthetic import write_dataset
from rkd_keras.models import SARSN34
from rkd_keras.trainers import get_recipe


def main(data=None, epochs=20, out="teacher.keras"):
    keras.utils.set_random_seed(0)
    # Images: any of the four layouts, or strips that the package draws itself.
    data = data or write_dataset(tempfile.mkdtemp(), per_class=80, size=64)
    index = open_dataset(data)
    split = make_split(index, "holdout", seed=0)
    train, val, test = (
        load_samples(index, part) for part in (split.train, split.val, split.test)
    )

    # An eighth of the width keeps the example short; 1.0 is the paper's network.
    model = SARSN34(len(index.class_names), width=0.125, stem_stride=2)
    # Optimizer, schedule, label smoothing and augmentation belong together.
    recipe = get_recipe("fast").with_changes(batch_size=16, epochs=epochs)
    pipeline = recipe.pipeline(*train, len(index.class_names), seed=0)
    model.compile(
        recipe.optimizer(pipeline.steps_per_epoch),
        recipe.loss(index.counts(split.train)),
        metrics=recipe.metrics(len(index.class_names)),
        # XLA compiles for longer than it saves where there is no GPU.
        jit_compile=False,
    )
    # A step that makes variables is traced twice by TensorFlow, which takes long.
    model.optimizer.build(model.trainable_variables)
    model.fit(
        pipeline.dataset(),
        epochs=epochs,
        steps_per_epoch=pipeline.steps_per_epoch,
        validation_data=evaluation_dataset(*val),
        shuffle=False,
        verbose=2,
    )
    scores = model.evaluate(evaluation_dataset(*test), return_dict=True, verbose=0)
    accuracy = scores["accuracy"]
    print(f"accuracy on images that were never trained on: {accuracy:.3f}")
    model.save(out)
    print(f"saved to {out}")
    return accuracy


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder or CSV manifest of labelled images")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--out", default="teacher.keras")
    main(**vars(parser.parse_args()))
