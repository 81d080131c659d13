import functools
import inspect
import json

import keras
import numpy as np
import pytest
import torch_twins as twins
from helpers import check_every_gradient, check_save_and_load, trainable_count

from rkd_keras import models
from rkd_keras.errors import InputError

# Model, classes, trainable parameters: the counts of the paper's Table 6 or, where
# it names another network, the counts that follow from the same facts.
COUNTS = (
    ("se_resnet101", 6, 47_335_158),
    ("se_resnet101", 100, 47_527_764),
    ("resnext50", 6, 14_596_166),
    ("resnext50", 100, 14_788_772),
    ("resnext101", 6, 25_110_598),
    ("googlenet", 6, 6_306_214),
    ("densenet121", 6, 6_952_198),
    ("inception_v3", 6, 22_125_542),
    ("squeezenet", 6, 732_934),
    ("mobilenet_v1", 6, 3_219_078),
    ("mobilenet_v2", 6, 2_248_966),
)
# One of each construction; the deeper ones repeat the same blocks.
NETWORKS = (
    "se_resnet34",
    "resnext50",
    "googlenet",
    "densenet121",
    "inception_v3",
    "squeezenet",
    "mobilenet_v1",
    "mobilenet_v2",
)


@pytest.mark.parametrize(("name", "classes", "count"), COUNTS)
def test_trainable_parameters_to_the_digit(name, classes, count):
    # Shapes suffice: millions of initial values need not be drawn.
    with keras.StatelessScope(initialize_variables=False):
        model = models.create_model(name, num_classes=classes)
    assert trainable_count(model) == count


@functools.cache
def transplanted(name):
    """A narrow network with the weights of its PyTorch twin."""
    with np.load(twins.GOLDEN) as golden:
        shapes = json.loads(str(golden[f"{name}/shapes"]))
    model = models.create_model(
        name,
        width=twins.WIDTH,
        input_shape=twins.IMAGE_SHAPE,
        num_classes=twins.NUM_CLASSES,
    )
    state = {key: twins.draw_weight(key, tuple(s)) for key, s in shapes.items()}
    assert models.load_torch_weights(model, state) == []
    return model


@pytest.mark.parametrize("name", twins.SMALL)
def test_same_weights_same_logits_as_pytorch(name):
    """Against the logits that PyTorch gave, see torch_twins.py."""
    with np.load(twins.GOLDEN) as golden:
        expected = golden[f"{name}/logits"]
    # Spread enough for equality to mean something.
    assert expected.std() > 0.05
    logits = transplanted(name)(twins.draw_images(), training=False)
    np.testing.assert_allclose(logits, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_parameter_learns(name):
    model = transplanted(name)
    assert model.name == name
    embedding = model.get_layer("embedding").output
    assert model.get_layer("logits").kernel.shape == (embedding.shape[-1], 5)
    before = model.get_weights()
    gradients = check_every_gradient(model, twins.draw_images(4), np.arange(4))
    model.set_weights(before)
    idle = [
        weight.path
        for weight, gradient in zip(model.trainable_weights, gradients, strict=True)
        if not np.any(gradient)
    ]
    # A squeeze of four drawn units may be asleep on four images.
    assert not [path for path in idle if "squeeze" not in path and "excite" not in path]
    assert len(idle) < len(gradients) / 10


@pytest.mark.parametrize(
    "name", [name for name in NETWORKS if name not in ("densenet121", "inception_v3")]
)
def test_save_and_load(name, tmp_path):
    images = twins.draw_images()
    check_save_and_load(transplanted(name), images, tmp_path / "model.keras")


@pytest.mark.parametrize("name", models.list_models())
def test_signatures_agree(name):
    builder = {n.lower(): getattr(models, n) for n in models.__all__}[
        name.replace("_", "")
    ]
    parameters = inspect.signature(builder).parameters
    assert list(parameters)[:3] == ["num_classes", "input_shape", "width"]
    assert parameters["num_classes"].default == 6
    # EfficientNet-Lite comes with weights that were trained at a size of their own.
    side = {"efficientnet_lite0": 224, "efficientnet_lite1": 240}.get(name, 64)
    side = 260 if name == "efficientnet_lite2" else side
    assert parameters["input_shape"].default == (side, side, 3)
    assert parameters["name"].default == name
    for argument in ("stem_stride", "dropout", "include_preprocessing", "weights"):
        assert argument in parameters
    for argument in parameters:
        assert f"\n        {argument}: " in builder.__doc__


def test_maps_have_the_originals_sizes():
    """Floor-mode pooling on a 33x41 image, counted by hand."""
    with keras.StatelessScope(initialize_variables=False):
        google, inception, mobile, dense, squeeze = (
            models.create_model(name, width=0.125, input_shape=(33, 41, 3))
            for name in (
                "googlenet",
                "inception_v3",
                "mobilenet_v2",
                "densenet121",
                "squeezenet",
            )
        )

    def size(model, layer):
        return model.get_layer(layer).output.shape[1:3]

    # (33 + 2 - 3) // 2 + 1 = 17, 9, 5; (41 + 2 - 3) // 2 + 1 = 21, 11, 6.
    assert size(google, "inception5b_out") == (5, 6)
    # 33 - 2 = 31, (31 - 3) // 2 + 1 = 15, 7; 39, 19, 9.
    assert size(inception, "mixed7c_out") == (7, 9)
    # 33 + 2 = 35, then 18, 9, 5; 43, 22, 11, 6.
    assert size(mobile, "top_relu6") == (5, 6)
    # 33 // 2 = 16, 8, 4; 41 // 2 = 20, 10, 5.
    assert size(dense, "out_relu") == (4, 5)
    assert size(squeeze, "fire9_out") == (4, 5)


def test_resnext_groups_divide():
    with keras.StatelessScope(initialize_variables=False):
        for width, groups in ((1.0, 32), (0.75, 16), (0.5, 32), (0.25, 16), (0.125, 8)):
            model = models.ResNeXt50(width=width)
            assert model.get_layer("stage1_block1_1_conv").groups == groups
            assert model.get_layer("stage4_2_conv").groups == groups
        with pytest.raises(ValueError, match="divide into 8, 16 or 32 groups"):
            models.ResNeXt50(width=0.3)


def test_gates_of_fresh_narrow_networks_are_awake():
    keras.utils.set_random_seed(0)
    model = models.SEResNet34(width=0.125, input_shape=(16, 16, 3))
    squeezes = [x.output for x in model.layers if x.name.endswith("_squeeze")]
    assert len(squeezes) == 16
    images = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3))
    for answers in keras.Model(model.input, squeezes)(images.astype("float32")):
        assert answers.shape[-1] == 4
        assert np.any(answers)


def test_names_are_forgiving():
    small = {"width": 0.125, "input_shape": (32, 32, 3)}
    assert models.create_model("MobileNet-V1", **small).name == "mobilenet_v1"
    assert models.create_model("MOBILENETV1", **small).name == "mobilenet_v1"
    with pytest.raises(InputError, match="known ones are densenet121, .*googlenet"):
        models.create_model("vgg99")


# Average pooling over a border, ReLU6 and depthwise, groups: what the converters
# might treat in a way of their own.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "format"),
    [("inception_v3", "onnx"), ("mobilenet_v2", "tflite"), ("resnext50", "onnx")],
)
def test_exports_decide_alike(name, format, tmp_path):
    from rkd_keras.export import export_model
    from rkd_keras.predict import new_card

    card = new_card([f"class {i}" for i in range(5)], twins.IMAGE_SHAPE)
    images = twins.draw_images(4).astype("uint8")
    path = tmp_path / f"model.{format}"
    report = export_model(transplanted(name), path, card, check_images=images)
    assert report.passed and report.largest_difference < 1e-4
