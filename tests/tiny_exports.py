"""A tiny classifier that really separates three textures, and its exports.

It is not trained: random convolutions give features, least squares the head, so
it takes a second and is the same on every machine.
"""

import functools
import tempfile
from pathlib import Path

import numpy as np

CLASS_NAMES = ("across", "along", "blobs")
SIZE = 32


def textures(count, seed=0):
    """Draw `count` images of each class, shuffled: uint8 images and labels."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(3), count))
    y, x = np.mgrid[:SIZE, :SIZE]
    images = np.empty((len(labels), SIZE, SIZE, 3), np.uint8)
    for image, label in zip(images, labels, strict=True):
        period, phase = rng.uniform(5, 7), rng.uniform(0, 2 * np.pi)
        waves = [np.sin(2 * np.pi * axis / period + phase) for axis in (y, x)]
        wave = (waves[0], waves[1], waves[0] * waves[1])[label]
        grey = rng.uniform(110, 140) + rng.uniform(50, 70) * wave
        grey = grey + rng.normal(0, 4, (SIZE, SIZE))
        image[:] = np.clip(grey, 0, 255)[..., None]
    return images, labels


def tiny_model(dtype=None, seed=0):
    """Build the classifier; `dtype` is its policy."""
    import keras
    from keras import layers

    def conv(filters, stride, shift):
        start = keras.initializers.HeNormal(seed=seed + shift)
        return layers.Conv2D(
            filters, 3, stride, "same", kernel_initializer=start, dtype=dtype
        )

    inputs = keras.Input((SIZE, SIZE, 3), name="image")
    x = layers.Rescaling(1 / 127.5, -1.0, dtype=dtype)(inputs)
    x = layers.ReLU(dtype=dtype)(conv(16, 1, 1)(x))
    x = layers.BatchNormalization(dtype=dtype)(x)
    x = layers.ReLU(dtype=dtype)(conv(24, 2, 2)(x))
    x = layers.GlobalAveragePooling2D(name="embedding", dtype=dtype)(x)
    x = layers.Dense(3, name="logits", dtype="float32")(x)
    model = keras.Model(inputs, x, name="tiny")
    images, labels = textures(60, seed=1)
    taps = keras.Model(model.inputs, model.get_layer("embedding").output)
    features = np.asarray(taps.predict_on_batch(images.astype("float32")), "float64")
    design = np.column_stack([features, np.ones(len(features))])
    target = 12.0 * np.eye(3)[labels] - 4.0
    ridge = design.T @ design + 1e-3 * np.eye(design.shape[1])
    weights = np.linalg.solve(ridge, design.T @ target)
    model.get_layer("logits").set_weights([weights[:-1], weights[-1]])
    return model


def tiny_card(model):
    """Fit temperature and unknown verdict on textures of their own."""
    from rkd_keras.export import fit_decisions
    from rkd_keras.predict import new_card

    card = new_card(CLASS_NAMES, (SIZE, SIZE, 3))
    return fit_decisions(model, card, *textures(60, seed=2))


@functools.cache
def exports():
    """Export once a process; a dict from name to path."""
    from rkd_keras.export import export_model
    from rkd_keras.predict import write_card

    # Kept for the process's life; the last reference removes the folder.
    exports.folder = tempfile.TemporaryDirectory(prefix="rkd-keras-test-")
    folder = Path(exports.folder.name)
    model = tiny_model()
    card = tiny_card(model)
    model.save(folder / "model.keras")
    write_card(folder / "model.keras", card)
    paths = {"keras": folder / "model.keras"}
    for name, file, quantization in (
        ("saved_model", "saved_model", None),
        ("tflite", "model.tflite", None),
        ("float16", "model_float16.tflite", "float16"),
        ("int8", "model_int8.tflite", "int8"),
        ("onnx", "model.onnx", None),
    ):
        paths[name] = folder / file
        export_model(
            model,
            paths[name],
            card,
            quantization=quantization,
            calibration_images=textures(40, seed=3)[0],
        )
    return paths


KINDS = ("keras", "saved_model", "tflite", "float16", "int8", "onnx")
