"""A student learns from images without labels what its teacher says of them."""

import json
import shutil

import numpy as np
import pytest
from tiny_trainings import TINY

from rkd_keras.data import make_split, open_dataset
from rkd_keras.errors import InputError, OptionError
from rkd_keras.runs import Settings, distill, train
from rkd_keras.runs.parts import NO_LABEL, load_parts
from rkd_keras.runs.unlabelled import find_unlabelled


@pytest.fixture
def more(strips, tmp_path):
    """The data set's own images under other names, and five that it has not."""
    from rkd_keras.data.synthetic import write_dataset

    folder = tmp_path / "more"
    (folder / "deep").mkdir(parents=True)
    for number, file in enumerate(sorted((strips / "IMAGES").iterdir())):
        shutil.copy(file, folder / f"copy{number}.jpg")
    other = write_dataset(tmp_path / "other", per_class=1, size=64, seed=7, quiet=True)
    for file in sorted((other / "IMAGES").iterdir())[:5]:
        shutil.copy(file, folder / "deep" / file.name)
        shutil.copy(file, folder / f"again_{file.name}")
    return folder


def opened(strips, folder):
    """Return settings, index and split of the strips, and the split as recorded."""
    settings, index = Settings(strips, "out", size=32), open_dataset(strips)
    split = make_split(index, "holdout")
    split.write(folder / "split.json", index)
    return settings, index, split, json.loads((folder / "split.json").read_text())


def test_only_images_that_no_part_knows_are_added(strips, more, tmp_path):
    settings, index, split, recorded = opened(strips, tmp_path)
    plain = load_parts(settings, index, split)
    found = find_unlabelled(more, recorded)
    assert len(found) == 5
    parts, before = (
        load_parts(settings, index, split, found),
        len(plain.labels["train"]),
    )
    assert len(parts.images["train"]) == len(parts.files["train"]) == before + 5
    assert (parts.labels["train"][before:] == NO_LABEL).all()
    assert (parts.labels["train"][:before] >= 0).all()
    np.testing.assert_array_equal(
        np.asarray(parts.images["train"])[:before], np.asarray(plain.images["train"])
    )
    for part in ("val", "test"):
        assert parts.files[part] == plain.files[part]


def test_one_that_cannot_be_decoded_is_counted_as_left_out(strips, more, tmp_path):
    settings, index, split, recorded = opened(strips, tmp_path)
    (more / "broken.jpg").write_bytes(b"no picture")
    found = find_unlabelled(more, recorded)
    parts = load_parts(settings, index, split, found)
    assert (len(found), parts.left_out) == (6, 1)
    assert (parts.labels["train"] == NO_LABEL).sum() == 5


def test_a_folder_of_known_images_alone_is_refused(strips, tmp_path):
    recorded = opened(strips, tmp_path)[-1]
    with pytest.raises(InputError, match="belongs to the data set's own parts"):
        find_unlabelled(strips / "IMAGES", recorded)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "unlabelled needs a teacher"),
        ({"teacher": "t", "sampling": "balanced"}, "need a label"),
        (
            {"teacher": "t", "mix": "cutmix", "teacher_views": 0},
            "need a label for each",
        ),
        ({"teacher": "t", "evaluate": "train"}, "scored without unlabelled"),
    ],
)
def test_what_needs_labels_is_refused(options, message):
    settings = Settings("data", "out", unlabelled="more", **options)
    with pytest.raises((InputError, OptionError), match=message):
        settings.check()


@pytest.mark.slow
def test_a_student_is_distilled_on_both(strips, more, tmp_path):
    teacher = train(strips, tmp_path / "teacher", model="resnet18", **TINY)
    student = distill(
        teacher, tmp_path / "student", model="resnet18", unlabelled=more,
        teacher_views=2, **TINY,
    )  # fmt: skip
    plain = distill(teacher, tmp_path / "plain", model="resnet18", **TINY)
    assert student.scores["images"] == plain.scores["images"]
    assert np.isfinite(student.history["kd_loss"]).all()
    assert "--unlabelled" in student.settings.command()
