import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import check_config_round_trip

from rkd_keras.losses import (
    HintonKD,
    RelationalDistillation,
    RKDAngle,
    RKDDistance,
)

RELATIONAL = [RKDDistance, RKDAngle]


def numpy_kd(teacher, student, temperature):
    def soft(z):
        e = np.exp(z / temperature - (z / temperature).max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)

    p, q = soft(teacher), soft(student)
    return temperature**2 * np.mean(np.sum(p * (np.log(p) - np.log(q)), -1))


def huber(d):
    return 0.5 * d**2 if abs(d) <= 1 else abs(d) - 0.5


def numpy_distance(teacher, student, weights=None):
    n = len(teacher)
    w = np.ones(n) if weights is None else weights
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]

    def psi(f):
        d = {p: np.linalg.norm(f[p[0]] - f[p[1]]) for p in pairs}
        some = [p for p in pairs if d[p] > 0]
        mean = np.average([d[p] for p in some], weights=[w[i] * w[j] for i, j in some])
        return {p: d[p] / mean for p in pairs}

    a, b = psi(teacher), psi(student)
    return np.average(
        [huber(a[p] - b[p]) for p in pairs], weights=[w[i] * w[j] for i, j in pairs]
    )


def numpy_angle(teacher, student, weights=None):
    n = len(teacher)
    w = np.ones(n) if weights is None else weights
    triplets = [
        (i, j, k)
        for i in range(n)
        for j in range(n)
        for k in range(n)
        if len({i, j, k}) == 3
    ]

    def cosine(f, i, j, k):
        a, b = f[i] - f[j], f[k] - f[j]
        size = np.linalg.norm(a) * np.linalg.norm(b)
        return a @ b / size if size else 0.0

    return np.average(
        [huber(cosine(teacher, *t) - cosine(student, *t)) for t in triplets],
        weights=[np.prod(w[list(t)]) for t in triplets],
    )


NUMPY = {RKDDistance: numpy_distance, RKDAngle: numpy_angle}


@pytest.fixture
def embeddings():
    rng = np.random.default_rng(0)
    return rng.normal(3, 1, (7, 10)), rng.normal(-1, 4, (7, 5))


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_kd_equals_numpy(temperature):
    rng = np.random.default_rng(1)
    teacher, student = rng.normal(0, 4, (2, 9, 6))
    loss = HintonKD(temperature)(teacher, student)
    np.testing.assert_allclose(loss, numpy_kd(teacher, student, temperature), rtol=1e-5)


def test_kd_sample_weight_follows_keras():
    rng = np.random.default_rng(1)
    teacher, student = rng.normal(0, 4, (2, 3, 6))
    each = [
        numpy_kd(t[None], s[None], 4.0) for t, s in zip(teacher, student, strict=True)
    ]
    loss = HintonKD()(teacher, student, np.array([1.0, 0.0, 2.0]))
    np.testing.assert_allclose(loss, (each[0] + 2 * each[2]) / 3, rtol=1e-5)


@pytest.mark.parametrize("loss", RELATIONAL)
def test_relational_equals_numpy(loss, embeddings):
    np.testing.assert_allclose(loss()(*embeddings), NUMPY[loss](*embeddings), rtol=1e-4)


@pytest.mark.parametrize("loss", RELATIONAL)
def test_relational_sample_weight(loss, embeddings):
    weights = np.array([1, 2, 0.5, 1, 3, 1, 0.1])
    np.testing.assert_allclose(
        loss()(*embeddings, weights), NUMPY[loss](*embeddings, weights), rtol=1e-4
    )
    absent = np.array([1, 1, 1, 1, 1, 0, 0.0])
    few = [e[:5] for e in embeddings]
    np.testing.assert_allclose(loss()(*embeddings, absent), loss()(*few), rtol=1e-3)


@pytest.mark.parametrize("loss", RELATIONAL)
def test_relational_invariances(loss, embeddings):
    teacher, student = embeddings
    value = float(loss()(teacher, student))
    assert value > 0.01
    rng = np.random.default_rng(2)
    rotation = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    order = rng.permutation(7)
    for other in (
        (teacher, 7 * student),
        (0.01 * teacher, student),
        (teacher, student @ rotation),
        (teacher, student + 100),
        (teacher[order], student[order]),
    ):
        np.testing.assert_allclose(loss()(*other), value, rtol=2e-3)
    wide = np.concatenate([teacher @ np.linalg.qr(rng.normal(size=(10, 10)))[0]], 1)
    np.testing.assert_allclose(loss()(teacher, 3 * wide - 5), 0, atol=1e-5)


@pytest.mark.parametrize("loss", RELATIONAL)
@pytest.mark.parametrize("rows", [1, 2, 3, 8])
def test_gradients_are_finite_with_duplicate_rows(loss, rows):
    rng = np.random.default_rng(3)
    teacher = rng.normal(size=(rows, 6)).astype("float32")
    student = tf.Variable(np.repeat(rng.normal(size=(1, 4)), rows, 0).astype("float32"))
    if rows == 8:
        student[4:].assign(rng.normal(size=(4, 4)).astype("float32"))
    with tf.GradientTape() as tape:
        value = loss()(teacher, student)
    assert np.isfinite(value)
    assert np.isfinite(tape.gradient(value, student)).all()


@pytest.mark.parametrize("loss", RELATIONAL)
def test_batches_of_one_and_two(loss):
    rng = np.random.default_rng(4)
    assert float(loss()(rng.normal(size=(1, 3)), rng.normal(size=(1, 3)))) == 0
    two = float(loss()(rng.normal(size=(2, 3)), rng.normal(size=(2, 3))))
    # One pair has the mean distance, and there is no triplet.
    np.testing.assert_allclose(two, 0, atol=1e-6)


@pytest.mark.parametrize("loss", RELATIONAL)
def test_gradient_equals_finite_difference(loss, embeddings):
    teacher, student = (e.astype("float64") for e in embeddings)
    instance = loss(dtype="float64")
    variable = tf.Variable(student)
    with tf.GradientTape() as tape:
        value = instance(teacher, variable)
    gradient = tape.gradient(value, variable).numpy()
    for index in [(0, 0), (3, 2), (6, 4)]:
        step = np.zeros_like(student)
        step[index] = 1e-5
        up, down = (NUMPY[loss](teacher, student + s * step) for s in (1, -1))
        np.testing.assert_allclose(
            gradient[index], (up - down) / 2e-5, rtol=1e-3, atol=1e-7
        )


def test_no_gradient_reaches_the_teacher(embeddings):
    teacher, student = map(tf.Variable, embeddings)
    for loss in RELATIONAL:
        with tf.GradientTape() as tape:
            value = loss(dtype="float64")(teacher, student)
        assert tape.gradient(value, teacher) is None


def test_angle_memory_has_no_feature_axis():
    """1024 features and 64 rows: an (N, N, N, C) tensor would be 1 GiB."""
    sizes = []
    x = tf.TensorSpec((64, 1024))
    graph = tf.function(RKDAngle()).get_concrete_function(x, x).graph
    for operation in graph.get_operations():
        for output in operation.outputs:
            if output.shape.num_elements():
                sizes.append(output.shape.num_elements())
    assert max(sizes) <= 64**3


def test_configs():
    for loss in (HintonKD(3.0), RKDDistance(delta=2.0), RKDAngle()):
        check_config_round_trip(loss)
    config = RelationalDistillation(1.0, 2.0).get_config()
    assert RelationalDistillation.from_config(config).get_config() == config
    for loss in RELATIONAL:
        with pytest.raises(ValueError, match="Received: delta=0"):
            loss(delta=0)
    with pytest.raises(ValueError, match="Received: temperature=-1"):
        HintonKD(-1)


def test_inside_keras_distiller():
    def model(width):
        inputs = keras.Input((4,))
        x = keras.layers.Dense(width, name="embedding")(inputs)
        return keras.Model(inputs, keras.layers.Dense(3, name="logits")(x))

    distiller = keras.distillation.Distiller(
        model(8), model(5), [RelationalDistillation()], [1.0]
    )
    distiller.compile(
        keras.optimizers.Adam(0.02),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    x = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
    history = distiller.fit(x, np.arange(16) % 3, epochs=30, batch_size=16, verbose=0)
    losses = history.history["distillation_loss"]
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize("loss", [RKDDistance(), RKDAngle()])
@pytest.mark.parametrize("side", [0, 1])
def test_an_embedding_that_is_no_number_shows_in_the_loss(loss, side):
    """It once counted as a pair of equal rows, and the loss stayed finite."""
    rows = [np.random.default_rng(i).normal(size=(5, 3)) for i in range(2)]
    assert np.isfinite(float(loss(*rows)))
    rows[side][2, 0] = np.nan
    assert np.isnan(float(loss(*rows)))
    assert np.isnan(float(tf.function(loss)(*rows)))
