"""What the decorator of a network gives it."""

import inspect

import keras
import pytest

from rkd_keras import models
from rkd_keras.errors import InputError, OptionError
from rkd_keras.models.blocks import basic_block
from rkd_keras.models.registry import NETWORKS, PUBLIC, network
from rkd_keras.models.resnet import residual_network
from rkd_keras.models.sarsn import shrinkage_network

SMALL = {"width": 0.0625, "input_shape": (16, 16, 3)}


@pytest.fixture
def small_sarsn():
    @network(of=shrinkage_network, name="sarsn10", reduction=4)
    def SARSN10(**options):
        """SARSN10: one basic block a stage.

        For tests.
        """
        return shrinkage_network(basic_block, (1, 1, 1, 1), **options)

    yield SARSN10
    del NETWORKS["sarsn10"], PUBLIC["SARSN10"]


def test_a_variant_is_in_the_zoo_and_public(small_sarsn):
    assert "sarsn10" in models.list_models()
    assert PUBLIC["SARSN10"] is small_sarsn
    model = models.create_model("SARSN-10", num_classes=2, **SMALL)
    assert model.name == "sarsn10" and model.output_shape == (None, 2)
    gates = [x for x in model.layers if x.name.endswith("_shrinkage")]
    assert len(gates) == 4 and {gate.reduction for gate in gates} == {4}


def test_a_variants_arguments_are_its_familys(small_sarsn):
    signature = inspect.signature(small_sarsn)
    # In the order of the plain networks, its own before the name.
    assert list(signature.parameters) == [
        *("num_classes", "input_shape", "width", "stem_stride", "stage_strides"),
        *("dropout", "include_preprocessing", "classifier_activation", "weights"),
        *("threshold", "form", "reduction", "name"),
    ]
    assert signature.parameters["reduction"].default == 4
    assert signature.parameters["width"].annotation is float
    model = small_sarsn(3, (16, 16, 3), 0.0625, name="mine")
    assert (model.name, model.output_shape) == ("mine", (None, 3))
    with pytest.raises(TypeError, match="unexpected keyword argument 'depths'"):
        small_sarsn(depths=(1, 1, 1, 1))


def test_a_docstring_is_made_of_what_each_says(small_sarsn):
    text = inspect.getdoc(small_sarsn)
    order = [
        "SARSN10: one basic block a stage.\n\nFor tests.",
        "The network is the CIFAR-style one",
        "\n\nArgs:\n    num_classes: number of classes. Defaults to `6`.\n",
        "    reduction: the gate's hidden layer has `channels // reduction` units. "
        "Defaults to `4`.\n",
        '    name: name of the model. Defaults to `"sarsn10"`.\n',
        "\n\nReturns:\n    A `keras.Model`",
        "`stage1_out` to `stage4_out`",
        "\n\nRaises:\n    ValueError: for an unknown `threshold`",
        "\n\nReference:\n    - Huang et al.",
        "\n\nExample:\n    >>> model = SARSN10(",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    # What a family's first line says is not said of its variants.
    assert "Build a residual network" not in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_classes": 0}, "num_classes must be at least 1, not 0"),
        ({"width": 0}, "width must be above 0, not 0"),
        ({"width": float("nan")}, "width must be above 0, not nan"),
        ({"stem_stride": 0}, "stem_stride must be at least 1"),
        ({"stage_strides": (1, 2, 2, 0)}, "stage_strides must be at least 1"),
        ({"dropout": 1}, "dropout must be at least 0 and below 1, not 1"),
        ({"input_shape": (0, 64, 3)}, "input_shape must be at least 1"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(OptionError, match=message):
        models.ResNet18(**options)


def test_weights_belong_to_a_shape_not_to_a_network():
    shape = {"width": 0.25, "stem_stride": 2}
    ours = models.SARSN34(threshold="none", **shape)
    with pytest.raises(InputError, match="no NEU weights for sarsn34"):
        models.SARSN34(threshold="none", weights="neu", **shape)
    assert ours.count_params() != models.EdgeResNetSmall().count_params()
    plain = residual_network(basic_block, (2, 2, 2, 2), weights="neu", **shape)
    small = models.EdgeResNetSmall(weights="neu")
    for mine, theirs in zip(plain.get_weights(), small.get_weights(), strict=True):
        assert (mine == theirs).all()


def epsilons(model):
    return {
        layer.name: layer.epsilon
        for layer in model.layers
        if layer.name.endswith("_bn")
    }


def test_googlenet_has_the_originals_epsilons():
    with keras.StatelessScope(initialize_variables=False):
        found = epsilons(models.GoogLeNet())
        even = epsilons(models.GoogLeNet(branch_epsilon=1e-5))
    widths = [
        found.pop(f"inception{module}_5x5_1_bn")
        for module in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")
    ]
    assert widths == [32, 96, 48, 64, 64, 64, 128, 128, 128]
    assert set(found.values()) == set(even.values()) == {1e-5}
