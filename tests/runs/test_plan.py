"""The plan fits the minutes, and gives more of everything for more of them."""

import pytest

from rkd_keras.errors import InputError
from rkd_keras.runs import pipeline
from rkd_keras.runs.plan import (
    BEGINNING_SECONDS,
    ENDING_SECONDS,
    EPOCH_SECONDS,
    HEAD_VIEWS,
    MOST_TUNING_EPOCHS,
    Plan,
    make_plan,
)
from rkd_keras.runs.speeds import Speeds

SPEEDS = Speeds(0.010, 0.003, 0.003)
FIXED_SECONDS = BEGINNING_SECONDS + ENDING_SECONDS


@pytest.mark.parametrize("minutes", [5, 15, 60])
@pytest.mark.parametrize("images", [300, 1080])
def test_the_plan_ends_in_time(minutes, images):
    plan = make_plan(minutes, images, SPEEDS)
    parts = (
        plan.teacher_epochs * 0.010, plan.teacher_views * 0.003,
        plan.student_epochs * 0.003,
    )  # fmt: skip
    epochs = EPOCH_SECONDS * (plan.teacher_epochs + plan.student_epochs)
    assert sum(parts) * images + epochs + FIXED_SECONDS == pytest.approx(plan.seconds)
    assert plan.seconds <= 60 * minutes * 1.01


def test_more_minutes_never_buy_less():
    plans = [make_plan(m, 1080, SPEEDS) for m in (3, 5, 10, 15, 30, 60)]
    for shorter, longer in zip(plans, plans[1:], strict=False):
        assert shorter.teacher_epochs <= longer.teacher_epochs
        assert shorter.student_epochs <= longer.student_epochs
        assert shorter.teacher_views <= longer.teacher_views


def test_a_tuned_teacher_takes_few_epochs_and_the_views_of_its_head():
    plan = make_plan(600, 1080, SPEEDS, tuning=True)
    assert plan.teacher_epochs == MOST_TUNING_EPOCHS
    parts = (
        plan.teacher_epochs * 0.010, (plan.teacher_views + HEAD_VIEWS) * 0.003,
        plan.student_epochs * 0.003,
    )  # fmt: skip
    epochs = EPOCH_SECONDS * (plan.teacher_epochs + plan.student_epochs)
    assert sum(parts) * 1080 + epochs + FIXED_SECONDS == pytest.approx(plan.seconds)


def test_few_images_are_shown_more_often():
    few, many = (make_plan(60, images, SPEEDS, tuning=True) for images in (60, 3000))
    assert few.teacher_epochs > MOST_TUNING_EPOCHS >= many.teacher_epochs
    assert few.student_epochs > many.student_epochs
    assert few.teacher_views > many.teacher_views
    assert few.seconds < 3600


@pytest.mark.parametrize("students", [1, 2])
def test_the_student_gets_the_time_that_is_left(students):
    plan = make_plan(15, 1080, SPEEDS, students)
    slower = Speeds(0.010, 0.003, 0.006)
    again = plan.with_student(400.0, slower, students)
    assert again.teacher_epochs == plan.teacher_epochs
    spent = again.teacher_views * 0.003 + students * again.student_epochs * 0.006
    spent = spent * 1080 + students * again.student_epochs * EPOCH_SECONDS
    assert 380 < spent <= 400
    assert again.student_seconds == pytest.approx(spent + ENDING_SECONDS)
    # The part before it has not changed.
    before = plan.seconds - plan.student_seconds
    assert again.seconds - again.student_seconds == pytest.approx(before)


def test_without_a_teacher_the_student_gets_it_all():
    alone = make_plan(15, 1080, Speeds(0.0, 0.0, 0.003))
    assert (alone.teacher_epochs, alone.teacher_views) == (0, 0)
    assert alone.student_epochs > make_plan(15, 1080, SPEEDS).student_epochs


def test_a_plan_is_kept(tmp_path):
    plan = make_plan(15, 1080, SPEEDS)
    plan.write(tmp_path)
    assert Plan.read(tmp_path) == plan
    (tmp_path / "plan.json").write_text("{")
    with pytest.raises(InputError, match="plan.json is damaged"):
        Plan.read(tmp_path)
    assert Plan.read(tmp_path / "none") is None


def test_data_that_makes_no_test_is_refused_before_anything(tmp_path):
    for name in ("dent", "rust"):
        (tmp_path / "images" / name).mkdir(parents=True)
    for number in range(8):
        (tmp_path / "images" / "dent" / f"{number}.png").write_bytes(b"x")
    (tmp_path / "images" / "rust" / "0.png").write_bytes(b"y")
    with pytest.raises(InputError, match=r"too few images of rust \(1\): 6 of each"):
        pipeline(tmp_path / "images", tmp_path / "out")
    with pytest.raises(InputError, match="one class only"):
        (tmp_path / "images" / "rust" / "0.png").unlink()
        pipeline(tmp_path / "images", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    from rkd_keras.data.synthetic import write_dataset

    data = write_dataset(tmp_path / "strips", per_class=9, size=32, quiet=True)
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    for flags in ({}, {"overwrite": True}, {"resume": True}):
        with pytest.raises(InputError, match="holds no pipeline"):
            pipeline(data, out, quiet=True, **flags)
    (out / "plan.json").write_text("{}")
    with pytest.raises(InputError, match="continue it with --resume"):
        pipeline(data, out, quiet=True)


def test_images_without_labels_are_shown_too_and_to_nobody_alone():
    few = make_plan(5, 120, SPEEDS, students=2, unlabelled=480)
    assert few.shown == 600
    assert few.alone_epochs == 5 * few.student_epochs
    spent = few.teacher_epochs * 120 * 0.010 + few.teacher_views * 600 * 0.003
    spent += 2 * few.student_epochs * 600 * 0.003
    epochs = few.teacher_epochs + few.student_epochs + few.alone_epochs
    spent += EPOCH_SECONDS * epochs
    assert spent + FIXED_SECONDS == pytest.approx(few.seconds)
    # The teacher learns from labels alone.
    assert few.teacher_epochs == make_plan(5, 120, SPEEDS).teacher_epochs


def test_images_without_labels_need_a_teacher(tmp_path):
    from rkd_keras.data.synthetic import write_dataset

    data = write_dataset(tmp_path / "strips", per_class=9, size=32, quiet=True)
    options = {"teacher": "none", "unlabelled": data, "quiet": True}
    with pytest.raises(InputError, match="need a teacher who answers for them"):
        pipeline(data, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()
