import json

import efficientnet_lite_twin as twin
import keras
import numpy as np
import pytest
from helpers import check_every_gradient, check_save_and_load, trainable_count

from rkd_keras import models
from rkd_keras.errors import InputError

SMALL = {"width": twin.WIDTH, "num_classes": twin.NUM_CLASSES}
# Trainable parameters: those of the weights' files, and with the 1280 * (1000 - 6)
# kernels and 994 biases of the head less.
COUNTS = (
    ("efficientnet_lite0", 1000, 4_652_008),
    ("efficientnet_lite0", 6, 3_378_694),
    ("efficientnet_lite1", 1000, 5_416_680),
    ("efficientnet_lite1", 6, 4_143_366),
    ("efficientnet_lite2", 1000, 6_092_072),
    ("efficientnet_lite2", 6, 4_818_758),
)


@pytest.mark.parametrize(("name", "classes", "count"), COUNTS)
def test_parameters_to_the_digit(name, classes, count):
    with keras.StatelessScope(initialize_variables=False):
        model = models.create_model(name, num_classes=classes)
    assert trainable_count(model) == count
    assert count == COUNTS[2 * int(name[-1])][2] - (1000 - classes) * 1281


@pytest.fixture(scope="module")
def golden():
    with np.load(twin.GOLDEN) as arrays:
        return {"logits": arrays["logits"], "shapes": json.loads(str(arrays["shapes"]))}


def drawn_state(golden):
    return {k: twin.draw_weight(k, tuple(s)) for k, s in golden["shapes"].items()}


@pytest.fixture(scope="module")
def transplanted(golden):
    height, width, _ = twin.draw_images().shape[1:]
    model = models.EfficientNetLite2(input_shape=(height, width, 3), **SMALL)
    assert models.load_torch_weights(model, drawn_state(golden)) == []
    return model


def test_same_weights_same_logits_as_pytorch(golden, transplanted):
    expected = golden["logits"]
    assert expected.std() > 0.05
    logits = transplanted(twin.draw_images(), training=False)
    np.testing.assert_allclose(logits, expected, atol=1e-4, rtol=1e-4)


def test_every_variable_is_its_array(golden, transplanted):
    """Written out, not by the code that loads."""
    state, layers = drawn_state(golden), transplanted.get_layer

    def same(array, expected):
        np.testing.assert_array_equal(np.array(array), expected)

    stem = state["_conv_stem.weight"]
    for y in range(3):
        for x in range(3):
            same(layers("stem_conv").kernel[y, x], stem[:, :, y, x].T)
    # Stages of 1, 3, 3, 4, 4, 5, 1 blocks: block 7 is the first of the fourth.
    same(
        layers("stage4_block1_depthwise_conv").kernel[0, 2, :, 0],
        state["_blocks.7._depthwise_conv.weight"][:, 0, 0, 2],
    )
    same(
        layers("stage4_block1_expand_conv").kernel[0, 0],
        state["_blocks.7._expand_conv.weight"][:, :, 0, 0].T,
    )
    for ours, theirs in (("gamma", "weight"), ("beta", "bias")):
        same(
            getattr(layers("stage7_block1_project_bn"), ours),
            state[f"_blocks.20._bn2.{theirs}"],
        )
    same(layers("top_bn").moving_mean, state["_bn1.running_mean"])
    same(layers("top_bn").moving_variance, state["_bn1.running_var"])
    same(layers("logits").kernel, state["_fc.weight"].T)
    assert layers("top_bn").epsilon == 1e-3


def test_every_parameter_learns(transplanted):
    before = transplanted.get_weights()
    gradients = check_every_gradient(transplanted, twin.draw_images(4), np.arange(4))
    transplanted.set_weights(before)
    assert all(np.any(gradient) for gradient in gradients)


def test_save_and_load(transplanted, tmp_path):
    check_save_and_load(transplanted, twin.draw_images(), tmp_path / "model.keras")


def test_taps_and_sizes():
    with keras.StatelessScope(initialize_variables=False):
        for builder, native in (
            (models.EfficientNetLite0, 224),
            (models.EfficientNetLite1, 240),
            (models.EfficientNetLite2, 260),
        ):
            model = builder()
            assert model.input_shape == (None, native, native, 3)
            assert model.get_layer("embedding").output.shape == (None, 1280)
            assert model.get_layer("logits").kernel.shape == (1280, 6)
            ends = [model.get_layer(f"stage{n}_out").output for n in range(1, 8)]
            side, sides = -(-native // 2), []
            for stride in (1, 2, 2, 2, 1, 2, 1):
                side = -(-side // stride)
                sides.append(side)
            assert [end.shape[1] for end in ends] == sides
        small = models.EfficientNetLite0(input_shape=(64, 33, 3), stem_stride=1)
        assert small.get_layer("stage7_out").output.shape[1:3] == (4, 3)
        any_size = models.EfficientNetLite0(input_shape=(None, None, 3))
        assert any_size.output_shape == (None, 6)


def test_preprocessing_is_the_originals():
    images = twin.draw_images()
    shape = images.shape[1:]
    ours = models.EfficientNetLite0(input_shape=shape, **SMALL)
    bare = models.EfficientNetLite0(
        input_shape=shape, include_preprocessing=False, **SMALL
    )
    bare.set_weights(ours.get_weights())
    np.testing.assert_allclose(ours(images), bare((images - 127) / 128), atol=1e-5)


def test_weights_of_another_shape(golden):
    model = models.EfficientNetLite2(num_classes=5, width=0.5, input_shape=(32, 32, 3))
    with pytest.raises(InputError, match="_conv_stem.weight has shape"):
        models.load_torch_weights(model, drawn_state(golden))
    model = models.EfficientNetLite0(input_shape=(32, 32, 3), **SMALL)
    with pytest.raises(InputError, match="_blocks.3._depthwise_conv.weight has"):
        models.load_torch_weights(model, drawn_state(golden))
