"""Each baseline against its published formula, written out in numpy."""

import keras
import numpy as np
import pytest

from rkd_keras.losses import (
    BalancedSoftmaxLoss,
    ClassBalancedLoss,
    FocalLoss,
    LDAMLoss,
    LogitAdjustedLoss,
    LossStateCallback,
    WeightedCrossEntropyLoss,
)

COUNTS = np.array([200.0, 60.0, 10.0])


@pytest.fixture
def batch():
    rng = np.random.default_rng(1)
    return np.array([0, 1, 2, 2, 1]), rng.normal(size=(5, 3)).astype("float32")


def log_softmax(z):
    return z - np.log(np.exp(z).sum(-1, keepdims=True))


def pick(rows, labels):
    return rows[np.arange(len(labels)), labels]


def test_weighted_cross_entropy(batch):
    labels, z = batch
    weights = 1 / COUNTS
    weights *= COUNTS.sum() / (weights * COUNTS).sum()
    expected = np.mean(weights[labels] * -pick(log_softmax(z), labels))
    loss = WeightedCrossEntropyLoss(COUNTS)
    np.testing.assert_allclose(loss(labels, z), expected, rtol=1e-5)
    # Every class gets the same share of the whole loss.
    np.testing.assert_allclose(loss.class_weights * COUNTS, np.full(3, 90.0))


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_class_balanced(batch, gamma):
    labels, z = batch
    weights = (1 - 0.99) / (1 - 0.99**COUNTS)
    weights *= COUNTS.sum() / (weights * COUNTS).sum()
    log_p = pick(log_softmax(z), labels)
    expected = np.mean(weights[labels] * (1 - np.exp(log_p)) ** gamma * -log_p)
    loss = ClassBalancedLoss(COUNTS, beta=0.99, gamma=gamma)
    np.testing.assert_allclose(loss(labels, z), expected, rtol=1e-5)


def test_class_balanced_limits():
    np.testing.assert_allclose(ClassBalancedLoss(COUNTS, beta=0.0).class_weights, 1.0)
    np.testing.assert_allclose(
        ClassBalancedLoss(COUNTS, beta=1 - 1e-9).class_weights,
        WeightedCrossEntropyLoss(COUNTS).class_weights,
        rtol=1e-4,
    )


@pytest.mark.parametrize("tau", [0.0, 1.0, 1.5])
def test_logit_adjusted(batch, tau):
    labels, z = batch
    shifted = z + tau * np.log(COUNTS / COUNTS.sum())
    expected = -pick(log_softmax(shifted), labels).mean()
    np.testing.assert_allclose(
        LogitAdjustedLoss(COUNTS, tau=tau)(labels, z), expected, rtol=1e-5
    )


def test_balanced_softmax(batch):
    labels, z = batch
    numerators = COUNTS * np.exp(z)
    p = numerators / numerators.sum(-1, keepdims=True)
    expected = -np.log(pick(p, labels)).mean()
    np.testing.assert_allclose(BalancedSoftmaxLoss(COUNTS)(labels, z), expected, 1e-5)
    np.testing.assert_allclose(LogitAdjustedLoss(COUNTS)(labels, z), expected, 1e-5)


def test_focal_is_that_of_keras(batch):
    labels, z = batch
    expected = keras.losses.CategoricalFocalCrossentropy(from_logits=True)(
        np.eye(3, dtype="float32")[labels], z
    )
    np.testing.assert_allclose(FocalLoss(COUNTS)(labels, z), expected, rtol=1e-6)


@pytest.mark.parametrize("epoch", [0, 2, 3])
def test_ldam(batch, epoch):
    labels, z = batch
    margins = 0.4 * (COUNTS.min() / COUNTS) ** 0.25
    weights = (1 - 0.999) / (1 - 0.999**COUNTS)
    weights *= COUNTS.sum() / (weights * COUNTS).sum()
    shifted = z - 5.0 * np.eye(3)[labels] * margins
    losses = -pick(log_softmax(shifted), labels)
    expected = np.mean(losses * (weights[labels] if epoch >= 2 else 1.0))
    loss = LDAMLoss(COUNTS, max_margin=0.4, scale=5.0, drw_epoch=2, beta=0.999)
    loss.on_epoch_begin(epoch)
    np.testing.assert_allclose(loss(labels, z), expected, rtol=1e-5)


def test_ldam_reweighting_begins_inside_a_traced_training():
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(3, kernel_initializer="zeros")]
    )
    loss = LDAMLoss(COUNTS, drw_epoch=2)
    model.compile(keras.optimizers.SGD(0.0), loss)
    x, y = np.eye(3, dtype="float32"), np.array([2, 2, 2])
    history = model.fit(x, y, epochs=4, verbose=0, callbacks=[LossStateCallback()])
    first, second, third, fourth = history.history["loss"]
    assert first == second
    assert third == fourth == pytest.approx(first * loss.class_weights[2], rel=1e-5)


@pytest.mark.parametrize(
    ("cls", "argument", "value"),
    [
        (WeightedCrossEntropyLoss, "power", -1),
        (ClassBalancedLoss, "beta", 1.0),
        (ClassBalancedLoss, "gamma", -0.1),
        (LogitAdjustedLoss, "tau", -1),
        (LDAMLoss, "max_margin", 0),
        (LDAMLoss, "scale", -30),
    ],
)
def test_bad_arguments(cls, argument, value):
    with pytest.raises(ValueError, match=f"`{argument}`.*Received: {argument}={value}"):
        cls(COUNTS, **{argument: value})


def test_soft_labels_are_linear_in_the_label(batch):
    _, z = batch
    soft = np.tile([0.7, 0.0, 0.3], (5, 1))
    for cls in (WeightedCrossEntropyLoss, LogitAdjustedLoss, BalancedSoftmaxLoss):
        log_p = float(cls(COUNTS, reduction="sum")(np.zeros(5), z))
        log_q = float(cls(COUNTS, reduction="sum")(np.full(5, 2), z))
        mixed = float(cls(COUNTS, reduction="sum")(soft, z))
        if cls is not WeightedCrossEntropyLoss:
            assert mixed == pytest.approx(0.7 * log_p + 0.3 * log_q, rel=1e-5)
        assert np.isfinite(mixed)
