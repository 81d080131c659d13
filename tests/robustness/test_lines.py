"""What is wrong with two lines, few images or their depth shows before all else."""

import cv2
import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.runs import Settings, doubt
from rkd_keras.runs.parts import open_split
from rkd_keras.runs.pipeline_networks import count_unlabelled
from rkd_keras.runs.unlabelled import check_unlabelled
from rkd_keras.studies.migrate import evaluate


@pytest.fixture(autouse=True)
def nothing_slow(monkeypatch):
    """Fail where TensorFlow is started, or pixels are compared."""

    def slow(*_, **__):
        raise AssertionError("this takes long")

    for name in (
        "rkd_keras.runs.start_tensorflow.start_tensorflow",
        "rkd_keras.data.reading.splits.find_groups",
        "rkd_keras.data.reading.overlap_cache.overlapping_groups",
    ):
        monkeypatch.setattr(name, slow)


@pytest.fixture
def folder(tmp_path):
    """A data set of two classes, of which one has a single image."""
    for name, count in (("dent", 4), ("rust", 1)):
        (tmp_path / "few" / name).mkdir(parents=True)
        for number in range(count):
            write(tmp_path / "few" / name / f"{number}.png")
    return tmp_path / "few"


def write(file, shape=(20, 20), dtype="uint8"):
    cv2.imwrite(str(file), np.full(shape, 77, dtype))


def test_lines_without_a_class_in_common(folder, tmp_path):
    write(tmp_path / "plain.png")
    for pairs, message in (
        ({"dent": "pit", "rust": "scale"}, "none of the classes pit, scale; say with "),
        ({"dent": "dent", "rust": "scale"}, "line B has no class 'scale'"),
        ({"dent": "dent", "rust": "rust"}, "'dent' of line B has 4 images and --shots"),
    ):
        with pytest.raises(InputError, match=message) as told:
            evaluate(folder, folder, pairs, tmp_path / "plain.png", tmp_path / "out")
        assert "\n" not in str(told.value)
    assert not (tmp_path / "out").exists()


def test_one_image_of_a_class(folder, tmp_path):
    with pytest.raises(InputError, match="'rust' has one image only"):
        doubt(folder, tmp_path / "out", quiet=True)
    with pytest.raises(InputError, match="needs 3 images of each class, and 'rust'"):
        open_split(Settings(folder, tmp_path / "out", quiet=True))
    assert not (tmp_path / "out").exists()


def test_unlabelled_images_of_another_size_or_depth(folder, tmp_path):
    known = sorted(folder.rglob("*.png"))
    more = tmp_path / "more"
    more.mkdir()
    write(more / "alike.png")
    (more / "broken.png").write_bytes(b"no image")
    assert len(check_unlabelled(more, known)) == 2
    assert count_unlabelled(more, folder) == 2
    for name, other, message in (
        ("wide", {"shape": (20, 30)}, "wide.png has 30x20 pixels, and the .* 20x20;"),
        ("deep", {"dtype": "uint16"}, "deep.png has 16 bits a channel, and the .* 8;"),
    ):
        write(more / f"{name}.png", **other)
        for check, data in ((check_unlabelled, known), (count_unlabelled, folder)):
            with pytest.raises(InputError, match=f"{message}.*--any-size"):
                check(more, data)
            assert check(more, data, any_size=True)
        (more / f"{name}.png").unlink()
