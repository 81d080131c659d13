import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.evaluate.calibration import expected_calibration_error


def brute_force(probabilities, labels, bins):
    error = 0.0
    for b in range(bins):
        lower, upper = b / bins, (b + 1) / bins
        members = [
            (row.max(), row.argmax() == label)
            for row, label in zip(probabilities, labels, strict=True)
            if lower < row.max() <= upper
        ]
        if members:
            confidence = np.mean([c for c, _ in members])
            accuracy = np.mean([hit for _, hit in members])
            error += len(members) / len(labels) * abs(accuracy - confidence)
    return error


@pytest.mark.parametrize("bins", [1, 7, 15])
def test_equals_the_definition(bins):
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(5), 400)
    labels = rng.integers(0, 5, 400)
    found = expected_calibration_error(probabilities, labels, bins)
    assert found == pytest.approx(brute_force(probabilities, labels, bins))


def test_is_zero_where_sure_and_right_and_one_where_sure_and_wrong():
    sure = np.eye(4)
    assert expected_calibration_error(sure, np.arange(4)) == 0
    assert expected_calibration_error(sure, (np.arange(4) + 1) % 4) == 1


def test_is_small_where_labels_follow_the_probabilities():
    rng = np.random.default_rng(1)
    probabilities = rng.dirichlet(np.full(3, 0.5), 20000)
    labels = (rng.random((20000, 1)) > probabilities.cumsum(axis=1)).sum(axis=1)
    assert expected_calibration_error(probabilities, labels) < 0.02
    sharpened = probabilities**3 / (probabilities**3).sum(axis=1, keepdims=True)
    assert expected_calibration_error(sharpened, labels) > 0.1


@pytest.mark.parametrize(
    ("probabilities", "labels", "bins"),
    [
        (np.ones((2, 2)) / 2, [0], 15),
        (np.ones(2), [0, 1], 15),
        (np.zeros((0, 3)), [], 15),
        (np.eye(2), [0, 1], 0),
        (np.eye(2), [0, 1], 1.5),
    ],
)
def test_refuses_what_does_not_fit(probabilities, labels, bins):
    with pytest.raises(InputError):
        expected_calibration_error(probabilities, labels, bins)
