import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from rkd_keras import models
from rkd_keras.data import Augmentation, TrainingPipeline
from rkd_keras.errors import InputError
from rkd_keras.trainers import fit_feature_head, logistic_regression, view_features


def drawn_features(views=1, images=60, width=20, classes=3, seed=0):
    random = np.random.default_rng(seed)
    labels = np.arange(images) % classes
    centres = random.normal(size=(classes, width))
    features = centres[labels] + random.normal(size=(views, images, width)) * 2 + 5
    # Features of a network differ in scale.
    return (features * random.uniform(0.1, 3, width)).astype("float32"), labels


def centred(logits):
    return logits - logits.mean(1, keepdims=True)


@pytest.mark.parametrize("strength", [0.01, 1.0, 100.0])
def test_one_view_is_scikit_learns_problem(strength):
    features, labels = drawn_features()
    kernel, bias = logistic_regression(features, labels, 3, strength)
    rows = features[0]
    scaled = (rows - rows.mean(0)) / rows.std(0)
    theirs = LogisticRegression(C=strength, tol=1e-8, max_iter=5000)
    expected = theirs.fit(scaled, labels).decision_function(scaled)
    np.testing.assert_allclose(
        centred(rows @ kernel + bias), centred(expected), atol=0.02, rtol=0.01
    )


def test_views_share_an_images_weight():
    """The same view several times changes nothing."""
    features, labels = drawn_features()
    once = logistic_regression(features, labels, 3)
    thrice = logistic_regression(np.repeat(features, 3, axis=0), labels, 3)
    for a, b in zip(once, thrice, strict=True):
        np.testing.assert_allclose(a, b, atol=0.01)


def test_weights_count_like_copies():
    features, labels = drawn_features(images=30)
    weights = np.where(np.arange(30) < 10, 2.0, 1.0)
    copies = np.concatenate([features, features[:, :10]], axis=1)
    expected = logistic_regression(
        copies, np.concatenate([labels, labels[:10]]), 3, strength=1.0
    )
    # The scaling is of the rows as given, so it is taken out of the comparison.
    found = logistic_regression(features, labels, 3, 1.0, weights)
    a, b = (features[0] @ kernel + bias for kernel, bias in (expected, found))
    assert np.corrcoef(centred(a).ravel(), centred(b).ravel())[0, 1] > 0.99


def test_chunks_do_not_matter(monkeypatch):
    features, labels = drawn_features(views=2, images=50)
    whole = logistic_regression(features, labels, 3)
    monkeypatch.setattr("rkd_keras.trainers.feature_head.CHUNK", 7)
    for a, b in zip(whole, logistic_regression(features, labels, 3), strict=True):
        np.testing.assert_allclose(a, b, atol=0.01)


def test_scale_and_shift_of_features_do_not_matter():
    features, labels = drawn_features()
    kernel, bias = logistic_regression(features, labels, 3)
    moved, shift = logistic_regression(features * 4 - 7, labels, 3)
    np.testing.assert_allclose(
        (features[0] * 4 - 7) @ moved + shift, features[0] @ kernel + bias, atol=0.02
    )


def test_a_feature_that_never_changes():
    features, labels = drawn_features()
    features[..., 3] = 2.5
    kernel, bias = logistic_regression(features, labels, 3)
    assert np.isfinite(kernel).all()
    np.testing.assert_allclose(kernel[3], 0, atol=1e-6)


@pytest.mark.parametrize(
    ("features", "labels", "reason"),
    [
        (np.zeros((2, 3)), [0, 1, 0], r"must be \(views, images, features\)"),
        (np.zeros((1, 2, 3)), [0, 1, 0], "with 3 labels"),
        (np.zeros((1, 0, 3)), [], "with 0 labels"),
        (np.zeros((1, 2, 3)), [0, 2], "labels must be from 0 to 1, not 0 to 2"),
        (np.zeros((1, 2, 3)), [-1, 0], "not -1 to 0"),
    ],
)
def test_features_that_do_not_belong(features, labels, reason):
    with pytest.raises(InputError, match=reason):
        logistic_regression(features, labels, 2)


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return models.ResNet18(2, width=0.125, input_shape=(16, 16, 3), stem_stride=2)


@pytest.fixture(scope="module")
def pipeline():
    random = np.random.default_rng(0)
    images = random.integers(0, 120, (10, 16, 16, 3)).astype("uint8")
    images[5:] += 100
    labels = np.repeat([0, 1], 5)
    return TrainingPipeline(images, labels, batch_size=4, augment=Augmentation())


def test_the_head_alone_is_trained(model, pipeline):
    before = model.get_weights()
    assert fit_feature_head(model, pipeline, views=2) is model
    for old, new in zip(before[:-2], model.get_weights()[:-2], strict=True):
        np.testing.assert_array_equal(old, new)
    logits = model.predict(pipeline.images, verbose=0)
    assert (logits.argmax(1) == pipeline.labels).all()


def test_what_logits_takes_is_what_is_learnt_from(pipeline):
    """Also where a layer stands between the embedding and the head."""
    inputs = keras.Input((16, 16, 3))
    x = keras.layers.GlobalAveragePooling2D(name="embedding")(inputs)
    x = keras.layers.Rescaling(-1.0)(x)
    model = keras.Model(inputs, keras.layers.Dense(2, name="logits")(x))
    fit_feature_head(model, pipeline, views=1)
    logits = model.predict(pipeline.images, verbose=0)
    assert (logits.argmax(1) == pipeline.labels).all()


def test_a_label_that_is_no_class(model, pipeline):
    wrong = TrainingPipeline(pipeline.images, np.arange(10), batch_size=4)
    with pytest.raises(InputError, match="labels must be from 0 to 1"):
        fit_feature_head(model, wrong, views=1)


def test_a_saved_model_holds_the_head(model, pipeline, tmp_path):
    fit_feature_head(model, pipeline, views=1)
    model.save(tmp_path / "model.keras")
    loaded = models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        loaded.predict(pipeline.images, verbose=0),
        model.predict(pipeline.images, verbose=0),
        atol=1e-5,
    )


def test_views_are_the_pipelines(model, pipeline, tmp_path):
    body = keras.Model(model.input, model.get_layer("embedding").output)
    features = view_features(body, pipeline, 2, tmp_path / "features.npy")
    assert features.dtype == "float16"
    for view in range(2):
        expected = np.concatenate([body(b) for b in pipeline.view_dataset(view)])
        np.testing.assert_allclose(features[view], expected, rtol=2e-3, atol=1e-4)
    assert np.abs(features[0] - features[1]).max() > 0.01
