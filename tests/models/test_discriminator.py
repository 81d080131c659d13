import keras
import numpy as np
import pytest

from rkd_keras.models import PatchDiscriminator


def test_parameters_are_those_of_the_reference():
    # The original has 2,764,737 with biases; the three normalised convolutions
    # have a scale and a shift instead: one more per filter.
    model = PatchDiscriminator((256, 256, 3))
    assert model.count_params() == 2_764_737 + 128 + 256 + 512
    assert model.output_shape == (None, 30, 30, 1)


@pytest.mark.parametrize(("depth", "patch"), [(1, 16), (2, 34)])
def test_a_score_sees_a_patch(depth, patch):
    """Change pixels outside one score's patch: through the convolutions alone,
    the score must not change."""
    model = PatchDiscriminator((64, 64, 1), 2, depth)
    # Normalisation looks at the whole image; take it out of the way.
    inputs = keras.Input((64, 64, 1))
    x = inputs
    for layer in model.layers[1:]:
        if not isinstance(layer, keras.layers.GroupNormalization):
            x = layer(x)
    plain = keras.Model(inputs, x)
    rng = np.random.default_rng(0)
    image = rng.uniform(0, 255, (1, 64, 64, 1)).astype("float32")
    score = plain(image).numpy()
    changed = image.copy()
    changed[0, 32, 32] += 50
    rows, columns = np.nonzero(np.abs(plain(changed).numpy() - score)[0, ..., 0] > 0)
    # Neighbouring scores' patches are 2^depth pixels apart.
    assert len(set(rows)) == patch // 2**depth
    assert len(set(columns)) == patch // 2**depth


@pytest.mark.parametrize("spectral_norm", [False, True])
def test_saved_and_loaded(spectral_norm, tmp_path):
    model = PatchDiscriminator((16, 16, 3), 2, 1, spectral_norm)
    images = np.random.default_rng(0).uniform(0, 255, (2, 16, 16, 3))
    scores = model.predict(images, verbose=0)
    model.save(tmp_path / "discriminator.keras")
    copy = keras.models.load_model(tmp_path / "discriminator.keras")
    np.testing.assert_allclose(copy.predict(images, verbose=0), scores, atol=1e-5)


def test_spectral_norm_bounds_the_weights():
    model = PatchDiscriminator((16, 16, 1), 4, 1, spectral_norm=True)
    images = np.random.default_rng(0).uniform(0, 255, (2, 16, 16, 1)).astype("float32")
    for _ in range(30):
        model(images, training=True)
    kernel = model.get_layer("conv_1_sn").layer.kernel.numpy()
    values = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)
    assert values[0] == pytest.approx(1.0, abs=0.05)


def test_too_small_an_image():
    with pytest.raises(ValueError, match=r"at least 24 pixels.*\(16, 16, 3\)"):
        PatchDiscriminator((16, 16, 3))
