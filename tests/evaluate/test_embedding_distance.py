import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.evaluate.embedding_distance import frechet_distance, kernel_distance

RNG = np.random.default_rng(0)


def test_frechet_of_equal_sets_is_zero():
    a = RNG.normal(size=(40, 8))
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-8)
    assert frechet_distance(a, a[::-1]) == pytest.approx(0, abs=1e-8)


def test_frechet_of_diagonal_gaussians():
    # With independent features: sum of (m1 - m2)^2 + (s1 - s2)^2.
    a = RNG.normal(size=(200_000, 3)) * [1.0, 2.0, 3.0] + [0.0, 1.0, 2.0]
    b = RNG.normal(size=(200_000, 3)) * [2.0, 2.0, 1.0] + [1.0, 1.0, 0.0]
    expected = (1 + 0 + 4) + (1 + 0 + 4)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=0.02)


def test_frechet_against_the_matrix_square_root():
    from scipy.linalg import sqrtm

    a, b = RNG.normal(size=(60, 5)), RNG.normal(size=(80, 5)) @ RNG.normal(size=(5, 5))
    s1, s2 = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    gap = a.mean(0) - b.mean(0)
    expected = gap @ gap + np.trace(s1 + s2 - 2 * sqrtm(s1 @ s2).real)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(b, a) == pytest.approx(expected, rel=1e-6)


def test_frechet_with_fewer_images_than_features():
    a, b = RNG.normal(size=(2, 6, 50))
    assert np.isfinite(frechet_distance(a, b))
    shift = np.zeros(50)
    shift[3] = 2.0
    assert frechet_distance(a, a + shift) == pytest.approx(4.0, rel=1e-3)


def test_rotations_do_not_matter():
    a, b = RNG.normal(size=(30, 4)), RNG.normal(1.0, size=(30, 4))
    rotation = np.linalg.qr(RNG.normal(size=(4, 4)))[0]
    for measure in (frechet_distance, kernel_distance):
        assert measure(a @ rotation, b @ rotation) == pytest.approx(measure(a, b))


def test_kernel_distance_pair_by_pair():
    a, b = RNG.normal(size=(5, 3)), RNG.normal(1.0, size=(4, 3))

    def k(u, v):
        return (sum(x * y for x, y in zip(u, v, strict=True)) / 3 + 1) ** 3

    own_a = np.mean(
        [k(u, v) for i, u in enumerate(a) for j, v in enumerate(a) if i != j]
    )
    own_b = np.mean(
        [k(u, v) for i, u in enumerate(b) for j, v in enumerate(b) if i != j]
    )
    cross = np.mean([k(u, v) for u in a for v in b])
    assert kernel_distance(a, b) == pytest.approx(own_a + own_b - 2 * cross)


def test_kernel_distance_is_unbiased():
    values = [kernel_distance(*RNG.normal(size=(2, 10, 4))) for _ in range(400)]
    assert abs(np.mean(values)) < 3 * np.std(values) / 20


@pytest.mark.parametrize("measure", [frechet_distance, kernel_distance])
def test_bad_input(measure):
    with pytest.raises(InputError, match="alike"):
        measure(np.zeros((3, 2)), np.zeros((3, 4)))
    with pytest.raises(InputError, match="two embeddings"):
        measure(np.zeros((1, 2)), np.zeros((3, 2)))
    with pytest.raises(InputError, match="finite"):
        measure(np.full((3, 2), np.nan), np.zeros((3, 2)))
