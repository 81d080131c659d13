import keras
import numpy as np
import pytest

from rkd_keras.errors import InputError, OptionError
from rkd_keras.trainers import MomentumSGD, WarmupSteps, get_recipe


def torch_sgd(weight, gradients, rates, momentum=0.9, decay=5e-4):
    """`torch.optim.SGD`, from its documentation, with a rate for each step."""
    weight, velocity = np.array(weight, "float64"), 0.0
    for gradient, rate in zip(gradients, rates, strict=True):
        velocity = momentum * velocity + gradient + decay * weight
        weight = weight - rate * velocity
    return weight


def network():
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(4, 3),
            keras.layers.BatchNormalization(),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2, name="logits"),
        ]
    )


def test_the_papers_decay_is_in_the_gradient():
    """Five epochs of 150 steps without a gradient: 0.712, not the 0.967 of Keras."""
    optimizer = get_recipe("paper").optimizer(steps_per_epoch=150)
    weight = keras.Variable([1.0, -2.0])
    for _ in range(750):
        optimizer.apply([keras.ops.zeros(2)], [weight])
    schedule = WarmupSteps(150, 200)
    rates = [float(schedule(step)) for step in range(750)]
    expected = torch_sgd([1.0, -2.0], np.zeros((750, 2)), rates)
    np.testing.assert_allclose(weight, expected, rtol=1e-4)
    assert float(weight[0]) == pytest.approx(0.712, abs=1e-3)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_momentum_sgd_is_torchs_under_a_falling_rate(momentum):
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(40, 3))
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay(
        [9, 19], [0.3, 0.1, 0.02]
    )
    optimizer = MomentumSGD(schedule, momentum, weight_decay=0.05)
    weight = keras.Variable(np.ones(3, "float32"))
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient, "float32")], [weight])
    rates = [float(schedule(step)) for step in range(40)]
    expected = torch_sgd(np.ones(3), gradients, rates, momentum, 0.05)
    np.testing.assert_allclose(weight, expected, rtol=1e-5)


def test_momentum_sgd_clips_before_it_decays():
    optimizer = MomentumSGD(1.0, 0.0, weight_decay=0.5, clipnorm=1.0)
    weight = keras.Variable([4.0])
    optimizer.apply([keras.ops.convert_to_tensor([10.0])], [weight])
    assert float(weight[0]) == 4 - (1 + 0.5 * 4)


def test_momentum_sgd_leaves_what_is_excluded():
    model = network()
    optimizer = MomentumSGD(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["gamma"])
    before = [np.array(w) for w in model.trainable_variables]
    zeros = [keras.ops.zeros(w.shape) for w in model.trainable_variables]
    optimizer.apply(zeros, model.trainable_variables)
    for old, weight in zip(before, model.trainable_variables, strict=True):
        factor = 1 if weight.name == "gamma" else 0.95
        np.testing.assert_allclose(weight, factor * old, rtol=1e-6, err_msg=weight.path)


def test_momentum_sgd_round_trip():
    optimizer = get_recipe("paper").with_changes(clipnorm=2.0).optimizer(10)
    config = keras.optimizers.serialize(optimizer)
    copy = keras.optimizers.deserialize(config)
    assert type(copy) is MomentumSGD
    assert copy.get_config() == optimizer.get_config()
    assert (copy.momentum, copy.weight_decay, copy.clipnorm) == (0.9, 5e-4, 2.0)
    with pytest.raises(ValueError, match="weight_decay=-1"):
        MomentumSGD(weight_decay=-1)


def test_a_recipe_trains_on_the_labels_that_it_smooths():
    """The README's example once trained without the smoothing of its preset."""
    recipe = get_recipe("fast").with_changes(batch_size=4, epochs=2)
    images, labels = np.zeros((8, 8, 8, 3), "uint8"), np.arange(8) % 2
    pipeline = recipe.pipeline(images, labels, num_classes=2, seed=3)
    _, target = next(iter(pipeline.dataset()))
    np.testing.assert_allclose(np.sort(target, axis=1), [[0.05, 0.95]] * 4, rtol=1e-6)
    assert (pipeline.batch_size, pipeline.seed) == (4, 3)
    model = network()
    model.compile(
        recipe.optimizer(pipeline.steps_per_epoch),
        recipe.loss([4, 4]),
        metrics=recipe.metrics(2),
        jit_compile=False,
    )
    history = model.fit(
        pipeline.dataset(),
        steps_per_epoch=pipeline.steps_per_epoch,
        validation_data=(images, labels),  # class indices, as they are
        shuffle=False,
        verbose=0,
    ).history
    assert {"accuracy", "val_gmean", "val_macro_recall"} <= set(history)


def test_the_loss_takes_both_forms_and_the_counts():
    recipe = get_recipe("fast")
    logits = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    labels = np.array([0, 1, 2, 1, 0])
    loss = recipe.loss([30, 20, 10])
    plain = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    for form in (labels, np.eye(3, dtype="float32")[labels]):
        np.testing.assert_allclose(loss(form, logits), plain(labels, logits), 1e-6)
    assert recipe.loss([30, 20, 10], "ldam", epochs=10).drw_epoch == 8
    with pytest.raises(InputError, match="unknown loss 'crossentropy'"):
        recipe.loss([1, 1], "crossentropy")


def test_augmentation_and_mix_come_from_the_recipe():
    recipe = get_recipe("fast").with_changes(zoom=0.3, mix="cutmix")
    pipeline = recipe.pipeline(np.zeros((4, 8, 8, 3), "uint8"), np.arange(4) % 2, 2)
    assert pipeline.augment.zoom == 0.3 and pipeline.mix == "cutmix"
    assert get_recipe("fast").with_changes(augment=False).augmentation() is None


def test_changes_leave_what_is_none():
    recipe = get_recipe("paper").with_changes(epochs=3, batch_size=None)
    assert (recipe.epochs, recipe.batch_size, recipe.name) == (3, 8, "paper")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("batch_size", -1),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("weight_decay", -0.1),
        ("label_smoothing", 1),
        ("zoom", 1.0),
        ("clipnorm", 0),
        ("mix", "blend"),
        ("algorithm", "adam"),
        ("schedule", "linear"),
        ("epoch", 3),
    ],
)
def test_a_value_out_of_range_is_named(name, value):
    with pytest.raises(OptionError, match=f"^{name} "):
        get_recipe("fast").with_changes(**{name: value})


def test_unknown_recipe():
    with pytest.raises(InputError, match="unknown preset 'slow'.* fast, paper"):
        get_recipe("slow")


@pytest.mark.slow
def test_by_hand_it_trains_what_the_command_trains(tmp_path):
    """Weight for weight, smoothing, augmentation, order and schedule included."""
    from rkd_keras.data import load_samples, make_split, open_dataset
    from rkd_keras.data.synthetic import write_dataset
    from rkd_keras.models import ResNet18
    from rkd_keras.runs import train

    data = write_dataset(tmp_path / "data", per_class=6, size=32, quiet=True)
    options = {"width": 0.0625, "stem_stride": 2}
    run = train(
        data,
        tmp_path / "run",
        **options,
        model="resnet18",
        size=32,
        epochs=2,
        batch_size=8,
        seed=3,
        precision="float32",
        deterministic=True,
        evaluate="none",
        quiet=True,
    )
    index = open_dataset(data)
    split = make_split(index, "holdout", seed=3)
    recipe = get_recipe("fast").with_changes(epochs=2, batch_size=8)
    keras.utils.set_random_seed(3)
    model = ResNet18(6, input_shape=(32, 32, 3), **options)
    images, labels = load_samples(index, split.train, (32, 32))
    pipeline = recipe.pipeline(images, labels, 6, seed=3)
    model.compile(
        recipe.optimizer(pipeline.steps_per_epoch),
        recipe.loss(index.counts(split.train)),
        metrics=recipe.metrics(6),
        jit_compile=False,
    )
    model.optimizer.build(model.trainable_variables)
    model.fit(
        pipeline.dataset(),
        epochs=2,
        steps_per_epoch=pipeline.steps_per_epoch,
        shuffle=False,
        verbose=0,
    )
    for mine, its in zip(model.weights, run.model.weights, strict=True):
        np.testing.assert_array_equal(mine, its, err_msg=mine.path)
