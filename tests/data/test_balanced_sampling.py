import numpy as np
import pytest

from rkd_keras.data import Augmentation, TrainingPipeline
from rkd_keras.data.samples.balanced_sampling import balanced_order

LABELS = np.repeat([0, 1, 2], [40, 15, 5])


def test_classes_come_equally_often_and_images_evenly():
    indices = balanced_order(LABELS, seed=1)(3).numpy()
    assert np.bincount(LABELS[indices]).tolist() == [20, 20, 20]
    times = np.bincount(indices, minlength=60)
    assert set(times[:40]) == {0, 1}
    assert set(times[40:55]) == {1, 2}
    assert set(times[55:]) == {4}


def test_power_zero_is_a_shuffle():
    indices = balanced_order(LABELS, power=0.0)(0).numpy()
    assert sorted(indices) == list(range(60))
    assert list(indices) != list(range(60))


def test_power_half_lies_between():
    counts = np.bincount(LABELS[balanced_order(LABELS, power=0.5)(0)])
    roots = np.sqrt([40, 15, 5])
    np.testing.assert_allclose(counts, 60 * roots / roots.sum(), atol=1)
    assert counts.sum() == 60


def test_order_is_a_function_of_seed_and_epoch():
    order = balanced_order(LABELS, seed=1)
    np.testing.assert_array_equal(order(2), balanced_order(LABELS, seed=1)(2))
    assert (order(2).numpy() != order(3).numpy()).any()
    assert (order(2).numpy() != balanced_order(LABELS, seed=2)(2).numpy()).any()


def test_feeds_a_training_pipeline_and_resumes():
    images = np.arange(60, dtype="uint8")[:, None, None, None] * np.ones(
        (1, 2, 2, 3), "uint8"
    )
    pipeline = TrainingPipeline(
        images, LABELS, batch_size=20, order=balanced_order(LABELS)
    )
    batches = list(pipeline.dataset().take(6))
    labels = np.concatenate([y for _, y in batches[:3]])
    assert np.bincount(labels).tolist() == [20, 20, 20]
    resumed = next(iter(pipeline.dataset(initial_epoch=1)))
    np.testing.assert_array_equal(batches[3][0], resumed[0])


def test_a_repeated_image_gets_a_view_each_time():
    images = np.full((60, 4, 4, 3), 100, "uint8")
    pipeline = TrainingPipeline(
        images,
        LABELS,
        batch_size=60,
        augment=Augmentation(noise=20.0),
        order=balanced_order(LABELS),
    )
    views, labels = next(iter(pipeline.dataset()))
    rare = views.numpy()[labels.numpy() == 2]
    assert len(rare) == 20
    assert len(np.unique(rare.reshape(20, -1), axis=0)) == 20


def test_a_class_without_images_is_passed_over():
    labels = np.array([0, 0, 2])
    assert set(labels[balanced_order(labels)(0)]) == {0, 2}


@pytest.mark.parametrize("labels", [[], [[0, 1]]])
def test_bad_labels(labels):
    with pytest.raises(ValueError, match="`labels`.*shape="):
        balanced_order(labels)


def test_bad_power():
    with pytest.raises(ValueError, match="power=2"):
        balanced_order([0, 1], power=2)
