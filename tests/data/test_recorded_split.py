"""An image is its path within the data set together with its content."""

import json
import shutil

import numpy as np
import pytest

from rkd_keras.data import make_split, match_recorded, open_dataset, pack_images


def write_set(root, seed, classes=("inclusion", "scratches"), count=12):
    """Class folders numbered alike, as people have them; `seed` is the line."""
    for label, name in enumerate(classes):
        (root / name).mkdir(parents=True)
        for number in range(count):
            content = f"line {seed}, {label}, {number}".encode()
            (root / name / f"{number:03}.png").write_bytes(content)
    return root


@pytest.fixture
def own(tmp_path):
    return write_set(tmp_path / "own", seed=0)


@pytest.fixture
def recorded(own, tmp_path):
    index = open_dataset(own)
    make_split(index, val_fraction=0.2).write(tmp_path / "split.json", index)
    return json.loads((tmp_path / "split.json").read_text())


def older(recorded):
    """What earlier versions wrote: absolute paths alone."""
    keep = ("file", "label")
    return {
        key: value if key == "class_names" else [{k: r[k] for k in keep} for r in value]
        for key, value in recorded.items()
        if key != "groups"
    }


def names(index, indices):
    return sorted(index.names()[i] for i in indices)


def recorded_names(recorded, *parts):
    return sorted(row["path"] for part in parts for row in recorded[part])


def test_what_is_recorded(recorded, own):
    row = recorded["test"][0]
    assert set(row) == {"file", "label", "path", "sha256"}
    assert row["file"] == str((own / row["path"]).resolve())
    import hashlib

    content = (own / row["path"]).read_bytes()
    assert row["sha256"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("part", ["train", "val", "test", "all"])
@pytest.mark.parametrize("record", [dict, older], ids=["new", "old"])
def test_folders_numbered_alike_are_told_apart(own, recorded, record, part):
    index = open_dataset(own)
    match = match_recorded(index, record(recorded), part)
    parts = ("train", "val", "test") if part == "all" else (part,)
    assert names(index, match.indices) == recorded_names(recorded, *parts)
    assert match.is_own and not match.missing and not match.changed
    trained = recorded_names(recorded, "train", "val")
    assert names(index, match.trained) == trained


@pytest.mark.parametrize("record", [dict, older], ids=["new", "old"])
@pytest.mark.parametrize("how", ["moved", "copied", "packed", "linked"])
def test_the_data_set_is_known_again(own, recorded, tmp_path, how, record):
    other = tmp_path / "elsewhere" / "set"
    other.parent.mkdir()
    if how == "packed":
        pack_images(own, other)
    elif how == "linked":
        other.symlink_to(own)
    else:
        shutil.copytree(own, other)
    if how == "moved":
        shutil.rmtree(own)
    index = open_dataset(other)
    match = match_recorded(index, record(recorded))
    assert names(index, match.indices) == recorded_names(recorded, "test")
    assert match.is_own and not match.missing


@pytest.mark.parametrize("record", [dict, older], ids=["new", "old"])
def test_another_line_with_coinciding_names_is_not_the_runs(recorded, tmp_path, record):
    other = write_set(tmp_path / "line B", seed=1, count=14)
    (other / "scratches" / "003.png").unlink()
    match = match_recorded(open_dataset(other), record(recorded))
    assert not match.is_own
    assert len(match.indices) == len(match.trained) == 0
    assert len(match.missing) + len(match.changed) == len(recorded["test"])


def test_images_that_were_added_belong_to_no_part(own, recorded):
    for number in range(5):
        (own / "inclusion" / f"new{number}.png").write_bytes(b"new %d" % number)
    index = open_dataset(own)
    match = match_recorded(index, recorded, "all")
    assert len(match.indices) == 24 and len(index) == 29 and match.is_own


def test_removed_and_changed_images_are_named(own, recorded):
    first, second = recorded_names(recorded, "test")[:2]
    (own / first).unlink()
    (own / second).write_bytes(b"drawn anew")
    match = match_recorded(open_dataset(own), recorded)
    assert match.missing == [first] and match.changed == [second]
    assert len(match.indices) == len(recorded["test"]) - 2


def test_a_part_that_is_opened_alone_is_found_by_where_it_lies(own, recorded):
    """Paths are relative to another folder then."""
    shutil.rmtree(own / "scratches")
    (own / "inclusion" / "a").mkdir()
    (own / "inclusion" / "a" / "1.png").write_bytes(b"a")
    sub = own / "inclusion"
    (sub / "list.csv").write_text(
        "file,label\n"
        + "".join(f"{path.name},x\n" for path in sorted(sub.glob("*.png")))
    )
    index = open_dataset(sub / "list.csv")
    wanted = [n for n in recorded_names(recorded, "test") if "inclusion" in n]
    found = match_recorded(index, recorded)
    assert [f"inclusion/{n}" for n in names(index, found.indices)] == wanted


def test_copies_of_trained_images_are_known_by_their_content(own, recorded, tmp_path):
    other = write_set(tmp_path / "other", seed=1)
    path = recorded["train"][0]["path"]
    shutil.copy(own / path, other / "scratches" / "copy.png")
    index = open_dataset(other)
    match = match_recorded(index, recorded)
    assert not match.is_own
    assert names(index, match.trained) == ["scratches/copy.png"]


def test_the_same_content_twice_stays_two_images(tmp_path):
    own = write_set(tmp_path / "own", seed=0)
    for name in ("inclusion/000.png", "scratches/000.png"):
        (own / name).write_bytes(b"the same")
    index = open_dataset(own)
    split = make_split(index)
    split.write(tmp_path / "split.json", index)
    recorded = json.loads((tmp_path / "split.json").read_text())
    match = match_recorded(index, recorded, "train")
    np.testing.assert_array_equal(match.indices, split.train)


def test_an_image_that_cannot_be_read_is_recorded_too(own, tmp_path):
    (own / "inclusion" / "000.png").unlink()
    (own / "inclusion" / "000.png").symlink_to(own / "nothing.png")
    (own / "list.csv").write_text(
        "file,label\n"
        + "".join(
            f"{name}/{number:03}.png,{name}\n"
            for name in ("inclusion", "scratches")
            for number in range(12)
        )
    )
    index = open_dataset(own / "list.csv")
    make_split(index).write(tmp_path / "split.json", index)
    recorded = json.loads((tmp_path / "split.json").read_text())
    assert len(match_recorded(index, recorded, "all").indices) == 24


def test_names_that_are_no_utf8_are_recorded(own, tmp_path):
    import os

    odd = os.fsdecode(b"crack_\xb4.png")
    (own / "inclusion" / odd).write_bytes(b"odd")
    index = open_dataset(own)
    make_split(index).write(tmp_path / "split.json", index)
    recorded = json.loads((tmp_path / "split.json").read_text())
    match = match_recorded(index, recorded, "all")
    assert len(match.indices) == 25 and match.missing == []
