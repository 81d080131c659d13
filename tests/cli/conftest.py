import json

import pytest
from tiny_exports import CLASS_NAMES, SIZE, exports, textures, tiny_model


@pytest.fixture(scope="session")
def files():
    """Paths of the tiny classifier in every format."""
    return exports()


@pytest.fixture(scope="session")
def image_folder(tmp_path_factory):
    """A folder per class with 12 textures each."""
    import cv2

    folder = tmp_path_factory.mktemp("textures")
    for index, (image, label) in enumerate(zip(*textures(12, seed=8), strict=True)):
        path = folder / CLASS_NAMES[label] / f"{index:02}.png"
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), image)
    return folder


@pytest.fixture
def run_directory(image_folder, tmp_path):
    """A run as `train` leaves it: model, card without decisions, split."""
    from rkd_keras.predict import new_card, write_card

    rows = [
        {"file": str(path), "label": label}
        for label, name in enumerate(CLASS_NAMES)
        for path in sorted((image_folder / name).iterdir())
    ]
    split = {
        "class_names": list(CLASS_NAMES),
        "train": rows[::2],
        "val": rows[1::4],
        "test": rows[3::4],
    }
    run = tmp_path / "run"
    run.mkdir()
    (run / "split.json").write_text(json.dumps(split))
    tiny_model().save(run / "model.keras")
    write_card(run / "model.keras", new_card(CLASS_NAMES, (SIZE, SIZE, 3)))
    return run


@pytest.fixture
def eagerly():
    """Run without graphs: tracing them costs far more than a few tiny steps.

    For tests of what a command writes, not of how it trains.
    """
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def invoke():
    """Run a command line in this process."""
    from typer.testing import CliRunner

    from rkd_keras.cli.app import app

    def run(*arguments):
        return CliRunner().invoke(app, [str(a) for a in arguments])

    return run


@pytest.fixture(scope="session")
def strips(tmp_path_factory):
    """A drawn data set in NEU-DET's layout, twelve images a class."""
    from rkd_keras.data.synthetic import write_dataset

    folder = tmp_path_factory.mktemp("strips")
    write_dataset(folder, per_class=12, size=64, seed=0)
    return folder


@pytest.fixture
def lines(tmp_path):
    """Line A: two grey classes; line B: the same two brighter, and plain steel."""
    import cv2
    import numpy as np

    rng = np.random.default_rng(0)
    for line, level in (("a", 80), ("b", 160)):
        for name in ("dark", "bright"):
            folder = tmp_path / line / f"{name}_{line}"
            folder.mkdir(parents=True)
            for i in range(10):
                image = rng.normal(level, 5, (24, 24))
                row = rng.integers(4, 18)
                image[row : row + 3, 4:20] += -60 if name == "dark" else 60
                cv2.imwrite(
                    str(folder / f"{i}.png"), image.clip(0, 255).astype("uint8")
                )
    plain = tmp_path / "plain"
    plain.mkdir()
    for i in range(9):
        image = rng.normal(160, 5, (24, 24)).astype("uint8")
        cv2.imwrite(str(plain / f"{i}.png"), image)
    return tmp_path
