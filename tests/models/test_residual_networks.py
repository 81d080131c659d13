import keras
import numpy as np
import pytest
from helpers import check_every_gradient, check_save_and_load, trainable_count

from rkd_keras import models
from rkd_keras.errors import InputError

# Table 6 of the paper, and the counts that follow from the same facts.
COUNTS = {
    "SARSN34": 23_810_118,
    "SARSN101": 46_127_174,
    "ResNet18": 11_171_910,
    "ResNet34": 21_280_070,
    "ResNet101": 42_504_774,
}
SMALL = {"width": 0.125, "input_shape": (32, 32, 3)}
ALL = ("SARSN34", "SARSN50", "SARSN101", "ResNet18", "ResNet34", "ResNet50")


@pytest.mark.parametrize("name", COUNTS)
def test_trainable_parameters_to_the_digit(name):
    assert trainable_count(getattr(models, name)()) == COUNTS[name]


@pytest.mark.parametrize("threshold", ["soft", "none"])
def test_ablation_counts(threshold):
    count = trainable_count(models.SARSN34(threshold=threshold))
    assert count == COUNTS["SARSN34" if threshold == "soft" else "ResNet34"]


def test_stages_are_8x8_before_pooling():
    model = models.ResNet18()
    shapes = [model.get_layer(f"stage{i}_out").output.shape[1:] for i in range(1, 5)]
    assert shapes == [(64, 64, 64), (32, 32, 128), (16, 16, 256), (8, 8, 512)]
    assert model.get_layer("embedding").output.shape == (None, 512)


@pytest.mark.parametrize("name", ["SARSN34", "SARSN50", "ResNet18", "ResNet50"])
def test_gradient_save_load(name, tmp_path):
    keras.utils.set_random_seed(0)
    model = getattr(models, name)(**SMALL, num_classes=3)
    x = np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 3)).astype("float32")
    gradients = check_every_gradient(model, x, np.array([0, 1, 2, 0]))
    idle = sum(not np.any(g) for g in gradients)
    assert idle < len(gradients) / 20
    loaded = check_save_and_load(model, x, tmp_path / "model.keras")
    assert [layer.name for layer in loaded.layers] == [lay.name for lay in model.layers]


def test_preprocessing_is_inside():
    inside = models.ResNet18(**SMALL)
    outside = models.ResNet18(**SMALL, include_preprocessing=False)
    outside.set_weights(inside.get_weights())
    x = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype("float32")
    np.testing.assert_allclose(inside(x), outside(x / 127.5 - 1), atol=1e-4)


def test_logits_stay_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = models.SARSN34(**SMALL)
    assert model.get_layer("logits").compute_dtype == "float32"
    assert model.get_layer("stage1_out").compute_dtype == "bfloat16"


def test_stem_stride_and_activation_and_dropout():
    model = models.ResNet18(
        **SMALL, stem_stride=2, classifier_activation="softmax", dropout=0.5
    )
    assert model.get_layer("stage4_out").output.shape[1:3] == (2, 2)
    y = np.array(model(np.zeros((1, 32, 32, 3))))
    np.testing.assert_allclose(y.sum(), 1, rtol=1e-6)
    assert model.get_layer("dropout").rate == 0.5


def test_weights_file_is_loaded(tmp_path):
    first = models.ResNet18(**SMALL)
    first.save_weights(tmp_path / "a.weights.h5")
    second = models.ResNet18(**SMALL, weights=tmp_path / "a.weights.h5")
    x = np.ones((1, 32, 32, 3), "float32")
    np.testing.assert_allclose(first(x), second(x), rtol=1e-6)


def test_stride_two_pads_like_pytorch():
    """One 3x3 stride-2 convolution of ones: corners see 4 pixels, edges 6."""
    inputs = keras.Input((4, 4, 1))
    from rkd_keras.models.blocks import conv_bn

    x = conv_bn(inputs, 1, 3, 2, activation=None, name="a")
    model = keras.Model(inputs, x)
    model.get_layer("a_conv").set_weights([np.ones((3, 3, 1, 1))])
    y = np.array(model(np.ones((1, 4, 4, 1))))[0, :, :, 0]
    np.testing.assert_allclose(y, [[4, 6], [6, 9]], rtol=1e-4)


def test_create_model_and_unknown_names():
    assert set(name.lower() for name in ALL) <= set(models.list_models())
    assert models.create_model("SARSN34", **SMALL).name == "sarsn34"
    with pytest.raises(InputError, match="unknown model 'resnet19'; the known ones"):
        models.create_model("resnet19")
    with pytest.raises(InputError, match="unexpected keyword argument 'depth'"):
        models.create_model("resnet18", depth=3)
    with pytest.raises(ValueError, match="Received: threshold=hard"):
        models.SARSN34(threshold="hard")
