import json
from pathlib import Path

import numpy as np
import pytest

from rkd_keras.data import ImageIndex, make_split
from rkd_keras.errors import InputError

NAMES = tuple("abcdef")


@pytest.fixture
def index():
    """The shape of NEU: six classes of 300, no files on disk."""
    labels = np.repeat(np.arange(6), 300)
    files = [Path(f"{NAMES[y]}_{i}.png") for i, y in enumerate(labels)]
    return ImageIndex(files, labels, NAMES)


def parts(split):
    return [set(getattr(split, p).tolist()) for p in ("train", "val", "test")]


@pytest.mark.parametrize(
    ("protocol", "train", "val"),
    [
        ("neu-600", [180] * 6, [20] * 6),
        ("neu-few10", [10] * 6, [50] * 6),
        ("neu-few50", [50] * 6, [50] * 6),
        ("neu-lt10", [200, 126, 80, 50, 32, 20], [0] * 6),
        ("neu-lt20", [200, 110, 60, 33, 18, 10], [0] * 6),
    ],
)
def test_counts_of_protocols(index, protocol, train, val):
    split = make_split(index, protocol, seed=0)
    assert index.counts(split.train).tolist() == train
    assert index.counts(split.val).tolist() == val
    assert index.counts(split.test).tolist() == [100] * 6
    a, b, c = parts(split)
    assert not (a & b or a & c or b & c)


def test_test_part_is_shared_by_seeds_and_protocols(index):
    reference = make_split(index, "neu-600", seed=0).test
    for protocol in ("neu-600", "neu-few20", "neu-lt20"):
        for seed in (0, 1, 2):
            split = make_split(index, protocol, seed=seed)
            np.testing.assert_array_equal(split.test, reference)
    other = make_split(index, "neu-600", split_seed=1).test
    assert set(other) != set(reference)


def test_seed_decides_training_and_rotates_the_tail(index):
    first, again = (make_split(index, "neu-few10", seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.train, again.train)
    assert set(first.train) != set(make_split(index, "neu-few10", seed=4).train)
    rotated = make_split(index, "neu-lt20", seed=2)
    assert index.counts(rotated.train).tolist() == [18, 10, 200, 110, 60, 33]


def test_val_fraction(index):
    split = make_split(index, "neu-lt20", seed=0, val_fraction=0.5)
    assert index.counts(split.train).tolist() == [100, 55, 30, 17, 9, 5]
    assert index.counts(split.val).tolist() == [100, 55, 30, 16, 9, 5]
    with pytest.raises(InputError, match="val_fraction must be in"):
        make_split(index, "neu-600", val_fraction=1.0)


def test_holdout_and_given(index):
    split = make_split(index, "holdout")
    assert index.counts(split.test).tolist() == [100] * 6
    index.parts = tuple(["train", "test", "train"] * 600)
    split = make_split(index, "given", val_fraction=0.25)
    assert len(split.test) == 600 and len(split.val) == 300
    assert all(index.parts[i] == "train" for i in [*split.train, *split.val])
    index.parts = tuple(["train", "test", "val"] * 600)
    assert len(make_split(index, "given").val) == 600


def test_duplicates_stay_on_the_training_side(tmp_path):
    files = []
    for i in range(60):
        path = tmp_path / f"{i}.png"
        path.write_bytes(b"same" if i in (3, 17) else b"%04d" % i)
        files.append(path)
    index = ImageIndex(files, [0] * 30 + [1] * 30, ("a", "b"))
    for split_seed in range(10):
        test = make_split(index, "holdout", split_seed=split_seed).test
        assert not {3, 17} & set(test.tolist())


def test_written_split(index, tmp_path):
    split = make_split(index, "neu-few10")
    split.write(tmp_path / "split.json", index)
    content = json.loads((tmp_path / "split.json").read_text())
    assert content["class_names"] == list(NAMES)
    row = content["train"][0]
    assert Path(row["file"]).name[0] == NAMES[row["label"]]


def test_errors_before_training(index):
    with pytest.raises(InputError, match="unknown split 'neu'; the known ones"):
        make_split(index, "neu")
    one = ImageIndex([Path("a")] * 9, [0] * 9, ("only",))
    with pytest.raises(InputError, match=r"one class only \(only\)"):
        make_split(one)
    few = ImageIndex([Path("a")] * 12, [0] * 10 + [1] * 2, ("x", "y"))
    with pytest.raises(InputError, match="needs 3 images of each class, and 'y' has 2"):
        make_split(few)
    with pytest.raises(InputError, match="needs 300 images of each class"):
        make_split(few, "neu-600")
    few.parts = ("train",) * 10 + ("test",) * 2
    with pytest.raises(InputError, match="class 'y' is seen in test and not in train"):
        make_split(few, "given")
    with pytest.raises(InputError, match="needs train and test folders"):
        make_split(index, "given")


def test_index_of_unequal_lengths():
    with pytest.raises(ValueError, match="of one length"):
        ImageIndex([Path("a")], [0, 1], ("x", "y"))
