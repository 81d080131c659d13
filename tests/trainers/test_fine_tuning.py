"""What trains while a network is tuned, and that all of it may train again."""

import keras
import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.models import EfficientNetLite0, ResNet18
from rkd_keras.trainers import stage_ends, unfrozen


@pytest.fixture(scope="module")
def lite():
    return EfficientNetLite0(num_classes=3, width=0.25, input_shape=(32, 32, 3))


def trained(model):
    return {weight.path.split("/")[0] for weight in model.trainable_weights}


@pytest.mark.parametrize("stages", [1, 2, 5])
def test_only_the_last_stages_train(lite, stages):
    with unfrozen(lite, stages):
        names = trained(lite)
    first = 8 - stages
    assert {"logits", "top_conv"} <= names
    assert {n[5] for n in names if n.startswith("stage")} == {
        str(stage) for stage in range(first, 8)
    }
    assert not any(name.endswith("_bn") for name in names)


def test_everything_but_batch_normalisation_trains_with_all_stages(lite):
    for stages in (7, 20):
        with unfrozen(lite, stages):
            names = trained(lite)
        assert "stem_conv" in names
        assert not any(name.endswith("_bn") for name in names)


def test_afterwards_all_may_train_again_even_after_an_error(lite):
    before = trained(lite)
    with pytest.raises(RuntimeError), unfrozen(lite, 1):
        raise RuntimeError
    assert trained(lite) == before and "stem_bn" in before


def test_statistics_of_batch_normalisation_stay(lite):
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3)).astype("float32")
    kept = [np.array(w) for w in lite.weights if "_bn/" in w.path]
    frozen = np.array(lite.get_layer("stage1_block1_project_conv").kernel)
    moving = np.array(lite.get_layer("top_conv").kernel)
    with unfrozen(lite, 1):
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        lite.compile(keras.optimizers.SGD(0.1), loss, jit_compile=False)
        lite.train_on_batch(images, np.arange(8) % 3)
    after = [np.array(w) for w in lite.weights if "_bn/" in w.path]
    for a, b in zip(kept, after, strict=True):
        np.testing.assert_array_equal(a, b)
    again = lite.get_layer("stage1_block1_project_conv").kernel
    np.testing.assert_array_equal(frozen, again)
    assert np.abs(moving - np.array(lite.get_layer("top_conv").kernel)).max() > 0


def test_networks_without_named_stages_have_those_where_maps_get_smaller():
    inputs = x = keras.Input((16, 16, 3))
    for number in range(3):
        x = keras.layers.Conv2D(4, 3, padding="same", name=f"wide{number}")(x)
        x = keras.layers.Conv2D(4, 3, 2, "same", name=f"down{number}")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(2, name="logits")(x))
    names = [model.layers[place].name for place in stage_ends(model)]
    assert names == ["wide0", "wide1", "wide2", "down2"]
    with unfrozen(model, 2):
        assert trained(model) == {"down1", "wide2", "down2", "logits"}


def test_no_stage_is_refused():
    model = ResNet18(width=0.125, input_shape=(32, 32, 3))
    with pytest.raises(InputError, match="stages must be at least 1, not 0"):
        with unfrozen(model, 0):
            pass
