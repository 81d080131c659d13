"""Where a result cannot go is told in one sentence, and inputs stay as they are."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from tiny_exports import exports, textures

from rkd_keras.errors import InputError
from rkd_keras.files.images import write_image


@pytest.fixture(scope="module")
def strips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strips")
    for i, image in enumerate(textures(2, seed=3)[0]):
        write_image(folder / f"{i}.png", np.asarray(image))
    return folder


@pytest.fixture
def blocked(tmp_path):
    """A folder that cannot be made: a file lies above it."""
    (tmp_path / "file").write_bytes(b"x")
    return tmp_path / "file" / "sub"


def run(name, strips, out):
    from rkd_keras.data import check, pack_images
    from rkd_keras.data.synthetic import write_dataset
    from rkd_keras.export.timing import benchmark
    from rkd_keras.rating import measure, rate_archive
    from rkd_keras.runs import evaluate, predict

    model = exports()["tflite"]
    return {
        "predict": lambda: predict(strips, model, out / "v.csv", quiet=True),
        "measure": lambda: measure(strips, out, classify=False, quiet=True),
        "rate": lambda: rate_archive(strips, out, quiet=True),
        "synthetic": lambda: write_dataset(out, per_class=1, size=64, quiet=True),
        "pack": lambda: pack_images(strips, out, unlabelled=True, quiet=True),
        "check": lambda: check(strips, manifest=out / "m.csv", quiet=True),
        "evaluate": lambda: evaluate(model, strips, "all", out=out, quiet=True),
        "benchmark": lambda: benchmark(model, json=out / "b.json", quiet=True),
    }[name]()


@pytest.mark.parametrize(
    "name",
    ["predict", "measure", "rate", "synthetic", "pack", "check", "evaluate"]
    + ["benchmark"],
)
@pytest.mark.parametrize("depth", [0, 1])
def test_a_file_in_the_way_is_named(name, strips, blocked, depth):
    out = blocked if depth else blocked.parent
    with pytest.raises(InputError) as error:
        run(name, strips, out)
    assert str(blocked.parent) in str(error.value)
    assert blocked.parent.read_bytes() == b"x"


def test_times_never_replace_a_model(tmp_path):
    from rkd_keras.export.timing import benchmark

    model = Path(shutil.copy(exports()["tflite"], tmp_path / "model.tflite"))
    before = model.read_bytes()
    with pytest.raises(InputError, match="is an input and would be replaced.*--json"):
        benchmark(model, json=model, overwrite=True, quiet=True)
    assert model.read_bytes() == before


def test_an_export_replaces_no_folder_but_a_saved_model(tmp_path):
    """`--overwrite` would otherwise remove whatever lies there."""
    import keras

    from rkd_keras.export import export_model
    from rkd_keras.predict import new_card

    keras.utils.set_random_seed(0)
    inputs = keras.Input((8, 8, 3))
    embedding = keras.layers.GlobalAveragePooling2D(name="embedding")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2, name="logits")(embedding))
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(InputError, match="photos is a folder and no SavedModel"):
        export_model(
            model,
            photos,
            new_card(["a", "b"], (8, 8, 3)),
            check_images=np.zeros((2, 8, 8, 3), np.uint8),
            overwrite=True,
        )
    assert (photos / "holiday.jpg").is_file()


def test_a_run_is_not_exported_over(tmp_path):
    from rkd_keras.runs import export

    run_folder = tmp_path / "run"
    run_folder.mkdir()
    shutil.copy(exports()["keras"], run_folder / "model.keras")
    with pytest.raises(InputError, match="run is an input and would be replaced"):
        export(run_folder, run_folder, format="saved_model", overwrite=True)
    assert (run_folder / "model.keras").is_file()


def test_a_report_replaces_nothing_of_its_run(tmp_path):
    from rkd_keras.runs import report

    scores = tmp_path / "metrics.json"
    scores.write_text("{}")
    with pytest.raises(InputError, match="metrics.json is an input"):
        report(tmp_path, scores, overwrite=True)
    assert scores.read_text() == "{}"
