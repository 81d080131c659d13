"""The students for the line: what they hold, what they cost, and nano's file."""

import numpy as np
import pytest

from rkd_keras import models
from rkd_keras.models import network_size

# Blocks of each stage, filters of stem and stages, sides of the maps at 64 pixels.
SHAPES = {
    "EdgeResNetNano": (1, (8, 16, 24, 32), (32, 16, 16, 8, 4)),
    "EdgeResNetTiny": (2, (12, 24, 48, 96), (32, 16, 16, 8, 4)),
    "EdgeResNetSmall": (2, (16, 32, 64, 128), (32, 32, 16, 8, 4)),
    "EdgeResNetMedium": (2, (24, 48, 96, 192), (32, 32, 16, 8, 4)),
}


def by_hand(blocks, filters, sides, classes=6):
    """Count parameters and multiply-adds as one does on paper."""
    stem, *sides = sides
    parameters, multiply_adds, before, side_before = 0, 0, filters[0], stem

    def conv(kernel, inputs, outputs, side):
        nonlocal parameters, multiply_adds
        weights = kernel * kernel * inputs * outputs
        parameters += weights + 2 * outputs  # and the normalisation's two
        multiply_adds += weights * side * side

    conv(3, 3, filters[0], stem)
    for count, side in zip(filters, sides, strict=True):
        for block in range(blocks):
            conv(3, before, count, side)
            conv(3, count, count, side)
            if block == 0 and (before, side_before) != (count, side):
                conv(1, before, count, side)
            before, side_before = count, side
    parameters += (before + 1) * classes
    return {
        "parameters": parameters,
        "multiply_adds": multiply_adds + before * classes,
    }


@pytest.mark.parametrize("name", SHAPES)
def test_counts_are_those_of_the_shape_and_of_the_docstring(name):
    expected = by_hand(*SHAPES[name])
    assert network_size(name) == expected
    first = getattr(models, name).__doc__.splitlines()[0]
    thousands = round(expected["parameters"] / 1000)
    millions = expected["multiply_adds"] / 1e6
    assert f"{thousands:,} k parameters, {millions:.1f} M multiply-adds." in first


def test_medium_costs_about_twice_as_much_as_small():
    small, medium = (
        network_size(f"edge_resnet_{name}")["multiply_adds"]
        for name in ("small", "medium")
    )
    assert 2 <= medium / small < 2.5


@pytest.mark.slow
def test_nano_takes_sixty_kilobytes_and_decides_alike(tmp_path):
    import keras

    from rkd_keras.export import export_model, fit_decisions
    from rkd_keras.predict import load, new_card

    keras.utils.set_random_seed(0)
    model = models.EdgeResNetNano()
    rng = np.random.default_rng(0)
    # Fresh normalisations are all alike, which the converter stores only once.
    for weight in model.weights:
        if weight.name in ("gamma", "beta", "moving_mean", "moving_variance"):
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
    # Decided as after a training: where all classes are close, rounding decides.
    model.get_layer("logits").bias.assign([50.0, 0, 0, 0, 0, 0])
    images = rng.integers(0, 256, (60, 64, 64, 3), dtype=np.uint8)
    names = ["crazing", "inclusion", "patches", "pitted_surface", "rolled-in_scale"]
    card = new_card([*names, "scratches"], (64, 64, 3))
    card = fit_decisions(model, card, images, np.arange(60) % 6)
    card["temperature"] = 1.0
    path = tmp_path / "nano.tflite"
    export_model(model, path, card, quantization="int8", calibration_images=images)
    assert load(path).card["unknown"] and path.stat().st_size <= 60_000
