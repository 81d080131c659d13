import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.explain import VARIANTS, GradCAM

WEIGHTS = np.array([[2.0, -1.0], [-1.0, 3.0], [0.5, 0.25]])


def scaled(heat):
    return heat / heat.max() if heat.max() > 0 else heat


def test_grad_cam_is_its_formula(linear_model, spots):
    images, _ = spots
    for index in (0, 1):
        heat, classes = GradCAM(linear_model(WEIGHTS))(images, index)
        assert heat.shape == (4, 8, 8)
        assert heat.dtype == np.float32
        assert classes.tolist() == [index] * 4
        for found, image in zip(heat, images.astype(float), strict=True):
            # The score is the mean of w_k A_k: its gradient is w_k / 64.
            expected = np.maximum(image @ WEIGHTS[:, index] / 64, 0)
            np.testing.assert_allclose(found, scaled(expected), atol=1e-5)


def test_grad_cam_plus_plus_is_its_formula(linear_model, spots):
    images, _ = spots
    heat, _ = GradCAM(linear_model(WEIGHTS), variant="grad_cam++")(images, 0)
    for found, image in zip(heat, images.astype(float), strict=True):
        expected = np.zeros((8, 8))
        for k in range(3):
            maps, gradient = image[..., k], WEIGHTS[k, 0] / 64
            weight = 0.0
            for _ in range(64):
                alpha = gradient**2 / (2 * gradient**2 + maps.sum() * gradient**3)
                weight += alpha * max(gradient, 0)
            expected += weight * maps
        np.testing.assert_allclose(found, scaled(np.maximum(expected, 0)), atol=1e-5)


def test_an_earlier_layer_gets_its_gradient_through_the_later(linear_model, spots):
    images, _ = spots
    mixing = np.array([[1.0, 0.5], [0.0, 2.0], [-1.0, 1.0]])
    head = np.array([[1.0, 0.0], [-0.5, 1.0]])
    model = linear_model(head, mixing=mixing)
    heat, _ = GradCAM(model, "maps")(images, 0)
    expected = np.maximum(images.astype(float) @ (mixing @ head[:, 0]), 0)
    for found, wanted in zip(heat, expected, strict=True):
        np.testing.assert_allclose(found, scaled(wanted), atol=1e-5)
    pooled, _ = GradCAM(model)(images, 0)
    mixed, _ = GradCAM(model, "mixed")(images, 0)
    np.testing.assert_allclose(pooled, mixed)


def test_a_layer_inside_a_block_is_explained(linear_model, spots):
    import keras
    from keras import layers

    images, _ = spots
    mixing = np.array([[1.0, 0.5, 0.0], [0.0, 2.0, 1.0], [-1.0, 1.0, 0.5]])
    image = keras.Input((8, 8, 3))
    conv = layers.Conv2D(3, 1, use_bias=False, name="mixed")
    # The identity leads past the convolution.
    x = layers.Add()([layers.Rescaling(1.0)(image), conv(image)])
    x = layers.GlobalAveragePooling2D(name="embedding")(x)
    head = layers.Dense(2, use_bias=False, name="logits")
    model = keras.Model(image, head(x))
    conv.set_weights([mixing[None, None]])
    head.set_weights([WEIGHTS])
    for index in (0, 1):
        heat, _ = GradCAM(model, "mixed")(images, index)
        weights = mixing @ WEIGHTS[:, index]
        expected = np.maximum(images.astype(float) @ weights, 0)
        for found, wanted in zip(heat, expected, strict=True):
            np.testing.assert_allclose(found, scaled(wanted), atol=1e-5)
    _, classes = GradCAM(model, "mixed")(images, batch_size=3)
    answers = model.predict_on_batch(images.astype("float32"))
    assert classes.tolist() == answers.argmax(axis=1).tolist()


def test_the_predicted_class_is_explained_by_default(linear_model, spots):
    images, _ = spots
    model = linear_model(WEIGHTS)
    expected = np.argmax(model.predict_on_batch(images.astype("float32")), axis=1)
    heat, classes = GradCAM(model)(images)
    assert classes.tolist() == expected.tolist()
    each, _ = GradCAM(model)(images, expected)
    np.testing.assert_array_equal(heat, each)


def test_a_softmax_head_is_explained_by_its_logits(linear_model, spots):
    images, _ = spots
    # So sure that the softmax's own gradient vanishes.
    plain, squashed = (linear_model(100 * WEIGHTS, a) for a in (None, "softmax"))
    for variant in VARIANTS:
        expected, _ = GradCAM(plain, variant=variant)(images, 1)
        found, _ = GradCAM(squashed, variant=variant)(images, 1)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        assert found.max() == 1


def test_no_evidence_gives_no_heat(linear_model, spots):
    images, _ = spots
    model = linear_model(-np.abs(WEIGHTS))
    for variant in VARIANTS:
        heat, _ = GradCAM(model, variant=variant)(images, 0)
        assert (heat == 0).all()
        black, _ = GradCAM(linear_model(WEIGHTS), variant=variant)(images * 0, 0)
        assert (black == 0).all()


def test_batches_change_nothing(linear_model, spots):
    images, _ = spots
    cam = GradCAM(linear_model(WEIGHTS))
    whole, classes = cam(images)
    parts, same = cam(images, batch_size=3)
    np.testing.assert_allclose(parts, whole)
    assert (classes == same).all()
    none, no_classes = cam(images[:0])
    assert none.shape == (0, 8, 8)
    assert no_classes.shape == (0,)


def test_compare_is_every_variant(linear_model, spots):
    images, _ = spots
    model = linear_model(WEIGHTS)
    heats, classes = GradCAM(model).compare(images)
    assert tuple(heats) == VARIANTS
    for variant in VARIANTS:
        expected, same = GradCAM(model, variant=variant)(images)
        np.testing.assert_array_equal(heats[variant], expected)
        assert (classes == same).all()


def test_maps_are_enlarged_to_the_input(linear_model):
    from rkd_keras.models import ResNet18

    model = ResNet18(width=0.0625, input_shape=(32, 32, 3), stem_stride=2)
    cam = GradCAM(model, variant="grad_cam++")
    assert cam.resolution == (2, 2)
    assert GradCAM(model, "stage2_out").resolution == (8, 8)
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3))
    heat, classes = cam(images)
    assert heat.shape == (2, 32, 32)
    assert heat.min() >= 0
    assert heat.max() <= 1
    assert np.isfinite(heat).all()
    assert classes.shape == (2,)


def test_low_precision_models_are_explained(linear_model, spots):
    import keras

    plain, _ = GradCAM(linear_model(WEIGHTS))(spots[0], 0)
    keras.config.set_dtype_policy("mixed_bfloat16")
    low, _ = GradCAM(linear_model(WEIGHTS))(spots[0], 0)
    assert low.dtype == np.float32
    np.testing.assert_allclose(low, plain, atol=0.02)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"variant": "cam"}, "variant=cam"),
        ({"layer": "nowhere"}, "no layer 'nowhere'"),
        ({"layer": "embedding"}, "layer=embedding"),
    ],
)
def test_wrong_layers_and_variants_are_named(linear_model, arguments, message):
    with pytest.raises(InputError, match=message):
        GradCAM(linear_model(WEIGHTS), **arguments)


def test_wrong_images_and_classes_are_named(linear_model, spots):
    images, _ = spots
    cam = GradCAM(linear_model(WEIGHTS))
    with pytest.raises(InputError, match=r"shape=\(4, 4, 8, 3\)"):
        cam(images[:, :4])
    for index in (2, -1, [0, 1, 2, 0]):
        with pytest.raises(InputError, match="0 to 1"):
            cam(images, index)


def test_a_model_without_an_embedding_is_refused():
    import keras

    inputs = keras.Input((4, 4, 3))
    model = keras.Model(inputs, keras.layers.Conv2D(2, 1)(inputs))
    with pytest.raises(InputError, match="no layer 'embedding'"):
        GradCAM(model)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_model_that_diverged_is_not_explained(linear_model, spots, bad):
    weights = np.eye(3)
    weights[0, :] = bad
    with pytest.raises(InputError, match="no finite numbers"):
        GradCAM(linear_model(weights))(spots[0])
