"""The Python API trains what the command trains, and refuses what it must."""

import json
import re
import shutil

import numpy as np
import pytest
from tiny_trainings import TINY
from typer.testing import CliRunner

from rkd_keras.cli.app import app
from rkd_keras.errors import InputError, OptionError
from rkd_keras.runs import distill, open_run, train


@pytest.fixture(scope="module")
def teacher(strips, tmp_path_factory):
    """A tiny teacher of the split seed 3."""
    out = tmp_path_factory.mktemp("runs") / "teacher"
    return train(strips, out, model="resnet18", split_seed=3, seed=2, **TINY)


@pytest.mark.slow
def test_command_and_function_train_the_same_weights(strips, tmp_path):
    ours = train(strips, tmp_path / "a", model="resnet18", deterministic=True, **TINY)
    words = ["--quiet", "--deterministic", "--model", "resnet18"]
    for name, value in TINY.items():
        if name != "quiet":
            words += [f"--{name.replace('_', '-')}", str(value)]
    done = CliRunner().invoke(
        app, ["train", "--data", str(strips), "--out", str(tmp_path / "b"), *words]
    )
    assert done.exit_code == 0, done.output
    theirs = open_run(tmp_path / "b")
    for a, b in zip(ours.model.weights, theirs.model.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert ours.scores == theirs.scores


@pytest.mark.slow
def test_a_run_tells_what_it_holds(teacher):
    run = open_run(teacher.path)
    assert run.settings.model_options == {"width": 0.0625, "stem_stride": 2}
    assert run.class_names == tuple(run.split["class_names"])
    assert {"accuracy", "gmean", "macro_recall", "val_gmean"} <= set(run.history)
    assert run.scores["split"] == "test" and run.scores["images"] == 24
    assert run.exports == [] and run.benchmark is None
    image = np.zeros((32, 32, 3), "uint8")
    assert run.predictor().predict([image])[0].class_name in run.class_names
    assert run.evaluate("val")["split"] == "val"
    assert "val" in run.report().read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
def test_a_student_takes_over_its_teacher_s_data_split_and_seeds(teacher, tmp_path):
    student = distill(
        teacher, tmp_path / "s", teacher_views=1,
        **{k: v for k, v in TINY.items() if k != "size"},
    )  # fmt: skip
    for name in ("data", "split", "seed", "split_seed"):
        assert getattr(student.settings, name) == getattr(teacher.settings, name)
    assert student.split == teacher.split


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
def test_a_teacher_that_has_seen_the_test_part_is_refused(teacher, tmp_path):
    with pytest.raises(InputError, match="test images are training images of the tea"):
        distill(teacher, tmp_path / "s", split_seed=4, **TINY)
    assert not (tmp_path / "s").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
def test_a_student_counts_its_classes_as_the_teacher_does(teacher, strips, tmp_path):
    """The manifest names the classes in another order than the folder does."""
    split = teacher.split
    names = split["class_names"]
    rows = [
        f"{row['file']},{names[row['label']]},{part}"
        for part in ("train", "val", "test")
        for row in sorted(split[part], key=lambda row: -row["label"])
    ]
    manifest = tmp_path / "m.csv"
    manifest.write_text("file,label,split\n" + "\n".join(rows))
    student = distill(
        teacher, tmp_path / "s", manifest, split="given", teacher_views=1, **TINY
    )
    assert student.class_names == teacher.class_names
    label_of = {row["file"]: row["label"] for row in split["test"]}
    assert {r["file"]: r["label"] for r in student.split["test"]} == label_of


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
def test_other_classes_or_sizes_than_the_teacher_s_are_refused(teacher, tmp_path):
    images = tmp_path / "images"
    for number, name in enumerate(("dent", "rust")):
        for row in teacher.split["train"][:6]:
            (images / name).mkdir(parents=True, exist_ok=True)
            shutil.copy(row["file"], images / name / f"{number}{len(row['file'])}.jpg")
    with pytest.raises(InputError, match="dent, rust, and the teacher knows crazing"):
        distill(teacher, tmp_path / "s", images, split="holdout", **TINY)
    with pytest.raises(InputError, match="takes images of 32x32 pixels and the stud"):
        distill(teacher, tmp_path / "t", teacher_views=0, **{**TINY, "size": 48})


@pytest.mark.slow
def test_a_teacher_of_another_size_sees_the_same_views(strips):
    """Flips and turns of the source image, then one size or the other."""
    from dataclasses import replace

    from rkd_keras.data import Augmentation, TrainingPipeline, open_dataset
    from rkd_keras.data.streamed_images import StreamedImages
    from rkd_keras.files.images import resize_image
    from rkd_keras.runs.teaching import _resized

    files = open_dataset(strips).files[:8]
    plain = Augmentation(brightness=0.0, contrast=0.0)
    student = TrainingPipeline(
        StreamedImages(files, (32, 32)), np.arange(8), 8, plain, seed=4
    )
    teacher = _resized(student, files, (64, 64))
    assert teacher.images.shape == (8, 64, 64, 3)
    for view in range(3):
        (small,), (large,) = student.view_dataset(view), teacher.view_dataset(view)
        for a, b in zip(small.numpy(), large.numpy(), strict=True):
            np.testing.assert_allclose(a, resize_image(b.astype("uint8"), (32, 32)))
    made = np.zeros((2, 32, 32, 3), "uint8")
    more = replace(
        student,
        images=StreamedImages(files, (32, 32), made),
        labels=np.arange(10),
        epoch_size=None,
    )
    assert _resized(more, files, (64, 64)).images.shape == (10, 64, 64, 3)


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
def test_a_run_is_not_continued_on_other_images(strips, tmp_path):
    data = tmp_path / "strips"
    shutil.copytree(strips, data)
    run = train(data, tmp_path / "r", model="resnet18", evaluate="none", **TINY)
    before = run.split_path.read_text()
    images = data / "IMAGES"
    shutil.copy(images / "scratches_1.jpg", images / "scratches_99.jpg")
    with pytest.raises(
        InputError, match=r"images of the (train|test) part are new \(su"
    ):
        train(data, tmp_path / "r", model="resnet18", resume=True, **TINY)
    assert run.split_path.read_text() == before


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
def test_overwriting_leaves_nothing_of_the_old_run(strips, tmp_path, monkeypatch):
    out = tmp_path / "r"
    run = train(strips, out, model="resnet18", **TINY)
    run.add_export({"file": "student.tflite"})
    (out / "student.tflite").write_bytes(b"old")
    (out / "notes.txt").write_text("mine")
    from rkd_keras.runs import experiment

    def killed(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(experiment, "_train", killed)
    with pytest.raises(KeyboardInterrupt):
        train(strips, out, model="resnet18", overwrite=True, **{**TINY, "seed": 5})
    left = {p.name for p in out.iterdir()} - {".lock"}
    assert left == {"config.json", "split.json", "figures", "notes.txt"}
    assert not any((out / "figures").iterdir())
    assert json.loads((out / "config.json").read_text())["seed"] == 5
    with pytest.raises(InputError, match="holds no model.keras"):
        open_run(out).model  # noqa: B018


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
def test_a_mistake_beside_overwrite_costs_nothing(strips, tmp_path):
    run = train(strips, tmp_path / "r", model="resnet18", evaluate="none", **TINY)
    for wrong in ({"model": "resnet19"}, {"split": "neu-600"}, {"loss": "odd"}):
        with pytest.raises(InputError):
            train(strips, run.path, overwrite=True, **{**TINY, **wrong})
    with pytest.raises(InputError):
        train(tmp_path / "gone", run.path, overwrite=True, **TINY)
    assert run.model_path.is_file()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"epochs": -1}, "epochs must be at least 1, not -1"),
        ({"epochs": 0}, "epochs must be at least 1, not 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be above 0, not nan"),
        ({"label_smoothing": 1.0}, "label_smoothing must be at least 0 and below 1"),
        ({"width": 0}, "width must be above 0, not 0"),
        ({"batch_size": 0}, "batch_size must be at least 1, not 0"),
        ({"keep": "first"}, "keep must be one of last, best, not 'first'"),
        ({"seed": -1}, "seed must be at least 0"),
    ],
)
def test_numbers_are_checked_before_anything_starts(tmp_path, wrong, message):
    with pytest.raises(OptionError, match=re.escape(message)):
        train(tmp_path / "none", tmp_path / "r", **wrong)
    name, value = next(iter(wrong.items()))
    flag = f"--{name.replace('_', '-')}"
    done = CliRunner().invoke(
        app, ["train", "--data", "x", "--out", "y", flag, str(value)]
    )
    assert isinstance(done.exception, InputError)
    assert str(done.exception).startswith(f"{flag} must be")


def test_a_distillation_without_any_weight_is_refused(tmp_path):
    weights = dict.fromkeys(
        ("hard_weight", "kd_weight", "distance_weight", "angle_weight"), 0
    )
    with pytest.raises(InputError, match="nothing to learn"):
        from rkd_keras.runs import Settings

        Settings("x", "y", teacher="z", **weights).check()
    with pytest.raises(OptionError, match="temperature must be above 0"):
        distill("z", "y", temperature=0)


def test_the_best_epoch_needs_validation_images(strips, tmp_path):
    with pytest.raises(InputError, match="keep best needs validation images"):
        train(strips, tmp_path / "r", keep="best", val_fraction=0.0, **TINY)
    assert not (tmp_path / "r").exists()


def test_the_best_epoch_goes_by_gmean_where_classes_are_unbalanced():
    from rkd_keras.runs import Settings
    from rkd_keras.runs.experiment import _monitor
    from rkd_keras.runs.parts import Parts

    def chosen(counts, **settings):
        labels = np.repeat(range(len(counts)), counts)
        parts = Parts(tuple("abc"), {}, {}, {"train": labels})
        return _monitor(Settings("d", "o", **settings), parts)

    assert chosen([20, 20, 18]) == "val_accuracy"
    assert chosen([20, 20, 5]) == "val_gmean"
    assert chosen([20, 20, 5], monitor="val_macro_recall") == "val_macro_recall"
    with pytest.raises(OptionError, match="monitor must be one of val_accuracy"):
        train("d", "o", monitor="loss")


def test_a_batch_that_cannot_be_cut_into_its_parts_is_refused(strips, tmp_path):
    with pytest.raises(InputError, match="a batch of 32 images cannot be cut into 3"):
        train(strips, tmp_path / "a", epochs=1, batch_parts=3, quiet=True)
    with pytest.raises(OptionError, match="batch_parts.*with the strategy mirrored"):
        train(strips, tmp_path / "b", batch_parts=2, strategy="mirrored", quiet=True)
