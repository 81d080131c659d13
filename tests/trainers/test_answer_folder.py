import subprocess
import sys

import keras
import numpy as np
import pytest

from rkd_keras.data import Augmentation, TrainingPipeline
from rkd_keras.errors import InputError
from rkd_keras.trainers import AnswerFolder, TeacherCache, ViewAnswers
from rkd_keras.trainers.teacher_cache import answering

IMAGES, CLASSES, FEATURES = 10, 4, 5


def opened(path, made_of="teacher 1", images=IMAGES):
    return AnswerFolder(path, made_of, images, CLASSES, FEATURES)


def batches(view, rows=IMAGES, size=4):
    """Answers that tell their view and image."""
    answers = np.random.default_rng(view).normal(size=(rows, CLASSES + FEATURES))
    for start in range(0, rows, size):
        block = answers[start : start + size]
        yield block[:, :CLASSES], block[:, CLASSES:]


def whole(view):
    return np.concatenate([np.concatenate(pair, 1) for pair in batches(view)])


def filled(path, views=3):
    folder = opened(path)
    for view in folder.missing(views):
        folder.write(view, batches(view))
    return folder


@pytest.fixture
def teacher():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Rescaling(1 / 127.5, -1)(inputs)
    x = keras.layers.Conv2D(FEATURES, 3)(x)
    x = keras.layers.GlobalAveragePooling2D(name="embedding")(x)
    return keras.Model(inputs, keras.layers.Dense(CLASSES, name="logits")(x))


@pytest.mark.parametrize("in_memory", [True, False])
def test_what_was_written_is_read(in_memory, tmp_path, monkeypatch):
    if not in_memory:
        monkeypatch.setattr("rkd_keras.trainers.answer_folder.IN_MEMORY", 0)
    cache = filled(tmp_path).read(3)
    assert isinstance(cache.logits, np.ndarray if in_memory else ViewAnswers)
    assert cache.logits.shape == (3, IMAGES, CLASSES)
    assert cache.embedding.shape == (3, IMAGES, FEATURES)
    assert cache.embedding.dtype == np.dtype("float16")
    for view in range(3):
        expected = whole(view)
        np.testing.assert_allclose(cache.logits[view], expected[:, :4], rtol=1e-3)
        np.testing.assert_allclose(cache.embedding[view], expected[:, 4:], rtol=1e-3)
        np.testing.assert_array_equal(
            cache.embedding[view, 7], cache.embedding[view][7]
        )
    np.testing.assert_array_equal(np.asarray(cache.logits)[1], cache.logits[1])


def test_more_views_make_the_missing_ones(tmp_path):
    filled(tmp_path, 2)
    before = [(tmp_path / f"view_000{v}.npy").stat().st_mtime_ns for v in range(2)]
    assert opened(tmp_path).missing(4) == [2, 3]
    assert len(filled(tmp_path, 4).read(4).logits) == 4
    assert before == [
        (tmp_path / f"view_000{v}.npy").stat().st_mtime_ns for v in range(2)
    ]


def test_a_killed_process_loses_the_view_it_was_at(tmp_path):
    """A real SIGKILL in the second of three views."""
    program = (
        "import os, signal, sys\n"
        f"sys.path.insert(0, {str(__file__.rpartition('/')[0])!r})\n"
        "from test_answer_folder import batches, opened\n"
        "def deadly(view):\n"
        "    for number, batch in enumerate(batches(view)):\n"
        "        if (view, number) == (1, 1):\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "        yield batch\n"
        f"folder = opened({str(tmp_path / 'answers')!r})\n"
        "for view in folder.missing(3):\n"
        "    folder.write(view, deadly(view))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True)
    assert done.returncode == -9, done.stderr[-2000:]
    folder = opened(tmp_path / "answers")
    assert folder.missing(3) == [1, 2]
    with pytest.raises(InputError, match="view_0001.npy is missing"):
        folder.read(3)
    cache = filled(tmp_path / "answers").read(3)
    fresh = filled(tmp_path / "fresh").read(3)
    np.testing.assert_array_equal(cache.logits, fresh.logits)
    np.testing.assert_array_equal(cache.embedding, fresh.embedding)


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:-1], lambda data: b"", lambda data: bytes(len(data))],
    ids=["cut", "empty", "zeros"],
)
def test_a_damaged_view_is_made_again(damage, tmp_path):
    filled(tmp_path)
    file = tmp_path / "view_0001.npy"
    file.write_bytes(damage(file.read_bytes()))
    assert opened(tmp_path).missing(3) == [1]


def test_answers_of_anything_else_are_refused(tmp_path):
    filled(tmp_path / "answers")
    with pytest.raises(InputError, match="answers of another teacher"):
        opened(tmp_path / "answers", "teacher 2")
    with pytest.raises(InputError, match="or to other images"):
        opened(tmp_path / "answers", images=9)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="no folder of a teacher's answers"):
        opened(tmp_path / "notes")
    (tmp_path / "file.npz").write_text("mine")
    with pytest.raises(InputError, match=r"file.npz is a file; give a folder"):
        opened(tmp_path / "file.npz")
    assert (tmp_path / "file.npz").read_text() == "mine"


def test_the_file_of_an_older_version_is_replaced(tmp_path):
    old = tmp_path / "answers.npz"
    np.savez(old, logits=np.zeros(1), embedding=np.zeros(1), made_of="x")
    assert opened(old).missing(1) == [0]
    assert old.is_dir()


def test_answers_that_cannot_be_kept_are_refused(tmp_path):
    folder = opened(tmp_path)
    for value in (np.nan, 1e6):
        block = np.full((IMAGES, CLASSES), value), np.zeros((IMAGES, FEATURES))
        with pytest.raises(InputError, match="not finite, or too large"):
            folder.write(0, [block])
    for rows in (IMAGES - 1, IMAGES + 1):
        with pytest.raises(ValueError, match="there are answers to"):
            folder.write(0, batches(0, rows))
    assert folder.missing(1) == [0]
    assert [file.name for file in tmp_path.iterdir()] == ["answers.json"]


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_pipeline_shows_them_beside_their_images(
    in_memory, teacher, tmp_path, monkeypatch
):
    """What a batch carries is what the teacher says of the images in it."""
    if not in_memory:
        monkeypatch.setattr("rkd_keras.trainers.answer_folder.IN_MEMORY", 0)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (IMAGES, 8, 8, 3), dtype=np.uint8)
    pipeline = TrainingPipeline(images, np.zeros(IMAGES, int), 4, Augmentation())
    folder, answer = opened(tmp_path), answering(teacher)
    for view in folder.missing(2):
        folder.write(view, answer(pipeline.view_dataset(view)))
    cache = folder.read(2)
    taught = pipeline.with_teacher(cache.logits, cache.embedding)
    said = keras.Model(
        teacher.input, [teacher.output, teacher.get_layer("embedding").output]
    )
    for (x, _), _ in zip(taught.dataset(), range(9), strict=False):
        logits, embedding = said(x["image"])
        assert x["teacher_logits"].dtype == "float32"
        np.testing.assert_allclose(x["teacher_logits"], logits, rtol=2e-3, atol=1e-3)
        np.testing.assert_allclose(x["teacher_embedding"], embedding, 2e-3, 1e-3)
    in_one_go = TeacherCache.build(teacher, map(pipeline.view_dataset, range(2)))
    np.testing.assert_allclose(
        np.asarray(cache.logits), in_one_go.logits, rtol=1e-3, atol=1e-3
    )
