import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny_distillation import CE, draw_batch, network, trainer

from rkd_keras.errors import InputError
from rkd_keras.losses import HintonKD, RKDAngle, RKDDistance
from rkd_keras.models import tapped
from rkd_keras.trainers import DistillationTerm, RKDTrainer, TeacherCache


@pytest.fixture
def batch():
    return draw_batch()


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
