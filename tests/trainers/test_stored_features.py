import keras
import numpy as np
import pytest

from rkd_keras.data import Augmentation, TrainingPipeline
from rkd_keras.errors import InputError
from rkd_keras.trainers import view_features

VIEWS = 3


@pytest.fixture(scope="module")
def pipeline():
    images = np.random.default_rng(0).integers(0, 256, (10, 4, 4, 3)).astype("uint8")
    return TrainingPipeline(
        images, np.zeros(10, int), batch_size=4, augment=Augmentation()
    )


@pytest.fixture(scope="module")
def model():
    inputs = keras.Input((4, 4, 3))
    return keras.Model(inputs, keras.layers.Flatten()(inputs))


@pytest.fixture(scope="module")
def expected(model, pipeline):
    return view_features(model, pipeline, VIEWS)


def test_the_same_in_memory_and_in_a_file(model, pipeline, expected, tmp_path):
    shown = []
    features = view_features(
        model, pipeline, VIEWS, tmp_path / "f.npy", progress=shown.append
    )
    np.testing.assert_array_equal(features, expected)
    assert isinstance(features, np.memmap)
    assert shown == [4, 4, 2] * VIEWS
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f.json", "f.npy"]
    with pytest.raises(ValueError, match="read-only"):
        features[0, 0, 0] = 1.0


def test_a_finished_file_is_not_computed_again(model, pipeline, tmp_path):
    path = tmp_path / "f.npy"
    first = np.array(view_features(model, pipeline, VIEWS, path, "a"))
    shown = []
    again = view_features(silenced(model), pipeline, VIEWS, path, "a", shown.append)
    np.testing.assert_array_equal(first, again)
    assert sum(shown) == 30


def silenced(model):
    """A model of the same shape that must not be asked."""

    def fail(x):
        raise AssertionError("computed again")

    inputs = keras.Input((4, 4, 3))
    silent = keras.Model(inputs, keras.layers.Flatten()(inputs))
    silent.call = fail
    return silent


@pytest.mark.parametrize("stop", [1, 2, 3, 4, 8])
def test_a_killed_process_goes_on(
    model, pipeline, expected, tmp_path, monkeypatch, stop
):
    """After whichever batch it was killed, and whatever was written last."""
    monkeypatch.setattr("rkd_keras.trainers.stored_features.SAVE_EVERY", 0.0)
    path, seen = tmp_path / "f.npy", []

    def kill(count):
        seen.append(count)
        if len(seen) == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        view_features(model, pipeline, VIEWS, path, "a", kill)
    assert not path.exists()
    shown = []
    features = view_features(model, pipeline, VIEWS, path, "a", shown.append)
    np.testing.assert_array_equal(features, expected)
    assert sum(shown) == 30
    # What was saved was not computed again.
    if stop > 1:
        assert shown[0] == sum(seen[: stop - 1])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f.json", "f.npy"]


def test_features_of_something_else(model, pipeline, tmp_path):
    path = tmp_path / "f.npy"
    view_features(model, pipeline, VIEWS, path, "a")
    for views, made_of in ((VIEWS, "b"), (2, "a")):
        with pytest.raises(InputError, match="holds features of another network"):
            view_features(model, pipeline, views, path, made_of)


def test_a_begun_file_of_something_else(model, pipeline, tmp_path):
    path = tmp_path / "f.npy"

    def kill(count):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        view_features(model, pipeline, VIEWS, path, "a", kill)
    with pytest.raises(InputError, match="f.partial.npy holds features of another"):
        view_features(model, pipeline, VIEWS, path, "b")


def test_damaged_files(model, pipeline, tmp_path):
    path = tmp_path / "f.npy"
    view_features(model, pipeline, VIEWS, path)
    whole = path.read_bytes()
    for damaged in (b"", b"text", whole[:-9]):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="f.npy is damaged; remove it"):
            view_features(model, pipeline, VIEWS, path)
    path.write_bytes(whole)
    for damaged in ("", "[]", "{}"):
        path.with_suffix(".json").write_text(damaged)
        with pytest.raises(InputError, match="no readable f.json beside it"):
            view_features(model, pipeline, VIEWS, path)


def test_large_features_stay_finite(pipeline):
    inputs = keras.Input((4, 4, 3))
    huge = keras.layers.Rescaling(1e6)(keras.layers.Flatten()(inputs))
    features = view_features(keras.Model(inputs, huge), pipeline, 1)
    assert np.isfinite(features).all()
    assert features.max() == np.finfo("float16").max
