import numpy as np
import pytest
import tensorflow as tf

from rkd_keras.data import (
    Augmentation,
    TrainingPipeline,
    add_noise,
    cutmix,
    evaluation_dataset,
    mixup,
)
from rkd_keras.errors import InputError


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (11, 8, 8, 3), dtype=np.uint8)


def first(dataset, count):
    return [tf.nest.map_structure(np.array, batch) for batch in dataset.take(count)]


def test_an_epoch_shows_every_image_in_full_batches(images):
    pipeline = TrainingPipeline(images, np.arange(11), 4, seed=1)
    assert pipeline.steps_per_epoch == 3
    batches = first(pipeline.dataset(), 3)
    assert {b[0].shape for b in batches} == {(4, 8, 8, 3)}
    seen = np.concatenate([b[1] for b in batches])
    assert set(seen) == set(range(11)) and len(seen) == 12
    np.testing.assert_array_equal(batches[0][0], images[batches[0][1]])


def test_a_shorter_epoch_draws_of_all_images(images):
    pipeline = TrainingPipeline(images, np.arange(11), 4, seed=1, epoch_size=8)
    assert pipeline.steps_per_epoch == 2
    epochs = np.array([b[1] for b in first(pipeline.dataset(), 8)]).reshape(4, 8)
    assert [len(set(epoch)) for epoch in epochs] == [8] * 4
    assert set(epochs.ravel()) == set(range(11))
    resumed = first(pipeline.dataset(3), 2)
    np.testing.assert_array_equal(np.concatenate([b[1] for b in resumed]), epochs[3])
    with pytest.raises(ValueError, match="from 1 to 11"):
        TrainingPipeline(images, np.arange(11), epoch_size=12)


def test_epochs_differ_and_a_resumed_one_is_the_same(images):
    pipeline = TrainingPipeline(images, np.arange(11), 4, Augmentation(), seed=1)
    whole = first(pipeline.dataset(), 9)
    resumed = first(pipeline.dataset(2), 3)
    for a, b in zip(whole[6:], resumed, strict=True):
        np.testing.assert_array_equal(a[0], b[0])
        np.testing.assert_array_equal(a[1], b[1])
    assert not np.array_equal(whole[0][1], whole[3][1])
    other = TrainingPipeline(images, np.arange(11), 4, Augmentation(), seed=2)
    assert not np.array_equal(first(other.dataset(), 1)[0][1], whole[0][1])


@pytest.mark.parametrize(
    "options",
    [
        {"augment": Augmentation()},
        {"augment": Augmentation(), "epoch_size": 7},
        {"mix": "cutmix", "num_classes": 11},
        {
            "views": 2,
            "teacher_logits": np.arange(66, dtype="float32").reshape(2, 11, 3),
            "teacher_embedding": np.arange(44, dtype="float32").reshape(2, 11, 2),
        },
        # An order that shows images twice: their views count places in the epoch.
        {
            "augment": Augmentation(),
            "order": lambda epoch: tf.cast(tf.range(11) // 2, tf.int32),
        },
    ],
    ids=["augmented", "short", "mixed", "stored answers", "own order"],
)
def test_shards_put_together_are_the_batch(images, options):
    pipeline = TrainingPipeline(images, np.arange(11), 6, seed=1, **options)
    whole = first(pipeline.dataset(), 4)
    shards = [first(pipeline.dataset(shard=(i, 3)), 4) for i in range(3)]
    for batch, *parts in zip(whole, *shards, strict=True):
        assert all(len(part[1]) == 2 for part in parts)
        together = tf.nest.map_structure(lambda *each: np.concatenate(each), *parts)
        tf.nest.map_structure(np.testing.assert_array_equal, batch, together)
    for shard in ((0, 4), (3, 3), (-1, 2)):
        with pytest.raises(ValueError, match="into equal parts"):
            pipeline.dataset(shard=shard)


def test_views_repeat_and_carry_their_teacher_answers(images):
    logits = np.arange(2 * 11 * 3, dtype="float32").reshape(2, 11, 3)
    embedding = logits[..., :2] + 0.5
    pipeline = TrainingPipeline(
        images,
        np.arange(11),
        11,
        Augmentation(noise=10),
        seed=4,
        views=2,
        teacher_logits=logits,
        teacher_embedding=embedding,
    )
    views = [np.concatenate(list(pipeline.view_dataset(v))) for v in range(2)]
    assert not np.array_equal(views[0], views[1])
    for epoch, (inputs, labels) in enumerate(first(pipeline.dataset(), 4)):
        view = epoch % 2
        np.testing.assert_array_equal(inputs["image"], views[view][labels])
        np.testing.assert_array_equal(inputs["teacher_logits"], logits[view][labels])
        np.testing.assert_array_equal(
            inputs["teacher_embedding"], embedding[view][labels]
        )


def test_augmentation_is_a_function_of_the_seed(images):
    augment = Augmentation(noise=5)
    a, b, c = (augment(images[0], s) for s in ((1, 2), (1, 2), (1, 3)))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    assert a.shape == (8, 8, 3) and float(tf.reduce_min(a)) >= 0


def test_flips_and_turns_only_move_pixels(images):
    augment = Augmentation(brightness=0, contrast=0)
    seen = set()
    for seed in range(64):
        view = np.array(augment(images[0], (0, seed)))
        assert sorted(view.ravel()) == sorted(images[0].astype("float32").ravel())
        seen.add(view.tobytes())
    assert len(seen) == 8, "the eight symmetries of the square"


def test_zoom_shows_a_part_of_the_image():
    """A ramp stays a ramp: same values, smaller slope, nothing from outside."""
    ramp = np.broadcast_to(np.arange(64.0)[:, None, None], (64, 64, 3))
    augment = Augmentation(False, False, zoom=0.5, brightness=0, contrast=0)
    slopes = []
    for seed in range(20):
        view = np.array(augment(ramp, (0, seed)))
        steps = np.diff(view[:, 0, 0])
        np.testing.assert_allclose(steps, steps[0], atol=1e-3)
        assert view.min() >= 0 and view.max() <= 63
        slopes.append(steps[0])
    assert 0.5 <= min(slopes) < 0.7 and 0.8 < max(slopes) <= 1.0


def test_mixup_and_cutmix_blend_labels_by_area(images):
    x = images.astype("float32")
    y = np.eye(11, dtype="float32")
    mixed, labels = mixup(x, y, (0, 1))
    np.testing.assert_allclose(labels, np.clip(labels, 0, 1))
    np.testing.assert_allclose(np.array(labels).sum(1), 1, rtol=1e-5)
    expected = np.einsum("nm,mhwc->nhwc", labels, x)
    np.testing.assert_allclose(mixed, expected, rtol=1e-3, atol=1e-2)
    flat = np.broadcast_to(np.arange(11, dtype="float32")[:, None, None, None], x.shape)
    cut, labels = cutmix(flat, y, (0, 1))
    for i in range(11):
        pixels = np.array(cut[i])
        values, counts = np.unique(pixels, return_counts=True)
        for value, count in zip(values, counts, strict=True):
            share = float(labels[i, int(value)])
            np.testing.assert_allclose(share, count / pixels.size, atol=1e-6)
    assert len(np.unique(np.array(cut))) == 11


def test_mixing_and_smoothing_in_the_pipeline(images):
    labels = np.arange(11) % 3
    pipeline = TrainingPipeline(images, labels, 11, mix="cutmix", num_classes=3)
    _, y = first(pipeline.dataset(), 1)[0]
    assert y.shape == (11, 3) and pipeline.one_hot
    smooth = TrainingPipeline(images, labels, 11, label_smoothing=0.3, num_classes=3)
    _, y = first(smooth.dataset(), 1)[0]
    np.testing.assert_allclose(np.unique(y.round(6)), [0.1, 0.8], rtol=1e-5)


def test_noise_has_the_stated_size():
    grey = np.full((4, 64, 64, 3), 128, np.uint8)
    noisy = add_noise(grey, "gaussian", 25).astype(float)
    assert abs(noisy.std() - 25) < 1
    np.testing.assert_array_equal(noisy[..., 0], noisy[..., 2])
    salted = add_noise(grey, "salt-pepper", 5)
    assert abs((salted == 0).mean() - 0.025) < 0.005
    assert abs((salted == 255).mean() - 0.025) < 0.005
    np.testing.assert_array_equal(salted, add_noise(grey, "salt-pepper", 5))
    with pytest.raises(InputError, match="unknown noise 'fog'"):
        add_noise(grey, "fog", 1)
    with pytest.raises(InputError, match="must not be negative"):
        add_noise(grey, "gaussian", -1)


def test_evaluation_dataset_keeps_order(images):
    batches = first(evaluation_dataset(images, np.arange(11), 4), 3)
    assert [len(b[1]) for b in batches] == [4, 4, 3]
    np.testing.assert_array_equal(np.concatenate([b[0] for b in batches]), images)


def test_bad_arguments(images):
    with pytest.raises(ValueError, match="of one length above 0"):
        TrainingPipeline(images, np.arange(3))
    with pytest.raises(ValueError, match="Received: mix=blend"):
        TrainingPipeline(images, np.arange(11), mix="blend")
    with pytest.raises(ValueError, match="never saw the mixed images"):
        TrainingPipeline(
            images, np.arange(11), mix="mixup", num_classes=2, teacher_logits=images
        )
    with pytest.raises(ValueError, match="`num_classes` is needed"):
        TrainingPipeline(images, np.arange(11), label_smoothing=0.1)


def test_a_pipeline_is_not_changed_after_it_was_made(images):
    pipeline = TrainingPipeline(images, np.arange(11), 4, Augmentation(), seed=4)
    with pytest.raises(AttributeError):
        pipeline.views = 2
    logits = np.arange(2 * 11 * 3, dtype="float32").reshape(2, 11, 3)
    taught = pipeline.with_teacher(logits, logits[..., :1])
    assert (pipeline.views, taught.views) == (None, 2)
    assert pipeline.teacher_logits is None
    assert isinstance(first(pipeline.dataset(), 1)[0][0], np.ndarray)
    inputs, labels = first(taught.dataset(1), 1)[0]
    np.testing.assert_array_equal(inputs["teacher_logits"], logits[1][labels])
    with pytest.raises(ValueError, match="`embedding` must be"):
        pipeline.with_teacher(logits, logits[:1])
    with pytest.raises(ValueError, match="`logits` must be"):
        pipeline.with_teacher(logits[:, :5], logits[:, :5])
