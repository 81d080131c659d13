import numpy as np
import pytest

from rkd_keras.data import open_dataset
from rkd_keras.errors import InputError
from rkd_keras.evaluate import score_files
from rkd_keras.files.images import write_image


class ByBrightness:
    """Calls dark images the first class, bright ones the third."""

    class_names = ("dark", "grey", "light")
    input_shape = (16, 16, 3)

    def predict_batch(self, images):
        means = images.mean(axis=(1, 2, 3)) / 255
        probabilities = np.stack([1 - means, np.zeros(len(means)), means], axis=1)
        return probabilities.astype("float32"), means[:, None]


@pytest.fixture
def folder(tmp_path):
    for name, level in (("light", 200), ("dark", 20)):
        (tmp_path / name).mkdir()
        for i in range(70):
            image = np.full((20, 30), level + i % 5, np.uint8)
            write_image(tmp_path / name / f"{i}.png", image)
    write_image(tmp_path / "light" / "x.png", np.zeros((8, 8), np.uint8))
    (tmp_path / "dark" / "broken.png").write_bytes(b"no image")
    return tmp_path


def scored(folder, **options):
    index = open_dataset(folder)
    return score_files(
        ByBrightness(),
        index.files,
        index.labels,
        index.class_names,
        quiet=True,
        **options,
    )


def test_labels_are_counted_in_the_predictor_s_order(folder):
    scores, answers = scored(folder)
    assert scores["images"] == 141
    assert scores["confusion_matrix"] == [[70, 0, 0], [0, 0, 0], [1, 0, 70]]
    assert scores["class_names"] == ["dark", "grey", "light"]
    assert len(answers["files"]) == len(answers["labels"]) == 141
    assert answers["images"].shape == (141, 16, 16, 3)
    wrong = answers["probabilities"].argmax(axis=1) != answers["labels"]
    assert [answers["files"][i].name for i in np.flatnonzero(wrong)] == ["x.png"]


def test_noise_is_drawn_by_the_seed_and_not_kept(folder):
    clean, plain = scored(folder)[1], scored(folder, noise="gaussian:25", seed=1)[1]
    again = scored(folder, noise="gaussian:25", seed=1)[1]
    np.testing.assert_array_equal(plain["images"], clean["images"])
    np.testing.assert_array_equal(plain["probabilities"], again["probabilities"])
    assert not np.array_equal(plain["probabilities"], clean["probabilities"])


def test_what_cannot_be_scored_is_told(folder):
    with pytest.raises(InputError, match="--noise fog:3"):
        scored(folder, noise="fog:3")
    with pytest.raises(InputError, match="broken.png"):
        scored(folder, strict=True)
    (folder / "rust").mkdir()
    write_image(folder / "rust" / "a.png", np.zeros((8, 8), np.uint8))
    message = "does not know the class rust; it knows dark, grey, light"
    with pytest.raises(InputError, match=message):
        scored(folder)
