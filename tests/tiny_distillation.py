"""A tiny distillation: a teacher, a student and a batch."""

import keras
import numpy as np

from rkd_keras.trainers import RKDTrainer

CE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def network(width, dropout=0.0, name=None):
    """A little functional classifier with the package's layer names."""
    inputs = keras.Input((8, 8, 3), name="image")
    x = keras.layers.Rescaling(1 / 127.5, -1)(inputs)
    x = keras.layers.Conv2D(width, 3, strides=2, name="conv")(x)
    x = keras.layers.BatchNormalization(momentum=0.9)(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.GlobalAveragePooling2D(name="embedding")(x)
    if dropout:
        x = keras.layers.Dropout(dropout)(x)
    x = keras.layers.Dense(4, name="logits", dtype="float32")(x)
    return keras.Model(inputs, x, name=name)


def draw_batch():
    """Images of 0 to 255 and labels."""
    rng = np.random.default_rng(0)
    return rng.uniform(0, 255, (12, 8, 8, 3)).astype("float32"), np.arange(12) % 4


def trainer(**kwargs):
    keras.utils.set_random_seed(0)
    return RKDTrainer(network(6, name="teacher"), network(4, name="student"), **kwargs)
