import keras
import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.models import ResNet18, tapped
from rkd_keras.models.taps import layer_call

L = keras.layers


def body(width=4):
    return [
        L.Conv2D(width, 3, strides=2, name="conv"),
        L.BatchNormalization(momentum=0.5, name="bn"),
        L.GlobalAveragePooling2D(name="embedding"),
    ]


def functional(outputs=lambda x: L.Dense(3, name="logits")(x), inputs=None):
    image = keras.Input((8, 8, 3), name="image")
    x = image
    for layer in body():
        x = layer(x)
    return keras.Model(image if inputs is None else inputs(image), outputs(x))


def sequential(*head):
    return keras.Sequential([keras.Input((8, 8, 3)), *body(), *head], name="student")


@pytest.fixture
def images():
    return np.random.default_rng(0).uniform(0, 255, (5, 8, 8, 3)).astype("float32")


def by_hand(model, images):
    """Embedding and logits, layer after layer."""
    x = images
    for layer in model.layers:
        if isinstance(layer, L.InputLayer):
            continue
        x = layer(x, training=False) if layer.name == "bn" else layer(x)
        if layer.name == "embedding":
            embedding = x
    return np.array(x), np.array(embedding)


@pytest.mark.parametrize(
    "model",
    [
        functional(),
        sequential(L.Dense(3, name="logits")),
        sequential(L.Dropout(0.5), L.Dense(3, name="head")),
        functional(inputs=lambda image: {"image": image}),
    ],
    ids=["functional", "sequential", "another name", "dict of inputs"],
)
def test_any_built_model(model, images):
    both = tapped(model)
    logits, embedding = both(images, training=False)
    expected = by_hand(model, images)
    np.testing.assert_allclose(logits, expected[0], atol=1e-4)
    np.testing.assert_allclose(embedding, expected[1], atol=1e-4)
    assert {id(w) for w in both.weights} == {id(w) for w in model.weights}


def test_a_rebuilt_sequential_runs_once(images):
    """Every `add` calls all layers anew: their first outputs are another graph's."""
    model = sequential()
    model.add(L.Dense(3, name="logits"))
    both = tapped(model)
    statistics = model.get_layer("bn").moving_mean
    batch = np.array(model.get_layer("conv")(images)).mean((0, 1, 2))
    both(images, training=True)
    # One pass moves the statistics half of the way; two would move them further.
    np.testing.assert_allclose(statistics, batch / 2, rtol=1e-4)


def test_built_by_its_first_images(images):
    model = keras.Sequential([*body(), L.Dense(3)])
    model(images)
    assert [o.shape[-1] for o in tapped(model).outputs] == [3, 4]


def test_a_named_layer_among_several_outputs():
    model = functional(
        lambda x: {
            "probabilities": L.Softmax()(logits := L.Dense(3, name="logits")(x)),
            "again": L.Dense(2)(logits),
        }
    )
    assert tapped(model).outputs[0].shape == (None, 3)


def test_another_layer_may_be_tapped():
    logits, maps = tapped(ResNet18(width=0.125), "stage2_out").outputs
    assert (logits.shape, maps.shape) == ((None, 6), (None, 32, 32, 16))


class Subclass(keras.Model):
    pass


def twice():
    dense = L.Dense(4, name="embedding")
    image = keras.Input((4,))
    return keras.Model(image, L.Dense(3)(dense(dense(image))))


def two_inputs():
    a, b = keras.Input((4,)), keras.Input((4,))
    x = L.Add(name="embedding")([a, b])
    return keras.Model([a, b], L.Dense(3)(x))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: keras.Sequential(body()), "has not been built; call its build"),
        (Subclass, "Subclass .* does not tell how its layers are connected"),
        (lambda: functional(lambda x: [x, L.Dense(2)(x)]), "2 outputs and none"),
        (twice, "calls its layer 'embedding' 2 times"),
        (two_inputs, "takes 2 inputs"),
        (
            lambda: keras.Sequential([sequential(), L.Dense(3)]),
            "lies inside of 'student', a model within",
        ),
        (
            lambda: keras.Sequential([keras.Input((4,)), L.Dense(3, name="last")]),
            "no layer 'embedding' to tap; its last layers are last",
        ),
        (lambda: sequential(L.Dense(3, "softmax")), "Received: activation=softmax"),
        (lambda: sequential(L.Dense(3), L.Softmax()), "activation=softmax"),
        (lambda: sequential(L.Dense(3), L.Activation("sigmoid")), "=sigmoid"),
        (lambda: functional(lambda x: keras.ops.softmax(x)), "=softmax"),
    ],
)
def test_a_model_that_cannot_be_tapped_says_why(make, message):
    with pytest.raises(InputError, match=message):
        tapped(make())


def test_what_a_layer_takes_and_gives():
    model = sequential(L.Dense(3))
    taken, given = layer_call(model, "embedding")
    assert (taken.shape, given.shape) == ((None, 3, 3, 4), (None, 4))
