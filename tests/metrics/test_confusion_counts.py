"""GMean and MacroRecall against counting one by one, in every form of input."""

import keras
import numpy as np
import pytest

from rkd_keras.metrics import GMean, MacroRecall

METRICS = [GMean, MacroRecall]


def counted_rates(labels, predicted, classes, weights=None):
    """Recall and specificity of each class that occurs."""
    weights = np.ones(len(labels)) if weights is None else np.asarray(weights, float)
    rows = []
    for c in range(classes):
        tp = fn = fp = tn = 0.0
        for truth, answer, weight in zip(labels, predicted, weights, strict=True):
            if truth == c:
                tp, fn = (tp + weight, fn) if answer == c else (tp, fn + weight)
            else:
                fp, tn = (fp + weight, tn) if answer == c else (fp, tn + weight)
        if tp + fn > 0:
            rows.append((tp / (tp + fn), tn / (tn + fp) if tn + fp else 1.0))
    return np.array(rows)


def expected_value(metric, *arguments):
    recall, specificity = counted_rates(*arguments).T
    if isinstance(metric, GMean):
        return np.sqrt(recall * specificity).mean()
    return recall.mean()


def random_batch(seed, count=90, classes=5):
    rng = np.random.default_rng(seed)
    labels = rng.choice(classes, count, p=[0.5, 0.3, 0.1, 0.07, 0.03])
    logits = rng.normal(size=(count, classes)).astype("float32")
    logits[np.arange(count), labels] += 1.0
    return labels, logits, rng.uniform(0, 3, count).astype("float32")


@pytest.fixture(params=METRICS, ids=lambda cls: cls.__name__)
def metric(request):
    return request.param(num_classes=5)


@pytest.mark.parametrize("seed", range(3))
def test_equals_counting_over_batches(metric, seed):
    labels, logits, _ = random_batch(seed)
    for part in np.array_split(np.arange(90), 4):
        metric.update_state(labels[part], logits[part])
    expected = expected_value(metric, labels, logits.argmax(axis=1), 5)
    assert float(metric.result()) == pytest.approx(expected, abs=1e-6)


def test_sample_weight_is_honoured(metric):
    labels, logits, weights = random_batch(1)
    metric.update_state(labels, logits, sample_weight=weights)
    expected = expected_value(metric, labels, logits.argmax(axis=1), 5, weights)
    assert float(metric.result()) == pytest.approx(expected, abs=1e-6)
    plain = expected_value(metric, labels, logits.argmax(axis=1), 5)
    assert abs(expected - plain) > 1e-3


def test_weight_zero_removes_a_row(metric):
    labels, logits, _ = random_batch(2)
    weights = (np.arange(90) < 60).astype("float32")
    metric.update_state(labels, logits, sample_weight=weights[:, None])
    expected = expected_value(metric, labels[:60], logits[:60].argmax(axis=1), 5)
    assert float(metric.result()) == pytest.approx(expected, abs=1e-6)


def test_forms_of_labels_and_predictions_agree(metric):
    labels, logits, _ = random_batch(3)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    one_hot = np.eye(5, dtype="float32")[labels]
    smooth = 0.9 * one_hot + 0.02
    results = []
    for y_true in (labels, labels[:, None], labels.astype("float32"), one_hot, smooth):
        for y_pred in (logits, probabilities):
            metric.reset_state()
            metric.update_state(y_true, y_pred)
            results.append(float(metric.result()))
    assert len(set(results)) == 1


def test_classes_that_do_not_occur_are_left_out(metric):
    predicted = np.eye(5, dtype="float32")[[0, 1, 1, 4]]
    metric.update_state([0, 1, 1, 0], predicted)
    expected = expected_value(metric, [0, 1, 1, 0], [0, 1, 1, 4], 5)
    assert float(metric.result()) == pytest.approx(expected, abs=1e-6)


def test_gmean_of_a_class_never_recalled_drags_the_mean_down():
    labels = np.array([0] * 98 + [1] * 2)
    always_first = np.tile([1.0, 0.0], (100, 1))
    gmean, recall = GMean(2), MacroRecall(2)
    gmean.update_state(labels, always_first)
    recall.update_state(labels, always_first)
    assert float(gmean.result()) == 0.0
    assert float(recall.result()) == 0.5


def test_before_the_first_batch_and_after_reset_it_is_zero(metric):
    assert float(metric.result()) == 0.0
    labels, logits, _ = random_batch(4)
    metric.update_state(labels, logits)
    assert float(metric.result()) > 0
    metric.reset_state()
    assert float(metric.result()) == 0.0
    np.testing.assert_array_equal(metric.counts, np.zeros((5, 5)))


def test_merged_parts_equal_the_whole(metric):
    labels, logits, weights = random_batch(7)
    parts = [type(metric)(5) for _ in range(3)]
    for part, rows in zip(parts, np.array_split(np.arange(90), 3), strict=True):
        part.update_state(labels[rows], logits[rows], weights[rows])
    metric.merge_state(parts)
    expected = expected_value(metric, labels, logits.argmax(axis=1), 5, weights)
    assert float(metric.result()) == pytest.approx(expected, abs=1e-6)
    with pytest.raises(ValueError, match="5 classes"):
        metric.merge_state([type(metric)(4)])


def test_bfloat16_policy_counts_exactly(metric):
    exact = type(metric)(5, dtype="mixed_bfloat16")
    labels, logits, _ = random_batch(5)
    for _ in range(20):
        exact.update_state(labels, keras.ops.cast(logits, "bfloat16"))
    assert float(keras.ops.sum(exact.counts)) == 20 * 90


def test_serializes_without_custom_objects(metric):
    text = keras.saving.serialize_keras_object(metric)
    assert text["registered_name"] == f"rkd_keras>{type(metric).__name__}"
    copy = keras.saving.deserialize_keras_object(text)
    assert type(copy) is type(metric)
    assert copy.get_config() == metric.get_config()
    assert copy.get_config()["num_classes"] == 5


def test_runs_in_fit_and_evaluate_in_graph_mode():
    labels, logits, weights = random_batch(6)
    model = keras.Sequential([keras.Input((5,)), keras.layers.Identity()])
    model.compile(metrics=[GMean(5)], weighted_metrics=[MacroRecall(5)], loss="mse")
    model.loss = None
    scores = model.evaluate(
        logits,
        np.eye(5)[labels],
        sample_weight=weights,
        batch_size=16,
        verbose=0,
        return_dict=True,
    )
    predicted = logits.argmax(axis=1)
    assert scores["gmean"] == pytest.approx(
        expected_value(GMean(5), labels, predicted, 5), abs=1e-5
    )
    assert scores["macro_recall"] == pytest.approx(
        expected_value(MacroRecall(5), labels, predicted, 5, weights), abs=1e-5
    )


@pytest.mark.parametrize(
    ("y_true", "y_pred", "message"),
    [
        ([0, 1], np.zeros((2, 4)), "y_pred must be"),
        ([0, 1], np.zeros(2), "y_pred must be"),
        (np.zeros((2, 3)), np.zeros((2, 5)), "y_true must be"),
    ],
)
def test_wrong_shapes_are_named(metric, y_true, y_pred, message):
    with pytest.raises(ValueError, match=f"{message}.*Received: "):
        metric.update_state(y_true, y_pred)


@pytest.mark.parametrize("num_classes", [1, 0, 2.0, None])
def test_wrong_number_of_classes_is_named(num_classes):
    with pytest.raises(ValueError, match="Received: num_classes="):
        GMean(num_classes)
