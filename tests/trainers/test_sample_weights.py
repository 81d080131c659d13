"""What the trainer makes of weighted samples and of samples without a label."""

import keras
import numpy as np
import pytest
from tiny_distillation import CE, draw_batch, trainer

from rkd_keras.losses import HintonKD, RKDAngle, RKDDistance
from rkd_keras.models import tapped


@pytest.fixture
def batch():
    return draw_batch()


def test_a_sample_of_weight_zero_is_as_good_as_absent(batch):
    """Of every term; the hard loss was 2.72 with weights 1 1 1 1 0 0, and not 4.08."""
    x, y = batch
    weights = np.array([1.0] * 8 + [0.0] * 4)
    model = trainer()
    model.compile(keras.optimizers.SGD(0.0), CE)
    teacher = [np.array(a)[:8] for a in tapped(model.teacher)(x)]
    student = [np.array(a)[:8] for a in tapped(model.student)(x, training=True)]
    evaluated = model.evaluate(x, y, sample_weight=weights, verbose=0, return_dict=True)
    alone = model.evaluate(x[:8], y[:8], verbose=0, return_dict=True)
    np.testing.assert_allclose(evaluated["loss"], alone["loss"], rtol=1e-5)
    logs = model.train_on_batch(x, y, sample_weight=weights, return_dict=True)
    for name, value in {
        "hard_loss": CE(y[:8], student[0]),
        "kd_loss": HintonKD()(teacher[0], student[0]),
        "distance_loss": RKDDistance()(teacher[1], student[1]),
        "angle_loss": RKDAngle()(teacher[1], student[1]),
    }.items():
        np.testing.assert_allclose(logs[name], float(value), rtol=1e-4, err_msg=name)


def test_class_weight_does_not_shift_the_balance_of_the_terms(batch):
    x, y = batch
    logs = []
    for factor in (None, 1.0, 2.0):
        model = trainer()
        model.compile(keras.optimizers.SGD(0.1), CE)
        weight = factor and dict.fromkeys(range(4), factor)
        model.fit(x, y, batch_size=12, verbose=0, class_weight=weight, shuffle=False)
        logs.append(model.fit(x, y, batch_size=12, verbose=0, shuffle=False).history)
    for name, value in logs[0].items():
        for other in logs[1:]:
            np.testing.assert_allclose(other[name], value, rtol=1e-4, err_msg=name)


def test_class_weight_reaches_every_term(batch):
    x, y = batch
    first_class_alone = {0: 1.0, 1: 0.0, 2: 0.0, 3: 0.0}
    mine = y == 0
    model = trainer()
    model.compile(keras.optimizers.SGD(0.0), CE)
    teacher = [np.array(a)[mine] for a in tapped(model.teacher)(x)]
    student = [np.array(a)[mine] for a in tapped(model.student)(x, training=True)]
    logs = model.fit(
        x, y, batch_size=12, verbose=0, shuffle=False, class_weight=first_class_alone
    ).history
    expected = float(CE(y[mine], student[0]))
    np.testing.assert_allclose(logs["hard_loss"][0], expected, rtol=1e-4)
    expected = float(RKDAngle()(teacher[1], student[1]))
    np.testing.assert_allclose(logs["angle_loss"][0], expected, rtol=1e-4)


def test_the_epochs_mean_is_over_the_weights(batch):
    """Two batches, of which the second counts a third of the first."""
    x, y = batch
    weights = np.repeat([1.0, 1 / 3], 6)
    model = trainer()
    model.compile(keras.optimizers.SGD(0.0), CE)
    parts = [
        model.train_on_batch(x[p], y[p], return_dict=True)
        for p in (slice(6), slice(6, 12))
        if model.reset_metrics() is None
    ]
    logs = model.fit(
        x, y, batch_size=6, verbose=0, shuffle=False, sample_weight=weights
    ).history
    for name in ("loss", "hard_loss", "kd_loss", "distance_loss"):
        mean = np.average([part[name] for part in parts], weights=[3, 1])
        np.testing.assert_allclose(logs[name][0], mean, rtol=1e-4, err_msg=name)


def test_weights_that_are_all_zero_train_nothing(batch):
    x, y = batch
    model = trainer()
    model.compile(keras.optimizers.SGD(0.1), CE)
    before = [np.array(w) for w in model.student.trainable_weights]
    logs = model.train_on_batch(x, y, sample_weight=np.zeros(12), return_dict=True)
    assert logs["loss"] == 0
    for old, new in zip(before, model.student.trainable_weights, strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("one_hot", [False, True])
def test_an_image_without_a_label_is_learnt_from_the_teacher_alone(batch, one_hot):
    x, y = batch
    # Half of what is known is right, whatever the student says.
    said = trainer(unlabelled=True).student(x, training=True)
    known = np.argmax(said, axis=-1)[:8]
    known[::2] = (known[::2] + 1) % 4
    hidden = np.concatenate([known, np.full(4, -1)])
    if one_hot:
        hidden = np.eye(4, dtype="float32")[hidden] * (hidden >= 0)[:, None]
    model = trainer(unlabelled=True)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True) if one_hot else CE
    model.compile(keras.optimizers.SGD(0.0), loss)
    teacher = [np.array(a) for a in tapped(model.teacher, "embedding")(x)]
    student = [
        np.array(a) for a in tapped(model.student, "embedding")(x, training=True)
    ]
    logs = model.train_on_batch(x, hidden, return_dict=True)
    hard = float(CE(known, student[0][:8]))
    np.testing.assert_allclose(logs["hard_loss"], hard, rtol=1e-4)
    kd = float(HintonKD()(teacher[0], student[0]))
    np.testing.assert_allclose(logs["kd_loss"], kd, rtol=1e-4)
    assert np.mean(student[0][:8].argmax(1) == known) == 0.5
    np.testing.assert_allclose(logs["accuracy"], 0.5, rtol=1e-5)


def test_a_batch_without_any_label_has_no_hard_loss(batch):
    x, _ = batch
    model = trainer(unlabelled=True)
    model.compile(keras.optimizers.SGD(0.01), CE)
    logs = model.train_on_batch(x, np.full(12, -1), return_dict=True)
    assert logs["hard_loss"] == 0.0 and np.isfinite(logs["loss"]) and logs["loss"] > 0
