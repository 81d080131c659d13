import numpy as np
import pytest
from helpers import check_layer

from rkd_keras.layers import SADDT, ChannelGate, ChannelShrinkage, SoftThreshold


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def set_weights(layer, rng):
    """Give every weight a random value; variances must be positive."""
    layer.set_weights(
        [
            rng.uniform(0.5, 1.5, w.shape)
            if "variance" in w.path
            else rng.normal(0, 0.5, w.shape)
            for w in layer.weights
        ]
    )


def numpy_gate(layer, x):
    """alpha and R by eqs. 5 to 7, from the layer's weights by name."""
    w = {v.path.split("/", 1)[1]: np.array(v) for v in layer.weights}
    squeezed = np.abs(x).mean(axis=(1, 2))
    hidden = squeezed @ w["squeeze/kernel"] + w["squeeze/bias"]
    hidden = (hidden - w["bn/moving_mean"]) / np.sqrt(
        w["bn/moving_variance"] + layer.epsilon
    )
    hidden = hidden * w["bn/gamma"] + w["bn/beta"]
    alpha = sigmoid(np.maximum(hidden, 0) @ w["excite/kernel"] + w["excite/bias"])
    return alpha, squeezed


def numpy_saddt(x, alpha, squeezed, form):
    """Eqs. 10 and 11, one number at a time."""
    y = np.zeros_like(x)
    for n, i, j, c in np.ndindex(x.shape):
        delta = alpha[n, c]
        tau = np.mean(np.abs(sigmoid(delta * x[n, :, :, c]))) * squeezed[n, c]
        value = x[n, i, j, c]
        if form == "paper":
            if value > tau:
                y[n, i, j, c] = delta * value - tau
            elif value < -tau:
                y[n, i, j, c] = delta * value + tau
        else:
            y[n, i, j, c] = np.sign(value) * max(delta * abs(value) - tau, 0)
    return y


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(0, 2, (3, 5, 4, 6)).astype("float32")


def test_soft_threshold_known_numbers():
    x = np.array([[-3, -1, 0.5, 2]], "float32")
    y = SoftThreshold()(x, np.array([[1, 1, 1, 0.25]], "float32"))
    np.testing.assert_allclose(y, [[-2, 0, 0, 1.75]])


def test_soft_threshold_per_channel_equals_loop(x):
    tau = np.random.default_rng(1).uniform(0, 2, (3, 6)).astype("float32")
    expected = np.sign(x) * np.maximum(np.abs(x) - tau[:, None, None, :], 0)
    np.testing.assert_allclose(SoftThreshold()(x, tau), expected, rtol=1e-6)


def test_gate_equals_numpy(x):
    layer = ChannelGate()
    layer.build(x.shape)
    set_weights(layer, np.random.default_rng(2))
    alpha, squeezed = layer(x)
    expected_alpha, expected_squeezed = numpy_gate(layer, x)
    np.testing.assert_allclose(alpha, expected_alpha, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(squeezed, expected_squeezed, rtol=1e-5)


def test_channel_shrinkage_is_drsn(x):
    layer = ChannelShrinkage()
    layer.build(x.shape)
    set_weights(layer, np.random.default_rng(3))
    alpha, squeezed = numpy_gate(layer, x)
    tau = (alpha * squeezed)[:, None, None, :]
    expected = np.sign(x) * np.maximum(np.abs(x) - tau, 0)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("form", ["paper", "continuous"])
def test_saddt_equals_numpy(x, form):
    layer = SADDT(form=form)
    layer.build(x.shape)
    set_weights(layer, np.random.default_rng(4))
    expected = numpy_saddt(x, *numpy_gate(layer, x), form)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-5)
    assert 0.05 < (expected != 0).mean() < 0.95, "the test must see both branches"


def test_paper_form_jumps_and_flips_sign_and_continuous_does_not():
    """What the docstring owns up to, shown on one channel."""
    x = np.linspace(0, 3, 301, dtype="float32").reshape(1, 301, 1, 1)
    outputs = {}
    for form in ("paper", "continuous"):
        layer = SADDT(form=form)
        layer.build(x.shape)
        outputs[form] = np.array(layer(x)).ravel()
    assert outputs["paper"].min() < 0, "delta < 1 flips the sign above tau"
    assert outputs["continuous"].min() >= 0
    jumps = {form: np.abs(np.diff(y)).max() for form, y in outputs.items()}
    assert jumps["paper"] > 10 * jumps["continuous"]


def test_channel_shrinkage_treats_both_signs_alike(x):
    layer = ChannelShrinkage()
    np.testing.assert_allclose(layer(-x), -np.array(layer(x)), rtol=1e-5)


def test_layers_keep_keras_contracts(x):
    check_layer(SADDT(), x, x.shape, weights=6)
    check_layer(SADDT(form="continuous", reduction=2), x, x.shape, weights=6)
    check_layer(ChannelShrinkage(), x, x.shape, weights=6)


def test_bad_arguments():
    with pytest.raises(ValueError, match="`form` must be one of"):
        SADDT(form="other")
    with pytest.raises(ValueError, match="Received: reduction=0"):
        ChannelGate(reduction=0)
    with pytest.raises(ValueError, match="leaves no hidden unit"):
        ChannelGate(reduction=16)(np.ones((1, 2, 2, 4), "float32"))
