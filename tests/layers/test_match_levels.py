import keras
import numpy as np
import pytest

from rkd_keras.layers import MatchLevels


def levels(images):
    median = np.median(images, (1, 2, 3), keepdims=True)
    return median.ravel(), np.median(np.abs(images - median), (1, 2, 3))


def images(count=4, channels=1):
    rng = np.random.default_rng(0)
    level = rng.uniform(60, 200, (count, 1, 1, 1))
    spread = np.geomspace(2, 16, count).reshape(count, 1, 1, 1)
    return rng.normal(level, spread, (count, 15, 17, channels)).astype("float32")


@pytest.mark.parametrize("channels", [1, 3])
def test_levels_are_the_asked_for_and_no_contrast_is_added(channels):
    x = images(channels=channels)
    y = np.array(MatchLevels(110, 5)(x))
    medians, spreads = levels(y)
    np.testing.assert_allclose(medians, 110, atol=1e-3)
    np.testing.assert_allclose(spreads, np.minimum(levels(x)[1], 5), rtol=1e-4)
    # A second time there is nothing left to do.
    np.testing.assert_allclose(MatchLevels(110, 5)(y), y, atol=1e-3)


def test_a_defect_keeps_its_contrast_to_the_steel():
    x = images(1)
    marked = x.copy()
    marked[0, :3, :3] += 40
    layer = MatchLevels(120, 50)
    difference = np.array(layer(marked)) - np.array(layer(x))
    assert np.ptp(difference - (marked - x)) < 1e-3


def test_a_blank_image_and_the_ends_of_the_scale():
    blank = np.full((1, 4, 4, 1), 17.0, "float32")
    np.testing.assert_array_equal(MatchLevels(90, 3)(blank), blank * 0 + 90)
    y = np.array(MatchLevels(250, 60)(images()))
    assert y.max() == 255
    assert MatchLevels(90, 3)(images().astype("uint8")).dtype == "float32"


def test_saved_in_a_model(tmp_path):
    inputs = keras.Input((None, None, 1))
    model = keras.Model(inputs, MatchLevels(100, 4.5, name="levels")(inputs))
    model.save(tmp_path / "model.keras")
    copy = keras.models.load_model(tmp_path / "model.keras")
    config = copy.get_layer("levels").get_config()
    assert config == model.get_layer("levels").get_config()
    assert (config["level"], config["spread"]) == (100, 4.5)
    np.testing.assert_array_equal(copy(images()), model(images()))


@pytest.mark.parametrize(
    ("level", "spread", "match"),
    [(-1, 5, "level=-1"), (256, 5, "level=256"), (9, 0, "spread=0")],
)
def test_bad_levels(level, spread, match):
    with pytest.raises(ValueError, match=match):
        MatchLevels(level, spread)
