import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.explain import feature_maps, feature_sheet, stage_layers


def test_maps_are_the_layers_outputs(linear_model, spots):
    images, _ = spots
    mixing = np.array([[1.0, 0.5], [0.0, 2.0], [-1.0, 1.0]])
    model = linear_model(np.eye(2), mixing=mixing)
    maps = feature_maps(model, images, ["maps", "mixed"])
    assert list(maps) == ["maps", "mixed"]
    np.testing.assert_allclose(maps["maps"], images)
    np.testing.assert_allclose(maps["mixed"], images @ mixing, rtol=1e-5)
    assert maps["mixed"].dtype == np.float32


def test_stages_of_residual_and_other_networks():
    from rkd_keras.models import ResNet18, create_model

    model = ResNet18(width=0.0625, input_shape=(32, 32, 3))
    assert stage_layers(model) == [f"stage{i}_out" for i in range(1, 5)]
    other = create_model("squeezenet", input_shape=(32, 32, 3))
    found = stage_layers(other)
    sizes = [other.get_layer(name).output.shape[1] for name in found]
    assert sizes == sorted(set(sizes), reverse=True)
    assert (
        other.get_layer(found[-1]).output.shape[1]
        == (other.get_layer("embedding").input.shape[1])
    )


def test_a_sheet_has_a_row_per_stage_and_shows_the_maps(linear_model, spots):
    images, places = spots
    mixing = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    model = linear_model(np.eye(2), mixing=mixing)
    sheet = feature_sheet(model, images[0], ["maps", "mixed"], channels=2, side=64)
    assert sheet.dtype == np.uint8
    assert sheet.shape == (2 * (64 + 26) + 6, 4 * 70 + 6, 3)
    # The map of highest variance comes first: the spot, bright on dark.
    y, x, _ = places[0]
    tile = sheet[6:70, 6 + 2 * 70 : 6 + 2 * 70 + 64].astype(int)
    spot = tile[8 * y + 4, 8 * x + 4]
    elsewhere = tile[8 * 7 + 4, 8 * 7 + 4]
    assert spot[:2].sum() > 400 > elsewhere[:2].sum()


def test_flat_maps_are_drawn(linear_model):
    model = linear_model(np.eye(3))
    sheet = feature_sheet(model, np.zeros((8, 8, 3), np.uint8), ["maps"], side=16)
    assert sheet.shape[-1] == 3


def test_wrong_layers_and_images_are_named(linear_model, spots):
    images, _ = spots
    model = linear_model(np.eye(3))
    with pytest.raises(InputError, match="no layer 'nowhere'"):
        feature_maps(model, images, ["nowhere"])
    with pytest.raises(InputError, match="shape"):
        feature_maps(model, images[0])
