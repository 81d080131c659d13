"""Streamed images are those of the array, bit for bit, without its memory."""

import shutil
import tracemalloc

import cv2
import numpy as np
import pytest
import tensorflow as tf

from rkd_keras.data import (
    Augmentation,
    StreamedImages,
    TrainingPipeline,
    evaluation_dataset,
    load_images,
    open_images,
    oversample,
    pack_images,
)
from rkd_keras.data.streamed_images import fingerprint, reading_faults
from rkd_keras.errors import InputError
from rkd_keras.files.images import list_images
from rkd_keras.trainers import ViewAnswers

SIZE = (12, 12)
LOGITS = np.arange(2 * 11 * 3, dtype="float32").reshape(2, 11, 3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Eleven images of different sizes; the fourth file is no image."""
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    for i in range(12):
        image = rng.integers(0, 256, (9 + i, 20 - i), "uint8")
        cv2.imwrite(str(folder / f"{i:02}.png"), image)
    (folder / "03.png").write_bytes(b"no image")
    return folder


@pytest.fixture(scope="module")
def files(folder, tmp_path_factory):
    """The images in a pack."""
    out = tmp_path_factory.mktemp("out") / "pack"
    pack_images(folder, out, shard_images=5, unlabelled=True, quiet=True)
    return list_images(out)


@pytest.fixture(scope="module")
def both(files):
    array, kept = load_images(files, SIZE)
    streamed, kept_too = open_images(files, SIZE, memory_mb=0)
    assert kept.tolist() == kept_too.tolist() and len(kept) == 11
    return array, streamed


def first(dataset, count):
    return [tf.nest.map_structure(np.array, batch) for batch in dataset.take(count)]


def same(one, other):
    tf.nest.map_structure(np.testing.assert_array_equal, one, other)


def test_small_data_stay_in_memory_and_large_are_streamed(files):
    size = 11 * SIZE[0] * SIZE[1] * 3 / 2**20
    images, _ = open_images(files[4:], SIZE, memory_mb=size)
    assert isinstance(images, np.ndarray)
    images, _ = open_images(files[4:], SIZE, memory_mb=size / 2)
    assert isinstance(images, StreamedImages)


def test_loose_files_are_streamed_as_well(folder, both):
    images, _ = open_images(list_images(folder), SIZE, memory_mb=0)
    np.testing.assert_array_equal(images[:], both[0])


def test_a_store_gives_the_same_and_leaves_nothing(folder, both, tmp_path):
    loose = tmp_path / "loose"
    shutil.copytree(folder, loose)
    store = tmp_path / "store"
    store.mkdir()
    images, kept = open_images(list_images(loose), SIZE, memory_mb=0, store=store)
    assert len(kept) == 11 and not list(store.iterdir())
    shutil.rmtree(loose)
    np.testing.assert_array_equal(images[:], both[0])
    part = images.subset([7, 3, 9]).subset([2, 0]).followed_by(both[0][:1])
    np.testing.assert_array_equal(part[:], both[0][[9, 7, 0]])
    one, other = (TrainingPipeline(x, np.arange(11), 4) for x in (both[0], images))
    same(first(one.dataset(), 4), first(other.dataset(), 4))


def test_without_room_each_is_decoded_anew(files, both, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("rkd_keras.data.reading.loading.has_room", lambda *_: False)
    images, _ = open_images(files, SIZE, memory_mb=0, store=tmp_path)
    assert f"{tmp_path} has no room for 12 decoded images" in caplog.text
    np.testing.assert_array_equal(images[:], both[0])


@pytest.mark.parametrize(
    "index",
    [2, -1, slice(3, 9, 2), [4, 4, 0], np.array([[1, 2], [3, 4]]), np.arange(11) > 7],
)
def test_indexing_is_that_of_the_array(both, index):
    array, streamed = both
    np.testing.assert_array_equal(streamed[index], array[index])
    assert streamed.shape == array.shape and streamed.dtype == array.dtype
    assert len(streamed) == len(array) and streamed.ndim == array.ndim


def test_all_of_them_at_once(both):
    array, streamed = both
    np.testing.assert_array_equal(np.asarray(streamed), array)
    np.testing.assert_array_equal(np.stack(list(streamed)), array)
    chosen = streamed.subset([5, 2])
    np.testing.assert_array_equal(chosen[:], array[[5, 2]])
    with pytest.raises(IndexError):
        streamed[11]


@pytest.mark.parametrize(
    "options",
    [
        {"augment": None},
        {"augment": Augmentation(noise=5, zoom=0.2)},
        {"augment": Augmentation(), "epoch_size": 7},
        {"mix": "cutmix", "num_classes": 11},
        {"label_smoothing": 0.1, "num_classes": 11},
        {"augment": Augmentation(), "order": lambda epoch: tf.range(11) // 2},
    ],
    ids=["plain", "augmented", "short", "mixed", "smooth", "own order"],
)
def test_the_batches_are_those_of_the_array(both, options):
    pipelines = [TrainingPipeline(x, np.arange(11), 4, seed=3, **options) for x in both]
    same(*(first(pipeline.dataset(), 7) for pipeline in pipelines))
    # Resumed in the middle, and cut into shards.
    same(*(first(pipeline.dataset(2), 3) for pipeline in pipelines))
    same(*(first(pipeline.dataset(1, (1, 2)), 3) for pipeline in pipelines))


def test_a_resumed_stream_shows_what_the_uninterrupted_one_shows(both):
    pipeline = TrainingPipeline(both[1], np.arange(11), 4, Augmentation(), seed=1)
    same(first(pipeline.dataset(), 9)[6:], first(pipeline.dataset(2), 3))


def test_stored_answers_belong_to_the_same_views(both):
    pipelines = [
        TrainingPipeline(x, np.arange(11), 4, Augmentation(), seed=3).with_teacher(
            LOGITS, LOGITS[..., :2]
        )
        for x in both
    ]
    same(*(first(pipeline.dataset(), 7) for pipeline in pipelines))
    for view in range(2):
        same(*(first(pipeline.view_dataset(view), 9) for pipeline in pipelines))
    # Those that lie on disk, too.
    read = [ViewAnswers(list(LOGITS), part) for part in (slice(3), slice(2))]
    for images in both:
        pipeline = TrainingPipeline(images, np.arange(11), 4, Augmentation(), seed=3)
        taught = pipeline.with_teacher(*read)
        same(first(taught.dataset(1), 4), first(pipelines[0].dataset(1), 4))


def test_evaluation_is_in_order(both):
    for labels in (None, np.arange(11)):
        same(*(first(evaluation_dataset(x, labels, 4), 9) for x in both))


@pytest.mark.parametrize("method", ["copy", "fusion", "mosaic+fusion"])
def test_oversampling_makes_the_same_samples(both, method):
    labels = np.array([0] * 6 + [1] * 4 + [2])
    one, other = (oversample(x, labels, method, seed=2) for x in both)
    np.testing.assert_array_equal(one[1], other[1])
    assert isinstance(other[0], StreamedImages)
    np.testing.assert_array_equal(one[0], other[0][:])
    pipelines = [TrainingPipeline(*each, 4, Augmentation()) for each in (one, other)]
    same(*(first(pipeline.dataset(), 5) for pipeline in pipelines))


def test_the_fingerprint_tells_other_images(both):
    array, streamed = both
    marks = {
        fingerprint(array),
        fingerprint(array[:10]),
        fingerprint(streamed),
        fingerprint(streamed.subset(range(10))),
        fingerprint(StreamedImages(streamed.files, (12, 11))),
        fingerprint(streamed.followed_by(array[:1])),
    }
    assert len(marks) == 6
    assert fingerprint(streamed) == fingerprint(streamed.subset(range(11)))


def test_a_file_that_vanished_ends_the_stream_with_its_name(tmp_path):
    for i in range(3):
        cv2.imwrite(str(tmp_path / f"{i}.png"), np.zeros((8, 8), "uint8"))
    images, _ = open_images(list_images(tmp_path), (8, 8), memory_mb=0)
    (tmp_path / "1.png").unlink()
    with pytest.raises(InputError, match=r"1\.png cannot be read"):
        images[1]
    pipeline = TrainingPipeline(images, np.arange(3), 3)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"1\.png cannot be read"):
        first(pipeline.dataset(), 1)
    again, _ = open_images([tmp_path / "0.png", tmp_path / "2.png"], (8, 8), True, 0)
    (tmp_path / "2.png").unlink()
    more = again.followed_by(np.zeros((1, 8, 8, 3), "uint8"))
    with (
        pytest.raises(InputError, match=r"2\.png cannot be read: .*--resume") as raised,
        reading_faults([again]),
    ):
        first(TrainingPipeline(more, np.arange(3), 3).dataset(), 1)
    assert "\n" not in str(raised.value)
    with pytest.raises(ZeroDivisionError), reading_faults([more[:1]]):
        _ = 1 / 0


def test_nothing_is_kept(tmp_path):
    """An epoch over 400 images of 6 MB in all needs less than a third of that."""
    rng = np.random.default_rng(0)
    for i in range(400):
        image = rng.integers(0, 256, (16, 16), "uint8")
        cv2.imwrite(str(tmp_path / f"{i}.png"), image)
    images, _ = open_images(list_images(tmp_path), (72, 72), memory_mb=0)
    pipeline = TrainingPipeline(images, np.arange(400), 8)
    first(pipeline.dataset(), 1)
    tracemalloc.start()
    for batch in pipeline.dataset().take(pipeline.steps_per_epoch):
        assert batch[0].shape == (8, 72, 72, 3)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 400 * 72 * 72 * 3 / 3
