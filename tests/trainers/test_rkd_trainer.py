import keras
import numpy as np
import pytest
import tensorflow as tf

from rkd_keras.errors import InputError
from rkd_keras.losses import HintonKD, RKDAngle, RKDDistance
from rkd_keras.models import tapped
from rkd_keras.trainers import DistillationTerm, RKDTrainer, TeacherCache

CE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def network(width, dropout=0.0, name=None):
    """A little functional classifier with the package's layer names."""
    inputs = keras.Input((8, 8, 3), name="image")
    x = keras.layers.Rescaling(1 / 127.5, -1)(inputs)
    x = keras.layers.Conv2D(width, 3, strides=2, name="conv")(x)
    x = keras.layers.BatchNormalization(momentum=0.9)(x)
    x = keras.layers.ReLU()(x)
    x = keras.layers.GlobalAveragePooling2D(name="embedding")(x)
    if dropout:
        x = keras.layers.Dropout(dropout)(x)
    x = keras.layers.Dense(4, name="logits", dtype="float32")(x)
    return keras.Model(inputs, x, name=name)


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    return rng.uniform(0, 255, (12, 8, 8, 3)).astype("float32"), np.arange(12) % 4


def trainer(**kwargs):
    keras.utils.set_random_seed(0)
    return RKDTrainer(network(6, name="teacher"), network(4, name="student"), **kwargs)


def test_loss_is_the_weighted_sum_of_its_terms(batch):
    x, y = batch
    model = trainer(hard_weight=0.5, kd_weight=2.0, distance_weight=3.0, angle_weight=4)
    model.compile(keras.optimizers.SGD(0.0), CE)
    teacher = [np.array(a) for a in tapped(model.teacher, "embedding")(x)]
    student = tapped(model.student, "embedding")(x, training=True)
    student = [np.array(a) for a in student]
    expected = {
        "hard_loss": float(CE(y, student[0])),
        "kd_loss": float(HintonKD()(teacher[0], student[0])),
        "distance_loss": float(RKDDistance()(teacher[1], student[1])),
        "angle_loss": float(RKDAngle()(teacher[1], student[1])),
    }
    logs = model.train_on_batch(x, y, return_dict=True)
    for name, value in expected.items():
        np.testing.assert_allclose(logs[name], value, rtol=1e-4)
    total = np.dot(list(expected.values()), [0.5, 2, 3, 4])
    np.testing.assert_allclose(logs["loss"], total, rtol=1e-4)


def test_teacher_is_bit_equal_after_training_and_student_moves(batch):
    x, y = batch
    model = trainer()
    model.compile("adam", CE, metrics=["accuracy"])
    teacher = [np.array(w) for w in model.teacher.variables]
    student = [np.array(w) for w in model.student.trainable_variables]
    model.fit(x, y, epochs=2, batch_size=6, verbose=0)
    for before, after in zip(teacher, model.teacher.variables, strict=True):
        np.testing.assert_array_equal(before, np.array(after))
    for before, after in zip(student, model.student.trainable_variables, strict=True):
        assert not np.array_equal(before, np.array(after)), after.path


def test_evaluate_and_predict_are_the_students(batch):
    x, y = batch
    model = trainer()
    model.compile("adam", CE, metrics=["accuracy"])
    before = [np.array(w) for w in model.student.variables]
    results = model.evaluate(x, y, return_dict=True, verbose=0)
    assert set(results) == {"loss", "accuracy"}
    np.testing.assert_allclose(results["loss"], float(CE(y, model.student(x))), 1e-5)
    np.testing.assert_allclose(model.predict(x, verbose=0), model.student(x), 1e-5)
    for old, new in zip(before, model.student.variables, strict=True):
        np.testing.assert_array_equal(old, np.array(new))


def test_student_runs_forward_once_and_teacher_in_inference_mode(batch):
    """Batch statistics move once per step, the teacher's never."""
    x, y = batch
    model = trainer()
    model.compile(keras.optimizers.SGD(0.0), CE)
    norm = next(
        layer
        for layer in model.student.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    )
    inner = keras.Model(model.student.input, norm.input)
    mean = np.array(inner(x)).mean((0, 1, 2))
    model.train_on_batch(x, y)
    np.testing.assert_allclose(norm.moving_mean, 0.1 * mean, rtol=1e-4, atol=1e-6)


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


def test_compile_alone_is_enough(batch):
    x, y = batch
    for labels in (y, np.eye(4)[y]):
        model = trainer()
        model.compile()
        assert model.jit_compile is False  # there is no GPU here
        history = model.fit(x, labels, verbose=0, validation_data=(x, y)).history
        assert {"accuracy", "val_accuracy", "val_loss"} <= set(history)
    assert isinstance(model.optimizer, keras.optimizers.AdamW)
    model.compile(jit_compile=True)
    assert model.jit_compile is True


class Squares(keras.losses.Loss):
    """A loss that nobody registered."""

    def call(self, y_true, y_pred):
        return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


def test_a_term_of_ones_own_needs_no_change_of_the_trainer(batch, tmp_path):
    x, y = batch
    keras.utils.set_random_seed(0)
    terms = [
        DistillationTerm(HintonKD(2.0), 0.5, name="soft"),
        DistillationTerm(Squares(name="hint"), 3.0, layer="conv"),
        DistillationTerm(RKDDistance(), 2.0, "conv", "embedding"),
        DistillationTerm(RKDAngle(), 0.0, "no such layer", name="off"),
    ]
    networks = [network(4, name=name) for name in ("teacher", "student")]
    model = RKDTrainer(*networks, hard_weight=0.0, terms=terms)
    model.compile(keras.optimizers.SGD(0.0))
    layers = ["conv", "embedding"]
    teacher = [np.array(a) for a in tapped(model.teacher, layers)(x)]
    student = [np.array(a) for a in tapped(model.student, layers)(x, training=True)]
    expected = {
        "soft_loss": HintonKD(2.0)(teacher[0], student[0]),
        "hint_loss": np.mean((teacher[1] - student[1]) ** 2),
        "rkd_distance_loss": RKDDistance()(teacher[2], student[1]),
    }
    logs = model.train_on_batch(x, y, return_dict=True)
    assert set(logs) == {"loss", "accuracy", *expected}
    for name, value in expected.items():
        np.testing.assert_allclose(logs[name], float(value), rtol=1e-4, err_msg=name)
    total = np.dot([float(value) for value in expected.values()], [0.5, 3, 2])
    np.testing.assert_allclose(logs["loss"], total, rtol=1e-4)

    model.save(tmp_path / "trainer.keras")
    with keras.saving.custom_object_scope({"Squares": Squares}):
        loaded = keras.saving.load_model(tmp_path / "trainer.keras")
    assert [term.get_config() for term in loaded.terms] == [
        term.get_config() for term in terms
    ]
    again = loaded.train_on_batch(x, y, return_dict=True)
    np.testing.assert_allclose(again["hint_loss"], logs["hint_loss"], rtol=1e-3)


def test_stored_answers_hold_one_layer_of_the_teacher(batch):
    x, y = batch
    inputs = {
        "image": x,
        "teacher_logits": np.zeros((12, 4)),
        "teacher_embedding": np.zeros((12, 4)),
    }
    term = DistillationTerm(RKDDistance(), layer="conv")
    model = RKDTrainer(network(4), network(4), terms=[term])
    model.compile()
    with pytest.raises(ValueError, match="only 'embedding' is stored.* compare conv"):
        model.train_on_batch(inputs, y)


def test_only_what_is_compared_is_tapped(batch):
    """With KD alone a model needs no layer `embedding`."""
    plain = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(4),
        ]
    )
    model = RKDTrainer(network(6), plain, distance_weight=0, angle_weight=0)
    model.compile()
    assert "kd_loss" in model.train_on_batch(*batch, return_dict=True)


def test_a_trainer_saved_before_there_were_terms(batch):
    config = trainer(kd_weight=3.0).get_config()
    config.pop("terms")
    old = RKDTrainer.from_config(config)
    assert [term.weight for term in old.terms] == [3.0, 25.0, 50.0]


def test_stored_answers_equal_a_running_teacher(batch):
    x, y = batch
    cache = TeacherCache.build(trainer().teacher, [[x[:8], x[8:]]])
    inputs = {
        "image": x,
        "teacher_logits": cache.logits[0],
        "teacher_embedding": cache.embedding[0],
    }
    results = []
    for data in (x, inputs):
        model = trainer()
        model.compile(keras.optimizers.SGD(0.1), CE)
        results.append(model.train_on_batch(data, y, return_dict=True))
    for name, value in results[0].items():
        np.testing.assert_allclose(results[1][name], value, rtol=1e-5)


def test_mixed_precision_and_clipping(batch):
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = trainer()
    model.compile(keras.optimizers.SGD(1.0, global_clipnorm=1e-3), CE)
    before = [np.array(w) for w in model.student.trainable_variables]
    logs = model.train_on_batch(*batch, return_dict=True)
    assert np.isfinite(list(logs.values())).all()
    step = [
        np.array(new) - old
        for old, new in zip(before, model.student.trainable_variables, strict=True)
    ]
    norm = np.sqrt(sum((s**2).sum() for s in step))
    np.testing.assert_allclose(norm, 1e-3, rtol=1e-2)


def test_loss_scaling_of_float16(batch):
    keras.config.set_dtype_policy("mixed_float16")
    model = trainer(distance_weight=1.0, angle_weight=1.0)
    model.compile(keras.optimizers.SGD(0.01), CE)
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    logs = model.train_on_batch(*batch, return_dict=True)
    terms = ("hard_loss", "kd_loss", "distance_loss", "angle_loss")
    np.testing.assert_allclose(logs["loss"], sum(logs[t] for t in terms), rtol=1e-3)


def test_save_and_load_whole_trainer(batch, tmp_path):
    x, y = batch
    model = trainer(temperature=3.0, angle_weight=7.0)
    model.compile("adam", CE)
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "trainer.keras")
    loaded = keras.saving.load_model(tmp_path / "trainer.keras")
    assert loaded.angle_weight == 7.0 and loaded.temperature == 3.0
    assert not loaded.teacher.trainable_weights
    np.testing.assert_allclose(loaded(x), model(x), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(loaded.teacher(x), model.teacher(x), rtol=1e-5)


def test_distillation_draws_the_student_towards_the_teacher(batch):
    x, y = batch
    model = trainer(hard_weight=0, distance_weight=1, angle_weight=1)
    model.compile(keras.optimizers.Adam(0.02), CE, jit_compile=False)
    history = model.fit(
        tf.data.Dataset.from_tensors((x, y)), epochs=60, verbose=0, shuffle=False
    ).history
    for name in ("distance_loss", "angle_loss"):
        assert history[name][-1] < 0.5 * history[name][0], name


def sequential(width, name):
    return keras.Sequential(network(width).layers, name=name)


def test_sequential_models(batch):
    """The terms of sequential models are those of the same functional ones."""
    x, y = batch
    logs = []
    for make in (sequential, network):
        keras.utils.set_random_seed(0)
        model = RKDTrainer(make(6, name="teacher"), make(4, name="student"))
        model.compile(keras.optimizers.SGD(0.01), CE)
        logs.append(model.train_on_batch(x, y, return_dict=True))
    assert logs[0] == pytest.approx(logs[1], rel=1e-5)
    cache = TeacherCache.build(sequential(6, name="teacher"), [[x]])
    assert cache.logits.shape == (1, 12, 4)


def test_a_student_that_was_not_built():
    with pytest.raises(InputError, match="has not been built; call its build"):
        RKDTrainer(network(4), keras.Sequential([keras.layers.Dense(4)]))


def test_bad_arguments():
    teacher, student = network(4), network(4)
    with pytest.raises(ValueError, match="no layer 'pool' to tap; its last layers"):
        RKDTrainer(teacher, student, tap="pool")
    for name in ("hard_weight", "kd_weight", "distance_weight", "angle_weight"):
        with pytest.raises(ValueError, match=f"Received: {name}=-1"):
            RKDTrainer(teacher, student, **{name: -1})
    nothing = dict.fromkeys(
        ("hard_weight", "kd_weight", "distance_weight", "angle_weight"), 0
    )
    with pytest.raises(ValueError, match="must have a weight above 0"):
        RKDTrainer(teacher, student, **nothing)
    with pytest.raises(ValueError, match="give one or the other.*'temperature': 2"):
        RKDTrainer(teacher, student, temperature=2, terms=[])
    twice = [DistillationTerm(HintonKD()), DistillationTerm(HintonKD())]
    with pytest.raises(ValueError, match="a name of its own.*hinton_kd, hinton_kd"):
        RKDTrainer(teacher, student, terms=twice)
    with pytest.raises(ValueError, match="`teacher_layer` needs a `layer`"):
        DistillationTerm(RKDAngle(), teacher_layer="embedding")
    assert RKDTrainer(teacher, student, terms=[]).terms == []
    other = keras.Model(student.input, keras.layers.Dense(5)(student.layers[-2].output))
    with pytest.raises(ValueError, match="same number of classes"):
        RKDTrainer(teacher, other)


@pytest.mark.parametrize("one_hot", [False, True])
def test_an_image_without_a_label_is_learnt_from_the_teacher_alone(batch, one_hot):
    x, y = batch
    known = y[:8]
    hidden = np.concatenate([known, np.full(4, -1)])
    if one_hot:
        hidden = np.eye(4, dtype="float32")[hidden] * (hidden >= 0)[:, None]
    model = trainer(unlabelled=True)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True) if one_hot else CE
    model.compile(keras.optimizers.SGD(0.0), loss, metrics=["accuracy"])
    teacher = [np.array(a) for a in tapped(model.teacher, "embedding")(x)]
    student = [
        np.array(a) for a in tapped(model.student, "embedding")(x, training=True)
    ]
    logs = model.train_on_batch(x, hidden, return_dict=True)
    hard = float(CE(known, student[0][:8]))
    np.testing.assert_allclose(logs["hard_loss"], hard, rtol=1e-4)
    kd = float(HintonKD()(teacher[0], student[0]))
    np.testing.assert_allclose(logs["kd_loss"], kd, rtol=1e-4)
    right = np.mean(student[0][:8].argmax(1) == known)
    np.testing.assert_allclose(logs["accuracy"], right, rtol=1e-5)


def test_a_batch_without_any_label_has_no_hard_loss(batch):
    x, _ = batch
    model = trainer(unlabelled=True)
    model.compile(keras.optimizers.SGD(0.01), CE)
    logs = model.train_on_batch(x, np.full(12, -1), return_dict=True)
    assert logs["hard_loss"] == 0.0 and np.isfinite(logs["loss"]) and logs["loss"] > 0
