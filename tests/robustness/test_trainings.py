"""A training says what it left out, and finds before it begins what cannot be."""

import numpy as np
import pytest
from typer.testing import CliRunner

from rkd_keras.cli.app import app
from rkd_keras.data.synthetic import write_dataset
from rkd_keras.errors import InputError
from rkd_keras.runs import train

TINY = {"model": "resnet18", "width": 0.0625, "stem_stride": 2, "size": 32}


@pytest.fixture(scope="module")
def strips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strips")
    return write_dataset(folder, per_class=4, size=32, quiet=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model_options": {"bogus": 1}}, "unexpected keyword argument 'bogus'"),
        ({"model_options": {"dropout": 2.0}}, "dropout must be"),
        ({"weights": "gone.keras"}, "weights gone.keras do not exist"),
    ],
)
def test_what_the_network_cannot_be_leaves_no_folder(
    strips, tmp_path, options, message
):
    with pytest.raises(InputError, match=message):
        train(strips, tmp_path / "run", quiet=True, **{**TINY, **options})
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_training_that_left_images_out_ends_with_status_1(tmp_path, eagerly):
    data = write_dataset(tmp_path / "strips", per_class=4, size=32, quiet=True)
    (data / "IMAGES" / "patches_1.jpg").write_bytes(b"no image")
    words = ["--width", "0.0625", "--stem-stride", "2", "--size", "32", "--quiet"]
    out = str(tmp_path / "run")
    words += ["--data", str(data), "--epochs", "1", "--groups", "none", "--out", out]
    done = CliRunner().invoke(app, ["train", *words])
    assert done.exit_code == 1, (done.output, done.exception)
    with pytest.raises(InputError, match="patches_1.jpg cannot be decoded"):
        train(data, tmp_path / "b", strict=True, quiet=True, groups="none", **TINY)


def test_the_best_epoch_s_weights_are_told_when_they_are_gone(tmp_path):
    """The last epoch's would have been taken for them, without a word."""
    import keras

    from rkd_keras.trainers import TrainingCheckpoint

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.eye(2, dtype="float32"), np.ones((2, 1), "float32")
    made = TrainingCheckpoint(tmp_path, tmp_path / "history.csv", "loss")
    model.fit(x, y, epochs=2, verbose=0, callbacks=[made])
    kept = [weight.copy() for weight in model.get_weights()]
    made.restore_best(model)
    np.testing.assert_array_equal(model.get_weights()[0], kept[0])
    for damage in (lambda path: path.write_bytes(path.read_bytes()[:300]), _remove):
        damage(made.best_path)
        with pytest.raises(InputError, match="best.weights.h5, the best epoch's"):
            made.restore_best(model)


def _remove(path):
    path.unlink()
