"""Scores against slow counting, scikit-learn, and hand-computed numbers."""

import json
import math

import numpy as np
import pytest
from sklearn import metrics as reference

from rkd_keras.errors import InputError
from rkd_keras.evaluate.scores import (
    classification_scores,
    top_mistakes,
    wilson_interval,
)

NAMES = ["crazing", "inclusion", "patches", "scratches"]


def random_answers(seed, count=200, classes=4):
    rng = np.random.default_rng(seed)
    labels = rng.choice(classes, count, p=[0.55, 0.25, 0.15, 0.05])
    probabilities = rng.dirichlet(np.ones(classes), count)
    probabilities[np.arange(count), labels] += 0.3
    return labels, probabilities / probabilities.sum(axis=1, keepdims=True)


def counted_gmean(labels, predicted, c):
    tp = sum(t == c and p == c for t, p in zip(labels, predicted, strict=True))
    tn = sum(t != c and p != c for t, p in zip(labels, predicted, strict=True))
    positives = sum(t == c for t in labels)
    return math.sqrt(tp / positives * tn / (len(labels) - positives))


@pytest.mark.parametrize("seed", range(5))
def test_scores_equal_scikit_learn(seed):
    labels, probabilities = random_answers(seed)
    predicted = probabilities.argmax(axis=1)
    scores = classification_scores(labels, probabilities, NAMES, split="test")
    assert scores["accuracy"] == pytest.approx(
        reference.accuracy_score(labels, predicted)
    )
    assert scores["macro_recall"] == pytest.approx(
        reference.balanced_accuracy_score(labels, predicted)
    )
    np.testing.assert_array_equal(
        scores["confusion_matrix"], reference.confusion_matrix(labels, predicted)
    )
    columns = reference.precision_recall_fscore_support(labels, predicted)
    for key, column in zip(
        ("precision", "recall", "f1", "support"), columns, strict=True
    ):
        ours = [scores["per_class"][name][key] for name in NAMES]
        np.testing.assert_allclose(ours, column)
    assert scores["split"] == "test"
    assert scores["images"] == 200


@pytest.mark.parametrize("seed", range(3))
def test_gmean_equals_slow_counting(seed):
    labels, probabilities = random_answers(seed)
    predicted = probabilities.argmax(axis=1)
    scores = classification_scores(labels, probabilities, NAMES)
    expected = [counted_gmean(labels, predicted, c) for c in range(4)]
    ours = [scores["per_class"][name]["gmean"] for name in NAMES]
    np.testing.assert_allclose(ours, expected)
    assert scores["gmean"] == pytest.approx(np.mean(expected))


def test_keys_are_those_of_metrics_json_and_survive_json():
    scores = classification_scores(*random_answers(0), NAMES)
    assert list(scores) == [
        "accuracy",
        "macro_recall",
        "gmean",
        "per_class",
        "confusion_matrix",
        "class_names",
        "split",
        "images",
    ]
    assert list(scores["per_class"]) == NAMES
    assert list(scores["per_class"]["patches"]) == [
        "precision",
        "recall",
        "f1",
        "gmean",
        "support",
    ]
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores


def test_a_class_without_images_is_left_out_of_the_means():
    probabilities = np.eye(4)[[0, 0, 1, 3]]
    scores = classification_scores([0, 0, 1, 1], probabilities, NAMES)
    assert scores["accuracy"] == 0.75
    assert scores["macro_recall"] == 0.75
    assert scores["per_class"]["patches"] == {
        "precision": 0.0,
        "recall": 0.0,
        "f1": 0.0,
        "gmean": 0.0,
        "support": 0,
    }
    assert scores["per_class"]["scratches"]["precision"] == 0.0
    assert scores["gmean"] == pytest.approx((1 + math.sqrt(0.5)) / 2)


def test_a_single_class_seen_has_no_negatives_to_get_wrong():
    scores = classification_scores([1, 1], np.eye(4)[[1, 1]], NAMES)
    assert scores["per_class"]["inclusion"]["gmean"] == 1.0


def test_paper_table_5_follows_from_its_counts():
    """In: P 0.860, R 0.920, F1 0.890 at 100 images a class."""
    labels = np.repeat([0, 1], [100, 500])
    predicted = np.r_[np.zeros(92), np.ones(8), np.zeros(15), np.ones(485)]
    scores = classification_scores(labels, np.eye(2)[predicted.astype(int)], ["In", ""])
    row = scores["per_class"]["In"]
    assert (round(row["precision"], 2), row["recall"]) == (0.86, 0.92)
    assert round(row["f1"], 2) == 0.89


def test_mistakes_are_sorted_by_confidence():
    probabilities = [[0.4, 0.6], [0.05, 0.95], [0.2, 0.8], [0.9, 0.1]]
    found = top_mistakes([0, 0, 1, 1], probabilities, ["a", "b"], list("wxyz"))
    assert [(m["file"], m["truth"], m["predicted"]) for m in found] == [
        ("x", "a", "b"),
        ("z", "b", "a"),
        ("w", "a", "b"),
    ]
    assert found[0]["probability"] == 0.95
    assert found[0]["truth_probability"] == 0.05
    assert found[0]["index"] == 1
    assert len(top_mistakes([0, 0, 1, 1], probabilities, ["a", "b"], limit=2)) == 2
    json.dumps(found)


def test_wilson_interval_solves_its_own_equation():
    for successes, trials in [(0, 10), (5, 10), (597, 600), (600, 600)]:
        for bound in wilson_interval(successes, trials):
            gap = abs(successes / trials - bound)
            # Where the bound is not cut at 0 or 1 it lies 1.96 deviations away.
            if 0 < bound < 1:
                deviation = math.sqrt(bound * (1 - bound) / trials)
                assert gap == pytest.approx(1.96 * deviation)
            else:
                assert gap == 0


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        ([0, 1], [[0.5, 0.5, 0, 0]], "one label an image"),
        ([0], [[0.5, 0.5]], "one name a class"),
        ([], np.zeros((0, 4)), "at least one image"),
        ([0], [[np.nan, 0, 0, 0]], "finite"),
        ([4], [[1, 0, 0, 0]], "0..3"),
        ([-1], [[1, 0, 0, 0]], "0..3"),
        ([0.0], [[1, 0, 0, 0]], "integers"),
    ],
)
def test_bad_input_is_named(labels, probabilities, message):
    with pytest.raises(InputError, match=message):
        classification_scores(labels, probabilities, NAMES)


def test_mistakes_need_a_file_for_each_image():
    with pytest.raises(InputError, match="files must name"):
        top_mistakes([0], [[1, 0]], ["a", "b"], files=[])


def test_impossible_counts_have_no_interval():
    with pytest.raises(InputError, match="successes=3"):
        wilson_interval(3, 2)


def test_wilson_interval_equals_newcombe_s_table():
    # Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    for right, total, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        found = wilson_interval(right, total)
        assert found == pytest.approx((low, high), abs=5e-5)
    low, high = wilson_interval(20, 20)
    assert (low, high) == pytest.approx((1 - 0.1611, 1), abs=5e-5)
