"""A student learns from images without labels what its teacher says of them."""

import shutil

import numpy as np
import pytest

from rkd_keras.data import make_split, open_dataset
from rkd_keras.errors import InputError, OptionError
from rkd_keras.runs import Settings, distill, train
from rkd_keras.runs.parts import load_parts
from rkd_keras.runs.unlabelled import NO_LABEL, add_unlabelled

TINY = {
    "width": 0.0625,
    "stem_stride": 2,
    "size": 32,
    "epochs": 1,
    "precision": "float32",
    "quiet": True,
}


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


def parts_of(strips, more, **options):
    settings = Settings(strips, "out", size=32, unlabelled=more, **options)
    index = open_dataset(strips)
    split = make_split(index, "holdout")
    parts = load_parts(settings, index, split)
    return settings, split, index, parts


def test_only_images_that_no_part_knows_are_added(strips, more):
    settings, split, index, parts = parts_of(strips, more)
    before = len(parts.images["train"])
    assert add_unlabelled(settings, split, index, parts) == 5
    assert len(parts.images["train"]) == len(parts.files["train"]) == before + 5
    assert (parts.labels["train"][before:] == NO_LABEL).all()
    assert (parts.labels["train"][:before] >= 0).all()
    np.testing.assert_array_equal(
        np.asarray(parts.images["train"])[:before],
        np.asarray(parts_of(strips, more)[3].images["train"]),
    )


def test_a_folder_of_known_images_alone_is_refused(strips):
    settings, split, index, parts = parts_of(strips, strips / "IMAGES")
    with pytest.raises(InputError, match="belongs to the data set's own parts"):
        add_unlabelled(settings, split, index, parts)


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
