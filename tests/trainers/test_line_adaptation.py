"""CORAL, AdaBN, class-balanced answers and prototypes against slow references."""

import keras
import numpy as np
import pytest
from scipy.linalg import fractional_matrix_power

from rkd_keras.errors import InputError
from rkd_keras.layers import BatchNormalization
from rkd_keras.trainers import (
    adapt_batch_norm,
    confident_answers,
    coral,
    cosine_prototypes,
)


def features(count, seed, width=5):
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(width, width))
    return rng.normal(size=(count, width)) @ mixed + rng.normal(size=width)


def test_coral_is_the_published_formula():
    source, target = features(60, 0), features(80, 1)
    level = np.mean([np.cov(x.T, bias=True).trace() / 5 for x in (source, target)])
    ridge = 0.3 * level * np.eye(5)
    covariances = [np.cov(x.T, bias=True) + ridge for x in (source, target)]
    white = fractional_matrix_power(covariances[0], -0.5)
    colour = fractional_matrix_power(covariances[1], 0.5)
    expected = (source - source.mean(0)) @ white @ colour + target.mean(0)
    np.testing.assert_allclose(coral(source, target, 0.3), expected, atol=1e-5)
    # Of a line to itself nothing moves, whatever the regularisation is.
    np.testing.assert_allclose(coral(source, source), source, atol=1e-5)
    assert np.isfinite(coral(features(3, 2, 40), features(3, 3, 40))).all()
    for one, other in ((source, target[:, :4]), (source[:1], target)):
        with pytest.raises(InputError, match="Received"):
            coral(one, other)


def test_answers_are_the_surest_of_each_class():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([3, 1, 0.5], 90)
    chosen, labels = confident_answers(probabilities, 0.4)
    assert (labels == probabilities.argmax(1)[chosen]).all()
    for label in range(3):
        rows = np.flatnonzero(probabilities.argmax(1) == label)
        taken = chosen[labels == label]
        assert len(taken) == min(12, len(rows))
        left = np.setdiff1d(rows, taken)
        if len(left):
            sure = probabilities[:, label]
            assert sure[taken].min() >= sure[left].max()
    everything, _ = confident_answers(probabilities, 1.0)
    assert np.bincount(probabilities.argmax(1)[everything], minlength=3).max() <= 30
    with pytest.raises(InputError, match="share in"):
        confident_answers(probabilities, 0)


def test_prototypes_name_the_nearest_direction():
    rng = np.random.default_rng(1)
    labels = np.arange(30) % 3
    shown = rng.normal(size=(30, 6)) + 3 * np.eye(6)[labels]
    kernel, bias = cosine_prototypes(shown, labels, 3)
    means = np.stack([shown[labels == c].mean(0) for c in range(3)])
    apart, others = means - means.mean(0), rng.normal(size=(50, 6)) - means.mean(0)
    cosines = others @ apart.T / np.linalg.norm(apart, axis=1)
    logits = (others + means.mean(0)) @ kernel + bias
    assert (logits.argmax(1) == cosines.argmax(1)).all()
    # Twice as large features: the same logits.
    again, shift = cosine_prototypes(2 * shown, labels, 3)
    np.testing.assert_allclose(
        2 * (others + means.mean(0)) @ again + shift, logits, rtol=1e-4, atol=1e-4
    )
    with pytest.raises(InputError, match="class 3 has no image"):
        cosine_prototypes(shown, labels, 4)


@pytest.mark.parametrize("layer", [BatchNormalization, keras.layers.BatchNormalization])
def test_statistics_become_those_of_the_images(layer):
    inputs = keras.Input((6, 6, 2))
    model = keras.Model(inputs, layer(momentum=0.9, name="norm")(inputs))
    norm = model.get_layer("norm")
    norm.trainable = False
    images = np.random.default_rng(0).normal(3, 2, (10, 6, 6, 2)).astype("float32")
    adapt_batch_norm(model, images, batch_size=5)
    halves = images[:5], images[5:]
    expected = np.mean([x.mean((0, 1, 2)) for x in halves], axis=0)
    np.testing.assert_allclose(norm.moving_mean, expected, rtol=1e-4)
    expected = np.mean([x.var((0, 1, 2)) for x in halves], axis=0)
    # The fused operation divides by one less than the number of pixels.
    np.testing.assert_allclose(norm.moving_variance, expected, rtol=1e-2)
    assert norm.momentum == 0.9 and not norm.trainable
    with pytest.raises(InputError, match="at least two images"):
        adapt_batch_norm(model, images[:1])
    plain = keras.Model(inputs, keras.layers.ReLU()(inputs))
    with pytest.raises(InputError, match="has no batch normalisation"):
        adapt_batch_norm(plain, images)
