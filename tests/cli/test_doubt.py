"""Planted wrong labels are found, a person decides, and no file is touched."""

import csv
import hashlib
import shutil
import sys

import cv2
import numpy as np
import pytest

from rkd_keras.data import open_dataset
from rkd_keras.errors import InputError, OptionError
from rkd_keras.runs import doubt
from rkd_keras.trainers import group_folds

# Names that tell no class: the folder does.
MOVED = ("patches/s3.png", "inclusion/c5.png")


def texture(name, seed):
    rng = np.random.default_rng([len(name), seed])
    image = rng.normal(128, 12, (64, 64))
    if name == "patches":
        for x, y in rng.integers(8, 56, (6, 2)):
            cv2.circle(image, (int(x), int(y)), 7, 40.0, -1)
    elif name == "scratches":
        for row in rng.integers(4, 60, 5):
            image[row : row + 2] += 90
    elif name == "crazing":
        image = cv2.resize(rng.normal(128, 60, (16, 16)), (64, 64))
    return image.clip(0, 255).astype("uint8")


@pytest.fixture(scope="module")
def mislabelled(tmp_path_factory):
    """Four textures; two images lie in another class's folder."""
    root = tmp_path_factory.mktemp("mislabelled")
    for name in ("crazing", "inclusion", "patches", "scratches"):
        (root / name).mkdir()
        for i in range(1, 21):
            cv2.imwrite(str(root / name / f"{name[0]}{i}.png"), texture(name, i))
    (root / "scratches" / "s3.png").rename(root / MOVED[0])
    (root / "crazing" / "c5.png").rename(root / MOVED[1])
    # The same surface in two classes.
    image = cv2.imread(str(root / "patches" / "p1.png"))
    cv2.imwrite(str(root / "scratches" / "shifted.png"), image[9:, ::-1])
    return root


def digests(folder):
    files = sorted(f for f in folder.rglob("*") if f.is_file())
    return {f: hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def test_wrong_labels_are_found_and_repaired(mislabelled, tmp_path, invoke):
    before = digests(mislabelled)
    out = tmp_path / "doubt"
    result = invoke("data", "doubt", "--data", mislabelled, "--out", out, "--quiet")
    assert result.exit_code == 0, result.output
    assert "judged by imagenet" in result.output
    assert "1 pairs of images share pixels, but not their class" in result.output
    with (out / "doubts.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    named = {row["file"]: row for row in rows}
    assert set(MOVED) <= {row["file"] for row in rows[:4]}
    assert named[MOVED[0]]["suggested"] == "scratches"
    assert "p1.png (patches)" in named["scratches/shifted.png"]["shares_pixels_with"]
    assert cv2.imread(str(out / "doubts.png")).shape[2] == 3
    for row in rows:
        row["accept"] = "yes" if row["file"] == MOVED[0] else "no"
    named[MOVED[1]]["accept"] = "crazing"
    with (out / "doubts.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    result = invoke(
        "data", "doubt", "--data", mislabelled, "--apply", out / "doubts.csv"
    )
    assert result.exit_code == 0, result.output
    assert f"{MOVED[0]}: patches -> scratches" in result.output
    assert "2 labels changed" in result.output
    old, new = open_dataset(mislabelled), open_dataset(out / "corrected.csv")
    classes = {f.resolve(): c for f, c in zip(new.files, new.labels, strict=True)}
    for file, label in zip(old.files, old.labels, strict=True):
        moved = {"s3.png": "scratches", "c5.png": "crazing"}
        expected = moved.get(file.name, old.class_names[label])
        assert new.class_names[classes[file.resolve()]] == expected
    assert digests(mislabelled) == before
    again = invoke("data", "doubt", "--data", mislabelled, "--out", out)
    assert "exists already" in str(again.exception)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{0},dent,scratches,yes", "is labelled 'patches' in the data set and 'dent'"),
        ("nowhere.png,patches,scratches,yes", "is no image of the data set"),
        ("{0},patches,scratches,rust", "line 2: 'rust' is no class of the data set"),
        ("{0},patches,rust,yes", "line 2: 'rust' is no class of the data set"),
    ],
)
def test_a_csv_of_other_images_or_classes_is_refused(
    mislabelled, tmp_path, row, message
):
    table = tmp_path / "doubts.csv"
    table.write_text(f"file,given,suggested,accept\n{row.format(MOVED[0])}\n")
    with pytest.raises(InputError, match=message):
        doubt(mislabelled, apply=table)
    assert not (tmp_path / "corrected.csv").exists()


def test_what_cannot_be_judged_is_said_before_anything_slow(
    mislabelled, tmp_path, monkeypatch
):
    def slow(*_):
        raise AssertionError("features were computed")

    monkeypatch.setattr("rkd_keras.trainers.imagenet_embedding.imagenet_features", slow)
    for source, target in (("p1", "dent/1"), ("c1", "dent/2"), ("p2", "rust/3")):
        name = {"p": "patches", "c": "crazing"}[source[0]]
        file = tmp_path / "one" / f"{target}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(mislabelled / name / f"{source}.png", file)
    with pytest.raises(InputError, match="class 'rust' has one image only"):
        doubt(tmp_path / "one", tmp_path / "out", quiet=True)
    shutil.rmtree(tmp_path / "one" / "rust")
    with pytest.raises(InputError, match="has one class only"):
        doubt(tmp_path / "one", tmp_path / "out", quiet=True)
    with pytest.raises(OptionError, match="goes with --apply alone"):
        doubt(mislabelled, tmp_path / "out", manifest=tmp_path / "list.csv")
    monkeypatch.setitem(sys.modules, "cleanlab.filter", None)
    with pytest.raises(InputError, match=r"pip install 'rkd-keras\[doubt\]'"):
        doubt(mislabelled, tmp_path / "out", quiet=True)
    assert not (tmp_path / "out").exists()


def test_folds_keep_groups_whole_and_classes_even():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 60, 200)
    labels = groups % 4
    fold = group_folds(labels, groups, 5)
    assert all(len({*fold[groups == g]}) == 1 for g in {*groups})
    counts = np.array([np.bincount(labels[fold == n], minlength=4) for n in range(5)])
    assert counts.min() > 0 and np.ptp(counts.sum(1)) <= 20
    assert np.array_equal(fold, group_folds(labels, groups, 5))
    with pytest.raises(InputError, match="give fewer folds"):
        group_folds([0, 1, 1], [0, 1, 1], 3)
