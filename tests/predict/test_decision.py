import json

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from tiny_exports import textures

from rkd_keras.errors import InputError
from rkd_keras.predict import (
    UnknownDetector,
    fit_temperature,
    fit_unknown,
    softmax,
)
from rkd_keras.predict.surface_statistics import surface_statistics


def drawn(count, seed, scale=1.0):
    """Logits, and labels that follow their softmax; the logits times `scale`."""
    rng = np.random.default_rng(seed)
    logits = 2 * rng.normal(size=(count, 4))
    labels = np.argmax(logits + rng.gumbel(size=logits.shape), axis=1)
    return scale * logits, labels


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0])
def test_temperature_undoes_a_scale(scale):
    assert fit_temperature(*drawn(20000, 0, scale)) == pytest.approx(scale, rel=0.05)


def test_temperature_is_where_the_loss_is_least():
    logits, labels = drawn(500, 1, 2.5)
    found = fit_temperature(logits, labels)

    def loss(temperature):
        rows = np.arange(len(labels))
        return -np.mean(np.log(softmax(logits, temperature)[rows, labels]))

    grid = np.geomspace(0.1, 10, 2000)
    best = grid[np.argmin([loss(t) for t in grid])]
    # Platt's targets move the minimum by about 1 / n.
    assert found == pytest.approx(best, rel=0.03)


def test_temperature_is_finite_without_a_single_mistake():
    labels = np.arange(60) % 3
    few = fit_temperature(8.0 * np.eye(3)[labels], labels)
    many = fit_temperature(8.0 * np.eye(3)[np.tile(labels, 50)], np.tile(labels, 50))
    assert 0.05 < many < few < 20
    sure = softmax(8.0 * np.eye(3), few).max()
    assert sure == pytest.approx(61 / 62, abs=1e-3)


@pytest.mark.parametrize(
    ("logits", "labels"),
    [
        (np.zeros((3, 2)), [0, 1]),
        (np.zeros((0, 2)), []),
        (np.zeros((2, 2)), [0, 2]),
        (np.zeros((2, 2)), [0, -1]),
        (np.zeros((2, 2)), [0.0, 1.0]),
        (np.full((2, 2), np.nan), [0, 1]),
    ],
)
def test_temperature_refuses_what_does_not_fit(logits, labels):
    with pytest.raises(InputError):
        fit_temperature(logits, labels)


def test_softmax_holds_at_huge_logits():
    np.testing.assert_allclose(softmax([[1e4, 0.0]]), [[1.0, 0.0]])
    np.testing.assert_allclose(softmax([[0.0, np.log(4)]], 2.0), [[1 / 3, 2 / 3]])


def detector_of(card):
    return UnknownDetector.from_card(json.loads(json.dumps(card)))


def test_score_is_the_log_density_of_the_likeliest_class():
    images, labels = textures(40, seed=0)
    detector = detector_of(fit_unknown(images, labels))
    x = surface_statistics(images)
    scatters = [
        np.cov(x[labels == c].T, bias=True) * np.sum(labels == c) for c in range(3)
    ]
    pooled = sum(scatters) / len(x)
    others = surface_statistics(textures(5, seed=1)[0])
    densities = []
    for c in range(3):
        covariance = (scatters[c] + 20 * pooled) / (40 + 20) + 1e-3 * np.eye(18)
        normal = multivariate_normal(x[labels == c].mean(axis=0), covariance)
        densities.append(normal.logpdf(others))
    expected = -2 * np.max(densities, axis=0) - 18 * np.log(2 * np.pi)
    np.testing.assert_allclose(
        detector.score(textures(5, seed=1)[0]), expected, rtol=1e-4, atol=1e-3
    )


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.3])
def test_threshold_keeps_the_false_alarm_rate_on_new_images(rate):
    card = fit_unknown(*textures(200, seed=0), false_alarm_rate=rate)
    detector = detector_of(card)
    found = np.mean(detector.score(textures(400, seed=1)[0]) > detector.threshold)
    assert found == pytest.approx(rate, rel=0.5)
    assert card["false_alarm_rate"] == rate


def test_strangers_score_higher():
    detector = detector_of(fit_unknown(*textures(40, seed=0)))
    rng = np.random.default_rng(0)
    known = textures(5, seed=1)[0]
    strangers = [
        np.zeros_like(known),
        np.full_like(known, 255),
        rng.integers(0, 256, known.shape, np.uint8),
        known // 4,
        255 - known // 8,
        np.repeat(np.repeat(known[:, ::4, ::4], 4, axis=1), 4, axis=2),
    ]
    for images in strangers:
        assert detector.score(images).min() > detector.threshold


def test_few_images_take_the_largest_score():
    images, labels = textures(8, seed=0)
    card = fit_unknown(images, labels, false_alarm_rate=0.01)
    tight = fit_unknown(images, labels, false_alarm_rate=0.5)
    assert np.isfinite(card["threshold"])
    assert card["threshold"] > tight["threshold"]
    assert not np.any(detector_of(card).score(images) > card["threshold"])


def test_equal_images_give_finite_scores():
    images = np.repeat(np.array([50, 120, 200], np.uint8), 4)
    images = np.broadcast_to(images[:, None, None, None], (12, 32, 32, 3))
    detector = detector_of(fit_unknown(images, np.repeat([0, 1, 2], 4)))
    assert np.isfinite(detector.score(images)).all()
    noise = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)
    assert detector.score(noise).min() > detector.threshold


def test_parameters_survive_json():
    card = json.loads(json.dumps(fit_unknown(*textures(10, seed=0))))
    assert UnknownDetector.from_card(card).to_card() == card


@pytest.mark.parametrize(
    "change",
    [
        {"method": "oracle"},
        {"means": None},
        {"means": {"shape": [0, 18], "float32": ""}},
        {"means": {"shape": [1, 1], "float32": "AACAPw=="}},
        {"means": {"shape": [2, 2], "float32": "AAAA"}},
        {"whitening": {"shape": [1], "float32": "not base64!"}},
        {"log_determinants": {"shape": [1], "float32": "AADAfw=="}},
        {"threshold": "high"},
        {"threshold": float("nan")},
    ],
)
def test_malformed_parameters_are_refused(change):
    card = fit_unknown(*textures(4, seed=0))
    with pytest.raises(InputError):
        UnknownDetector.from_card({**card, **change})


@pytest.mark.parametrize(
    ("count", "labels", "rate"),
    [
        (3, [0, 0, 1], 0.01),
        (4, [0, 0, 2, 2], 0.01),
        (4, [0, 0, 1, 1], 0.0),
        (4, [0, 0, 1, 1], 1.0),
        (4, [0, 0, 1], 0.1),
        (4, [0, 0, -1, -1], 0.1),
        (0, [], 0.1),
    ],
)
def test_fit_unknown_refuses_what_does_not_fit(count, labels, rate):
    with pytest.raises(InputError):
        fit_unknown(np.zeros((count, 32, 32, 3), np.uint8), labels, rate)
