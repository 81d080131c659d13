import json

import numpy as np
import pytest
import torch_twins as twins

from rkd_keras import models
from rkd_keras.errors import InputError

SMALL = {"width": twins.WIDTH, "input_shape": twins.IMAGE_SHAPE}


@pytest.fixture(scope="module")
def golden():
    with np.load(twins.GOLDEN) as arrays:
        return dict(arrays)


def drawn_state(golden, name):
    shapes = json.loads(str(golden[f"{name}/shapes"]))
    return {key: twins.draw_weight(key, tuple(s)) for key, s in shapes.items()}


def transplanted(name, state, **options):
    model = models.create_model(name, **{**SMALL, "num_classes": 5, **options})
    assert models.load_torch_weights(model, state) == []
    return model


@pytest.mark.parametrize("name", ["se_resnet50", "mobilenet_v2"])
def test_against_live_pytorch(name):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    shapes, expected = twins.twin_logits(name)
    state = {key: twins.draw_weight(key, s) for key, s in shapes.items()}
    logits = np.array(transplanted(name, state)(twins.draw_images(), training=False))
    np.testing.assert_allclose(logits, expected, atol=1e-4, rtol=1e-4)


def test_another_head_is_left_alone(golden):
    state = drawn_state(golden, "squeezenet")
    model = models.SqueezeNet(num_classes=7, **SMALL)
    before = model.get_layer("logits").get_weights()
    assert models.load_torch_weights(model, state) == ["logits"]
    for old, new in zip(before, model.get_layer("logits").get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    stem = model.get_layer("stem_conv").kernel
    expected = state["stem.0.weight"].transpose(2, 3, 1, 0)
    np.testing.assert_array_equal(np.array(stem), expected)


def test_counters_of_batches_are_ignored(golden):
    state = drawn_state(golden, "squeezenet")
    state["stem.1.num_batches_tracked"] = np.array(7)
    transplanted("squeezenet", state)


def test_weights_that_do_not_fit(golden):
    state = drawn_state(golden, "squeezenet")
    model = models.SqueezeNet(num_classes=5, **SMALL)
    with pytest.raises(InputError, match="stem.9.weight has no counterpart in model"):
        models.load_torch_weights(model, {**state, "stem.9.weight": np.zeros(3)})
    with pytest.raises(InputError, match="stem.0.scale has no counterpart in layer"):
        models.load_torch_weights(model, {"stem.0.scale": np.zeros(3)})
    with pytest.raises(InputError, match=r"has shape \(2,\) where layer stem_bn"):
        models.load_torch_weights(model, {**state, "stem.1.bias": np.zeros(2)})
    lacking = {k: v for k, v in state.items() if k != "fire5.squeeze.1.running_var"}
    with pytest.raises(InputError, match="the weights lack fire5_squeeze_bn"):
        models.load_torch_weights(model, lacking)
    with pytest.raises(InputError, match="no PyTorch original is known for 'vgg'"):
        models.load_torch_weights(model, state, family="vgg")


def test_family_of_a_renamed_model(golden):
    state = drawn_state(golden, "squeezenet")
    model = models.SqueezeNet(num_classes=5, name="line_a", **SMALL)
    with pytest.raises(InputError, match="known for 'line_a'; give family="):
        models.load_torch_weights(model, state)
    assert models.load_torch_weights(model, state, family="squeezenet") == []
