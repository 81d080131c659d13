import keras
import numpy as np
import pytest

from rkd_keras.models import ResNetGenerator


def test_parameters_are_those_of_the_reference():
    # The original has 11,378,179 with a bias in each convolution; here the 24
    # normalised ones have a scale and a shift instead: one more per filter.
    filters = [64, 128, 256, *[256] * 18, 128, 64]
    model = ResNetGenerator((256, 256, 3))
    assert model.count_params() == 11_378_179 + sum(filters)


@pytest.mark.parametrize("upsampling", ["transpose", "resize"])
@pytest.mark.parametrize("residual", [False, True])
def test_images_in_and_out(upsampling, residual, tmp_path):
    model = ResNetGenerator((16, 20, 3), 4, 2, upsampling, residual)
    images = np.random.default_rng(0).integers(0, 256, (2, 16, 20, 3))
    made = model.predict(images.astype("float32"), verbose=0)
    assert made.shape == images.shape
    assert made.min() >= 0 and made.max() <= 255
    assert made.std() > 0
    kinds = {type(layer).__name__ for layer in model.layers}
    assert ("Conv2DTranspose" in kinds) == (upsampling == "transpose")
    model.save(tmp_path / "generator.keras")
    copy = keras.models.load_model(tmp_path / "generator.keras")
    np.testing.assert_allclose(copy.predict(images, verbose=0), made, atol=1e-3)


def test_residual_without_a_change_is_the_identity():
    model = ResNetGenerator((16, 16, 1), 2, 1, residual=True)
    head = model.get_layer("head_conv")
    head.set_weights([np.zeros_like(w) for w in head.get_weights()])
    images = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 1))
    np.testing.assert_allclose(model(images.astype("float32")), images, atol=1e-3)


def test_sizes_may_be_left_open():
    model = ResNetGenerator((None, None, 1), 2, 1, "resize")
    for side in (16, 24):
        assert model(np.zeros((1, side, side, 1))).shape == (1, side, side, 1)


def test_half_precision_inside_full_precision_out():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = ResNetGenerator((16, 16, 1), 2, 1, residual=True)
        made = model(np.zeros((1, 16, 16, 1), "float32"))
    finally:
        keras.config.set_dtype_policy(policy)
    assert keras.backend.standardize_dtype(made.dtype) == "float32"
    assert model.get_layer("block_1_1_conv").compute_dtype == "bfloat16"


def test_every_parameter_gets_a_gradient():
    import tensorflow as tf

    model = ResNetGenerator((16, 16, 1), 2, 1)
    images = np.random.default_rng(0).uniform(0, 255, (2, 16, 16, 1))
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(
            tf.square(model(images.astype("float32"), training=True))
        )
    for variable, gradient in zip(
        model.trainable_variables,
        tape.gradient(value, model.trainable_variables),
        strict=True,
    ):
        assert gradient is not None, variable.path
        assert np.abs(gradient).max() > 0, variable.path


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"multiples of 4.*\(30, 32, 3\)"):
        ResNetGenerator((30, 32, 3))
    with pytest.raises(ValueError, match="upsampling=shuffle"):
        ResNetGenerator(upsampling="shuffle")
