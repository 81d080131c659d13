"""The formulas, of arrays and of tensors, against counting and scikit-learn."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from sklearn import metrics as reference

from rkd_keras.losses import AdaptiveGMeanLoss
from rkd_keras.metrics import ClassRates, GMean, one_vs_rest
from rkd_keras.metrics.class_rates import geometric_mean


def answers(seed, classes=4, count=120):
    rng = np.random.default_rng(seed)
    labels = rng.choice(classes, count, p=[0.6, 0.25, 0.1, 0.05])
    predicted = np.where(rng.random(count) < 0.6, labels, rng.choice(classes, count))
    return labels, predicted


@pytest.mark.parametrize("seed", range(3))
def test_equals_scikit_learn_one_class_against_the_rest(seed):
    labels, predicted = answers(seed)
    rates = one_vs_rest(reference.confusion_matrix(labels, predicted))
    precision, recall, f1, _ = reference.precision_recall_fscore_support(
        labels, predicted, zero_division=0
    )
    np.testing.assert_allclose(rates.precision, precision)
    np.testing.assert_allclose(rates.recall, recall)
    np.testing.assert_allclose(rates.f1, f1)
    for c in range(4):
        truth, answer = labels == c, predicted == c
        specificity = reference.recall_score(~truth, ~answer)
        np.testing.assert_allclose(rates.specificity[c], specificity)
        accuracy = reference.accuracy_score(truth, answer)
        np.testing.assert_allclose(rates.accuracy[c], accuracy)
        np.testing.assert_allclose(rates.gmean[c], np.sqrt(recall[c] * specificity))
    assert rates.mean("recall") == pytest.approx(
        reference.balanced_accuracy_score(labels, predicted)
    )


def test_tensors_give_what_arrays_give():
    counts = reference.confusion_matrix(*answers(3)) * 0.3
    arrays = one_vs_rest(counts)
    tensors = one_vs_rest(keras.ops.convert_to_tensor(counts, "float32"))
    for name, values in zip(ClassRates._fields, tensors, strict=True):
        np.testing.assert_allclose(
            values, getattr(arrays, name), rtol=1e-6, err_msg=name
        )
    np.testing.assert_allclose(tensors.mean("gmean"), arrays.mean("gmean"), rtol=1e-6)


def test_what_does_not_occur():
    """No image of class 2, which is never predicted; of nothing all is 0."""
    rates = one_vs_rest(np.array([[3, 1, 0], [0, 2, 0], [0, 0, 0]]))
    assert rates.present.tolist() == [True, True, False]
    assert rates.recall.tolist() == [0.75, 1.0, 0.0]
    assert rates.precision[2] == rates.f1[2] == rates.gmean[2] == 0
    assert rates.specificity[2] == 1.0
    assert rates.mean("recall") == 0.875
    nothing = one_vs_rest(np.zeros((3, 3)))
    assert nothing.mean("gmean") == 0 and np.isfinite(np.array(nothing[:6])).all()
    alone = one_vs_rest(np.array([[5, 0], [0, 0]]))
    assert (alone.specificity[0], alone.gmean[0]) == (1, 1)


def test_weights_below_one_are_counts_too():
    rates = one_vs_rest(np.array([[0.2, 0.1], [0.0, 0.3]]))
    np.testing.assert_allclose(rates.recall, [2 / 3, 1])


def test_metric_loss_and_formula_agree():
    labels, predicted = answers(4)
    counts = reference.confusion_matrix(labels, predicted)
    metric = GMean(4)
    metric.update_state(labels, np.eye(4)[predicted])
    np.testing.assert_allclose(
        metric.result(), one_vs_rest(counts).mean("gmean"), rtol=1e-6
    )
    loss = AdaptiveGMeanLoss([10, 10, 10, 10])
    loss.update_statistics(counts)
    recall, specificity, accuracy = loss.get_state()["statistics"]
    rates = one_vs_rest(counts)
    for found, expected in (
        (recall, rates.recall),
        (specificity, rates.specificity),
        (accuracy, rates.accuracy),
        (geometric_mean(recall, specificity), rates.gmean),
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_formulas_load_no_keras():
    program = (
        "import sys, numpy as np\n"
        "from rkd_keras.metrics.class_rates import one_vs_rest\n"
        "one_vs_rest(np.eye(2))\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
