"""Put SADDT into a Keras model of your own.

python examples/saddt_in_your_model.py
python examples/saddt_in_your_model.py --data path/to/NEU-DET
"""

import argparse
import tempfile

import keras
from keras import layers

from rkd_keras.data import evaluation_dataset, load_samples, make_split, open_dataset
from rkd_keras.data.synthetic import write_dataset
from rkd_keras.layers import SADDT


def build(num_classes):
    """A plain convolutional network with a shrinkage after each block."""
    inputs = keras.Input((64, 64, 3))
    x = layers.Rescaling(1 / 127.5, -1)(inputs)
    for filters in (16, 32, 64):
        x = layers.Conv2D(filters, 3, 2, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        # Before the ReLU: a shrinkage works on both signs.
        x = SADDT(form="continuous")(x)
        x = layers.ReLU()(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(num_classes)(x))


def main(data=None, epochs=15, out="with_saddt.keras"):
    keras.utils.set_random_seed(0)
    data = data or write_dataset(tempfile.mkdtemp(), per_class=60, size=64)
    index = open_dataset(data)
    split = make_split(index, "holdout", seed=0)
    train = load_samples(index, split.train)
    test = load_samples(index, split.test)
    model = build(len(index.class_names))
    model.compile(
        "adam",
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        # XLA compiles for longer than it saves where there is no GPU.
        jit_compile=False,
    )
    model.fit(*train, epochs=epochs, verbose=2)
    model.save(out)
    # No custom_objects: the layer is registered.
    loaded = keras.saving.load_model(out)
    _, accuracy = loaded.evaluate(evaluation_dataset(*test), verbose=0)
    print(f"accuracy after saving and loading: {accuracy:.3f}")
    return accuracy


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder or CSV manifest of labelled images")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--out", default="with_saddt.keras")
    main(**vars(parser.parse_args()))
