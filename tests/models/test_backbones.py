import keras
import numpy as np
import pytest
from helpers import check_save_and_load
from keras.src.applications.imagenet_utils import preprocess_input

from rkd_keras import models
from rkd_keras.errors import InputError
from rkd_keras.models.backbones import PIXELS

SMALL = {"width": 0.125, "input_shape": (32, 32, 3)}


def drawn_images(side=32):
    random = np.random.default_rng(0)
    return random.uniform(0, 255, (2, side, side, 3)).astype("float32")


@pytest.fixture(scope="module")
def trunk(tmp_path_factory):
    """A network of the package in a file, and the network."""
    keras.utils.set_random_seed(0)
    model = models.ResNet18(**SMALL)
    path = tmp_path_factory.mktemp("trunk") / "trunk.keras"
    model.save(path)
    return path, model


def tap(model, layer):
    return keras.Model(model.input, model.get_layer(layer).output)


def test_the_files_weights_are_kept(trunk):
    path, model = trunk
    mine = models.create_model("backbone", backbone=path, num_classes=4)
    images = drawn_images()
    np.testing.assert_allclose(
        tap(mine, "embedding")(images), tap(model, "embedding")(images), atol=1e-5
    )
    assert mine.output_shape == (None, 4)
    assert mine.input_shape == model.input_shape
    assert mine.get_layer("stage1_out")


def test_maps_of_a_layer_are_averaged(trunk):
    path, model = trunk
    mine = models.backbone_classifier(2, backbone=str(path), tap="stage2_out")
    images = drawn_images()
    maps = tap(model, "stage2_out")(images)
    np.testing.assert_allclose(
        tap(mine, "embedding")(images), np.mean(maps, (1, 2)), atol=1e-5
    )
    # Nothing behind the tap is carried along.
    assert "stage3_out" not in [layer.name for layer in mine.layers]


def test_the_file_is_left_alone(trunk):
    path, _ = trunk
    before = path.read_bytes()
    mine = models.backbone_classifier(backbone=path)
    mine.set_weights([w * 0 for w in mine.get_weights()])
    assert path.read_bytes() == before


def test_another_size(trunk):
    path, model = trunk
    mine = models.backbone_classifier(backbone=path, input_shape=(48, 40, 3))
    assert mine.input_shape == (None, 48, 40, 3)
    np.testing.assert_array_equal(
        mine.get_layer("stage4_2_conv").kernel, model.get_layer("stage4_2_conv").kernel
    )


@pytest.mark.parametrize("pixels", PIXELS)
def test_pixels_as_the_file_wants_them(tmp_path, pixels):
    inputs = keras.Input((4, 4, 3))
    keras.Model(inputs, keras.layers.Identity()(inputs)).save(tmp_path / "as_is.keras")
    model = models.backbone_classifier(backbone=tmp_path / "as_is.keras", pixels=pixels)
    images = drawn_images(4)
    expected = {
        "0..255": lambda: images,
        "0..1": lambda: images / 255,
        "-1..1": lambda: preprocess_input(images.copy(), mode="tf"),
    }.get(pixels, lambda: preprocess_input(images.copy(), mode=pixels))()
    np.testing.assert_allclose(
        tap(model, "embedding")(images), expected.mean((1, 2)), rtol=1e-4, atol=1e-4
    )
    bare = models.backbone_classifier(
        backbone=tmp_path / "as_is.keras", pixels=pixels, include_preprocessing=False
    )
    np.testing.assert_allclose(
        tap(bare, "embedding")(images), images.mean((1, 2)), rtol=1e-4
    )


def test_a_sequential_model_and_vectors(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Flatten(),
            keras.layers.Dense(5, name="features"),
            keras.layers.Dense(2),
        ]
    )
    path = tmp_path / "model.keras"
    model.save(path)
    mine = models.backbone_classifier(3, backbone=path, tap="features")
    check_save_and_load(mine, drawn_images(8), tmp_path / "mine.keras")
    assert mine.get_layer("embedding").output.shape == (None, 5)
    with pytest.raises(InputError, match=r"give tap=, one of its layers, .*features"):
        models.backbone_classifier(backbone=path)
    with pytest.raises(InputError, match="cannot take images of .16, 16, 3."):
        models.backbone_classifier(
            backbone=path, tap="features", input_shape=(16, 16, 3)
        )


def test_what_is_refused(trunk, tmp_path):
    path, _ = trunk
    with pytest.raises(InputError, match="give backbone="):
        models.create_model("backbone")
    with pytest.raises(InputError, match="pixels must be one of 0..255"):
        models.backbone_classifier(backbone=path, pixels="0-255")
    with pytest.raises(InputError, match="has no layer 'stage9' to tap"):
        models.backbone_classifier(backbone=path, tap="stage9")
    with pytest.raises(InputError, match="none.keras does not exist"):
        models.backbone_classifier(backbone=tmp_path / "none.keras")
    inputs = keras.Input((6, 3))
    keras.Model(inputs, keras.layers.Dense(2, name="rows")(inputs)).save(
        tmp_path / "rows.keras"
    )
    with pytest.raises(InputError, match="neither maps nor vectors"):
        models.backbone_classifier(backbone=tmp_path / "rows.keras", tap="rows")
