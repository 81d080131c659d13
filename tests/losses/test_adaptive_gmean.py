import keras
import numpy as np
import pytest

from rkd_keras.losses import AdaptiveGMeanLoss, LogitAdjustedLoss, LossStateCallback
from rkd_keras.losses.adaptive_gmean import VARIANTS

COUNTS = np.array([200.0, 60.0, 10.0])
CONFUSION = np.array([[180, 15, 5], [20, 39, 1], [8, 1, 1]])


def rates(confusion):
    """TPR, TNR and accuracy one-vs-rest, counted sample by sample."""
    truth = np.repeat(np.repeat(np.arange(3), 3), confusion.ravel())
    guess = np.repeat(np.tile(np.arange(3), 3), confusion.ravel())
    result = np.zeros((3, 3))
    for c in range(3):
        is_c, says_c = truth == c, guess == c
        result[0, c] = np.mean(says_c[is_c])
        result[1, c] = np.mean(~says_c[~is_c])
        result[2, c] = np.mean(is_c == says_c)
    return result


def phi_of(confusion):
    tpr, tnr, accuracy = rates(confusion)
    k = COUNTS.max() / COUNTS
    return k * np.exp(-np.sqrt(tpr * tnr) / 2) * np.exp(-(1 - accuracy) / 2)


def reference(variant, labels, z, phi, beta=0.0):
    """Eqs. 15-17 and the variants, one sample at a time."""
    p = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
    y = np.eye(3)[labels]
    n = len(labels)
    distance = np.sum((y - p + beta) ** 2, axis=-1)
    if variant == "paper":
        t = np.tanh(1 - phi)
        total = sum(t[c] * np.log(p[i, c]) for i, c in enumerate(labels))
        return -distance.sum() / n * total
    if variant == "adjusted":
        q = np.exp(z) / phi
        q /= q.sum(-1, keepdims=True)
        return -np.mean([np.log(q[i, c]) for i, c in enumerate(labels)])
    factors = np.tanh(phi) if variant == "bounded" else phi
    factors = factors * COUNTS.sum() / (factors * COUNTS).sum()
    losses = [-factors[c] * np.log(p[i, c]) for i, c in enumerate(labels)]
    if variant == "distance":
        losses = losses * distance / distance.mean()
    return np.mean(losses)


@pytest.fixture
def batch():
    rng = np.random.default_rng(2)
    labels = np.array([0, 1, 2, 0, 1, 2, 0])
    return labels, rng.normal(size=(7, 3)).astype("float32")


def test_rates_from_a_confusion_matrix():
    loss = AdaptiveGMeanLoss(COUNTS)
    loss.update_statistics(CONFUSION)
    np.testing.assert_allclose(
        loss.get_state()["statistics"], rates(CONFUSION), rtol=1e-6
    )
    np.testing.assert_allclose(loss.class_factors(), phi_of(CONFUSION), rtol=1e-5)


def test_before_training_the_rates_are_those_of_guessing():
    rng = np.random.default_rng(0)
    truth, guess = rng.integers(0, 3, (2, 200_000))
    confusion = np.zeros((3, 3), int)
    np.add.at(confusion, (truth, guess), 1)
    np.testing.assert_allclose(
        AdaptiveGMeanLoss(COUNTS).get_state()["statistics"], rates(confusion), atol=0.01
    )


def test_a_class_without_samples_keeps_its_rates():
    loss = AdaptiveGMeanLoss(COUNTS)
    loss.update_statistics(CONFUSION)
    before = loss.get_state()["statistics"]
    loss.update_statistics([[5, 5, 0], [0, 10, 0], [0, 0, 0]])
    after = loss.get_state()["statistics"]
    np.testing.assert_array_equal(after[:, 2], before[:, 2])
    assert after[0, 0] == 0.5
    loss.update_statistics(np.zeros((3, 3)))
    np.testing.assert_array_equal(loss.get_state()["statistics"], after)


@pytest.mark.parametrize("beta", [0.0, 0.3])
@pytest.mark.parametrize("variant", VARIANTS)
def test_against_numpy(variant, beta, batch):
    labels, z = batch
    loss = AdaptiveGMeanLoss(COUNTS, variant=variant, beta=beta)
    loss.update_statistics(CONFUSION)
    expected = reference(variant, labels, z, phi_of(CONFUSION), beta)
    np.testing.assert_allclose(loss(labels, z), expected, rtol=1e-4)


def descend(variant, label, steps=10):
    """Probability of `label` after minimising the loss on it, from 1/3."""
    import tensorflow as tf

    logits = tf.zeros((1, 3))
    loss = AdaptiveGMeanLoss(COUNTS, variant=variant)
    loss.update_statistics(CONFUSION)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(np.array([label]), logits)
        logits -= 0.5 * tape.gradient(value, logits)
    return float(tf.nn.softmax(logits)[0, label])


def test_the_printed_form_pushes_a_rare_class_down():
    assert descend("paper", label=2) < 0.1 < 1 / 3
    # The most frequent class has K = 1 and Phi < 1: it alone is learnt.
    assert descend("paper", label=0) > 1 / 3


@pytest.mark.parametrize("variant", [v for v in VARIANTS if v != "paper"])
def test_the_other_forms_pull_a_rare_class_up(variant):
    for label in range(3):
        assert descend(variant, label) > 0.5


def test_adjusted_is_logit_adjustment_when_all_classes_do_equally_well(batch):
    labels, z = batch
    np.testing.assert_allclose(
        AdaptiveGMeanLoss(COUNTS, variant="adjusted")(labels, z),
        LogitAdjustedLoss(COUNTS)(labels, z),
        rtol=1e-5,
    )


def test_a_missed_class_gains_weight():
    loss = AdaptiveGMeanLoss([50, 50, 50], variant="weighted")
    loss.update_statistics(np.diag([50, 50, 50]))
    good = loss.class_factors()
    loss.update_statistics([[50, 0, 0], [0, 50, 0], [25, 25, 0]])
    bad = loss.class_factors()
    assert bad[2] / bad[0] > good[2] / good[0]


def test_distance_holds_the_distance_constant_in_the_gradient(batch):
    import tensorflow as tf

    labels, z = batch
    logits = tf.constant(z[:1])
    loss = AdaptiveGMeanLoss(COUNTS, variant="distance")
    plain = AdaptiveGMeanLoss(COUNTS, variant="weighted")
    gradients = []
    for one in (loss, plain):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = one(labels[:1], logits)
        gradients.append(tape.gradient(value, logits).numpy())
    # A batch of one: distance / mean distance is 1 and adds no gradient.
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-5)


def training(loss, jit_compile=False):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
    model.compile(keras.optimizers.SGD(0.0), loss, jit_compile=jit_compile)
    rng = np.random.default_rng(3)
    x = rng.normal(size=(40, 3)).astype("float32")
    y = rng.integers(0, 3, 40)
    confusion = np.zeros((3, 3), int)
    np.add.at(confusion, (y, model.predict(x, verbose=0).argmax(-1)), 1)
    return model, x, y, confusion


@pytest.mark.parametrize("jit_compile", [False, True])
def test_fit_counts_training_and_not_evaluation(jit_compile):
    loss = AdaptiveGMeanLoss(COUNTS)
    model, x, y, confusion = training(loss, jit_compile)
    model.fit(
        x,
        y,
        batch_size=16,
        epochs=2,
        validation_data=(x, np.zeros(40, int)),
        verbose=0,
        callbacks=[LossStateCallback()],
    )
    np.testing.assert_array_equal(loss.confusion.numpy(), confusion)
    np.testing.assert_allclose(loss.get_state()["statistics"], rates(confusion), 1e-5)
    model.evaluate(x, np.zeros(40, int), verbose=0)
    np.testing.assert_array_equal(loss.confusion.numpy(), confusion)


def test_an_evaluation_within_an_epoch_only_pauses_the_counting():
    loss = AdaptiveGMeanLoss(COUNTS)
    z = np.eye(3, dtype="float32")
    loss.on_epoch_begin(0)
    loss(np.array([0, 1, 2]), z)
    loss.on_test_begin()
    loss(np.array([1, 2, 0]), z)
    loss.on_test_end()
    loss(np.array([0, 1, 2]), z)
    np.testing.assert_array_equal(loss.confusion.numpy(), 2 * np.eye(3))


def test_the_rates_change_the_traced_step():
    loss = AdaptiveGMeanLoss(COUNTS)
    model, x, y, _ = training(loss)
    callback = LossStateCallback()
    history = model.fit(x, y, batch_size=40, epochs=3, verbose=0, callbacks=[callback])
    first, second, third = history.history["loss"]
    assert first != pytest.approx(second, rel=1e-4)
    # The model stands still (learning rate 0), so the rates do too.
    assert second == pytest.approx(third, rel=1e-6)


def test_rates_survive_saving_and_loading(tmp_path):
    loss = AdaptiveGMeanLoss(COUNTS)
    model, x, y, _ = training(loss)
    model.fit(x, y, verbose=0, callbacks=[LossStateCallback()])
    model.save(tmp_path / "model.keras")
    copy = keras.models.load_model(tmp_path / "model.keras")
    assert copy.loss is not loss
    np.testing.assert_array_equal(
        copy.loss.get_state()["statistics"], loss.get_state()["statistics"]
    )
    assert copy.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)

    model.save_weights(tmp_path / "model.weights.h5")
    other, *_ = training(AdaptiveGMeanLoss(COUNTS))
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(
        other.loss.get_state()["statistics"], loss.get_state()["statistics"]
    )


def test_weights_saved_with_another_loss_leave_the_rates(tmp_path):
    model, *_ = training("sparse_categorical_crossentropy")
    model.save_weights(tmp_path / "model.weights.h5")
    loss = AdaptiveGMeanLoss(COUNTS)
    before = loss.get_state()["statistics"]
    other, *_ = training(loss)
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(loss.get_state()["statistics"], before)


def test_a_resumed_training_goes_on_with_the_rates():
    loss = AdaptiveGMeanLoss(COUNTS)
    model, x, y, _ = training(loss)
    callback = LossStateCallback()
    model.fit(x, y, epochs=1, verbose=0, callbacks=[callback])
    state = callback.get_state()
    expected = model.evaluate(x, y, verbose=0)

    resumed = AdaptiveGMeanLoss(COUNTS)
    copy, *_ = training(resumed)
    copy.set_weights(model.get_weights())
    callback = LossStateCallback()
    callback.set_state(state)
    history = copy.fit(
        x, y, batch_size=40, epochs=2, initial_epoch=1, verbose=0, callbacks=[callback]
    )
    assert history.history["loss"][0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision(policy):
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(3, dtype=keras.DTypePolicy(policy))]
    )
    model.compile("adam", AdaptiveGMeanLoss(COUNTS))
    x, y = np.eye(3, dtype="float32"), np.arange(3)
    history = model.fit(x, y, epochs=2, verbose=0, callbacks=[LossStateCallback()])
    assert np.isfinite(history.history["loss"]).all()


def test_bad_arguments():
    with pytest.raises(ValueError, match="`variant` must be one of.*variant=x"):
        AdaptiveGMeanLoss(COUNTS, variant="x")
    with pytest.raises(ValueError, match=r"\(3, 3\).*shape=\(2, 2\)"):
        AdaptiveGMeanLoss(COUNTS).update_statistics(np.eye(2))
