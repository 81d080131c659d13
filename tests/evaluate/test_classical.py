import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.evaluate import ClassicalClassifier
from rkd_keras.evaluate.classical import CLASSIFIERS, FEATURES, extract_features

PAIRS = [(f, c) for f in FEATURES for c in CLASSIFIERS]


def gratings(count, seed, side=32):
    """Waves down, waves across, and noise: three textures of equal brightness."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    images, labels = [], np.repeat(np.arange(3), count)
    for label in labels:
        phase = rng.uniform(0, 2 * np.pi)
        wave = np.sin(2 * np.pi * (y, x, x)[label] / 5 + phase)
        if label == 2:
            wave = rng.normal(0, 0.7, (side, side))
        grey = 128 + 50 * wave + rng.normal(0, 5, (side, side))
        images.append(np.repeat(np.clip(grey, 0, 255)[..., None], 3, axis=-1))
    return np.array(images).astype("uint8"), labels


@pytest.mark.parametrize(("features", "classifier"), PAIRS)
def test_textures_are_told_apart(features, classifier):
    model = ClassicalClassifier(features, classifier).fit(*gratings(8, seed=0))
    images, labels = gratings(10, seed=1)
    shares = model.predict_proba(images)
    assert shares.shape == (30, 3)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    right = shares.argmax(axis=1) == labels
    # LBP is rotation invariant: it cannot tell waves down from waves across.
    assert (right[labels == 2] if features == "lbp" else right).mean() > 0.95
    assert 0 < model.validation_accuracy <= 1
    assert set(model.best_options) > {"cell_pixels" if features == "hog" else "cells"}


def test_lbp_is_rotation_invariant_and_hog_is_not():
    image = gratings(1, seed=0)[0][:1]
    turned = np.rot90(image, axes=(1, 2))
    lbp, lbp_turned = (extract_features(i, "lbp", cells=1) for i in (image, turned))
    hog, hog_turned = (
        extract_features(i, "hog", cell_pixels=8) for i in (image, turned)
    )
    np.testing.assert_allclose(lbp, lbp_turned, atol=0.02)
    assert np.abs(hog - hog_turned).max() > 0.2


def test_lbp_histograms_are_shares():
    columns = extract_features(gratings(1, seed=0)[0], "lbp", cells=1)
    # Radii 1, 2 and 3 with 8, 16 and 24 points: 10, 18 and 26 codes.
    for part in np.split(columns, (10, 28), axis=1):
        np.testing.assert_allclose(part.sum(axis=1), 1, rtol=1e-6)


def test_gabor_answers_to_its_orientation_and_not_to_brightness():
    y, x = np.mgrid[:64, :64]
    wave = 128 + 60 * np.sin(2 * np.pi * x / 5)
    images = np.stack([wave, wave.T, wave - 40]).astype("uint8")
    columns = extract_features(np.repeat(images[..., None], 3, -1), "gabor", cells=1)
    means = columns[:, ::2].reshape(3, 4, 6)
    # Wavelength 5 is the second of the bank; the wave runs along x, then along y.
    strongest = [np.unravel_index(m.argmax(), m.shape) for m in means]
    assert strongest[0] == (1, 0)
    assert strongest[1] == (1, 3)
    np.testing.assert_allclose(means[0], means[2], atol=0.5)


def test_cells_describe_the_parts():
    image = np.full((1, 64, 64, 3), 128, "uint8")
    image[:, :32, :32] = gratings(1, seed=3)[0][0]
    whole = extract_features(image, "gabor", cells=2).reshape(24, 4, 2)
    energy = whole[..., 0].sum(axis=0)
    assert energy.argmax() == 0
    assert energy[0] > 3 * energy[3]


def test_the_same_seed_chooses_the_same():
    images, labels = gratings(6, seed=0)
    first, second = (
        ClassicalClassifier("gabor", "svm", seed=3).fit(images, labels)
        for _ in range(2)
    )
    assert first.best_options == second.best_options
    np.testing.assert_array_equal(
        first.predict_proba(images), second.predict_proba(images)
    )


def test_two_classes():
    images, labels = gratings(6, seed=0)
    pair = labels < 2
    for classifier in CLASSIFIERS:
        model = ClassicalClassifier("hog", classifier).fit(images[pair], labels[pair])
        shares = model.predict_proba(images[pair])
        np.testing.assert_array_equal(shares.argmax(axis=1), labels[pair])


def test_bad_input():
    with pytest.raises(InputError, match="features must be one of gabor, lbp, hog"):
        ClassicalClassifier("sift", "svm")
    with pytest.raises(InputError, match="classifier must be one of svm, knn"):
        ClassicalClassifier("hog", "forest")
    images, labels = gratings(2, seed=0)
    with pytest.raises(InputError, match="must be fitted before"):
        ClassicalClassifier("hog", "svm").predict_proba(images)
    with pytest.raises(InputError, match="at least 2 training images of each class"):
        ClassicalClassifier("hog", "svm").fit(images[:5], labels[:5])
