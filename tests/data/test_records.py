"""Packs: what goes in comes out bit for bit, and damage is named."""

import json
import os
import shutil

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rkd_keras.data import (
    check,
    find_duplicates,
    load_images,
    make_split,
    open_dataset,
    pack_images,
    unpack_images,
)
from rkd_keras.data.packing import shards as packing_shards
from rkd_keras.data.synthetic import write_dataset
from rkd_keras.errors import FindingsError, InputError
from rkd_keras.files.images import list_images, read_image
from rkd_keras.files.packs import MANIFEST, open_pack


def tree(folder):
    """Every file below a folder with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def odd_folder(tmp_path_factory):
    """Classes and parts in folders; 16-bit, palette, alpha, grey, broken files."""
    folder = tmp_path_factory.mktemp("odd")
    rng = np.random.default_rng(0)
    images = {
        "train/dent/deep.png": rng.integers(0, 65536, (20, 24), "uint16"),
        "train/dent/alpha.png": rng.integers(0, 256, (9, 8, 4), "uint8"),
        "train/Rost ü/grey.bmp": rng.integers(0, 256, (8, 9), "uint8"),
        "train/Rost ü/1.tif": rng.integers(0, 65536, (8, 9, 3), "uint16"),
        "test/dent/1.jpg": rng.integers(0, 256, (16, 16, 3), "uint8"),
        "test/Rost ü/1.jpg": rng.integers(0, 256, (16, 16, 3), "uint8"),
    }
    for name, image in images.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        data = cv2.imencode(folder.joinpath(name).suffix, image)[1].tobytes()
        (folder / name).write_bytes(data)
    from PIL import Image

    palette = Image.fromarray(rng.integers(0, 4, (8, 8), "uint8"), "P")
    palette.putpalette([10, 20, 30, 200, 100, 50, 7, 7, 7, 90, 80, 70])
    palette.save(folder / "train/dent/palette.png")
    (folder / "train/dent/broken.png").write_bytes(b"no image")
    shutil.copy(folder / "test/dent/1.jpg", folder / "train/dent/copy.jpg")
    return folder


@pytest.fixture
def packed(odd_folder, tmp_path):
    pack_images(odd_folder, tmp_path / "pack", shard_images=4)
    return tmp_path / "pack"


def shards(pack):
    return sorted(pack.glob("*.tfrecord"))


def flip(path, position):
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)


def same_index(first, second):
    assert first.class_names == second.class_names
    assert first.labels.tolist() == second.labels.tolist()
    assert first.parts == second.parts
    assert {k: v.tolist() for k, v in first.boxes.items()} == {
        k: v.tolist() for k, v in second.boxes.items()
    }


def test_round_trip_of_folders(odd_folder, packed, tmp_path):
    assert len(shards(packed)) == 3
    assert unpack_images(packed, tmp_path / "again").faults == []
    assert tree(tmp_path / "again") == tree(odd_folder)


def test_a_pack_opens_as_its_folder(odd_folder, packed):
    first, second = open_dataset(odd_folder), open_dataset(packed)
    same_index(first, second)
    assert find_duplicates(first) == find_duplicates(second) != []
    for protocol in ("given", "holdout"):
        for part in ("train", "val", "test"):
            splits = [make_split(index, protocol) for index in (first, second)]
            one, other = (getattr(split, part).tolist() for split in splits)
            assert one == other
    images, kept = load_images(first.files, (16, 16))
    again, kept_again = load_images(second.files, (16, 16))
    assert kept.tolist() == kept_again.tolist() and len(kept) == len(first) - 1
    np.testing.assert_array_equal(images, again)


def test_paths_into_a_pack_are_files_folders_and_globs(odd_folder, packed):
    def names(*paths):
        found = list_images([packed / path for path in paths])
        return [path.relative_to(packed).as_posix() for path in found]

    expected = sorted(
        p.relative_to(odd_folder).as_posix() for p in list_images(odd_folder)
    )
    assert sorted(names(".")) == expected
    assert sorted(path.name for path in list_images(packed.parent)) == sorted(
        name.rpartition("/")[2] for name in expected
    )
    assert names("test") == ["test/Rost ü/1.jpg", "test/dent/1.jpg"]
    assert names("test/dent/1.jpg") == ["test/dent/1.jpg"]
    assert names("*/dent/*.jpg") == ["test/dent/1.jpg", "train/dent/copy.jpg"]
    assert names("**/1.*") == [
        "test/Rost ü/1.jpg",
        "test/dent/1.jpg",
        "train/Rost ü/1.tif",
    ]
    assert names("test/d*/**/?.jpg") == ["test/dent/1.jpg"]
    with pytest.raises(InputError, match="no images were found"):
        names("test/nothing.jpg")
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_image(packed / "test/nothing.jpg")


def test_boxes_and_annotations_are_kept(tmp_path):
    source = write_dataset(tmp_path / "neu", per_class=2, size=32, seed=0)
    pack_images(source, tmp_path / "pack", shard_images=5)
    same_index(open_dataset(source), open_dataset(tmp_path / "pack"))
    assert open_dataset(source).boxes
    unpack_images(tmp_path / "pack", tmp_path / "again")
    (source / "synthetic.json").unlink()  # no image and no annotation
    assert tree(tmp_path / "again") == tree(source)


def test_a_manifest_of_files_from_anywhere(odd_folder, tmp_path):
    rows = ["file,label,split", f"{odd_folder}/test/dent/1.jpg,a,test"]
    shutil.copy(odd_folder / "test/Rost ü/1.jpg", tmp_path / "here.jpg")
    (tmp_path / "list.csv").write_text("\n".join([*rows, "here.jpg,b,train"]))
    pack_images(tmp_path / "list.csv", tmp_path / "pack")
    same_index(open_dataset(tmp_path / "list.csv"), open_dataset(tmp_path / "pack"))
    unpack_images(tmp_path / "pack", tmp_path / "again")
    again = open_dataset(tmp_path / "again" / "manifest.csv")
    same_index(open_dataset(tmp_path / "list.csv"), again)
    assert [file.read_bytes() for file in again.files] == [
        (odd_folder / "test/dent/1.jpg").read_bytes(),
        (tmp_path / "here.jpg").read_bytes(),
    ]


def test_unlabelled_images_are_packed_and_read_but_not_trained_on(tmp_path):
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in" / "strip.png"), np.zeros((9, 9), "uint8"))
    pack_images(tmp_path / "in", tmp_path / "pack", unlabelled=True)
    (file,) = list_images(tmp_path / "pack")
    assert read_image(file).shape == (9, 9, 3)
    with pytest.raises(InputError, match="packed without labels"):
        open_dataset(tmp_path / "pack")


def test_packing_the_same_twice_gives_the_same_bytes(odd_folder, packed, tmp_path):
    pack_images(odd_folder, tmp_path / "second", shard_images=4)
    assert tree(packed) == tree(tmp_path / "second")


def test_a_damaged_record_is_named_and_the_others_read(odd_folder, packed, tmp_path):
    pack = open_pack(packed)
    image = pack.images["test/dent/1.jpg"]
    flip(packed / image.shard, image.offset + 40)
    with pytest.raises(InputError) as raised:
        read_image(packed / "test/dent/1.jpg")
    message = str(raised.value)
    assert "test/dent/1.jpg: its record in images-00000-of-00003.tfrecord" in message
    assert "checksum does not match" in message and "\n" not in message
    (finding,) = pack.damaged_shards()
    assert "images-00000-of-00003.tfrecord is damaged" in finding
    with pytest.raises(FindingsError, match="1 images of .* not be restored") as raised:
        unpack_images(packed, tmp_path / "again")
    (fault,) = raised.value.result.faults
    assert "test/dent/1.jpg" in fault
    expected = tree(odd_folder)
    del expected["test/dent/1.jpg"]
    assert tree(tmp_path / "again") == expected


def test_a_missing_or_cut_shard_is_named(packed):
    shard = shards(packed)[1]
    data = shard.read_bytes()
    shard.write_bytes(data[:-1])
    with pytest.raises(InputError, match=f"{shard.name} has .* bytes instead of"):
        open_dataset(packed)
    shard.unlink()
    with pytest.raises(InputError, match=f"{shard.name} of the pack is missing"):
        open_dataset(packed)
    assert [shard.name in fault for fault in open_pack(packed).damaged_shards()] == [
        True
    ]
    shard.with_suffix(".jsonl").write_text("{}")
    with pytest.raises(InputError, match=r"\.jsonl is damaged"):
        _ = open_pack(packed).images


@pytest.mark.parametrize("text", ["", "[]", '{"format": 1}', '{"format": 2}', "null"])
def test_a_damaged_manifest_is_named(packed, text):
    (packed / MANIFEST).write_text(text)
    with pytest.raises(InputError, match=MANIFEST):
        open_dataset(packed)


@pytest.mark.parametrize("name", ["../out.png", "/tmp/out.png", "a/../../out.png"])
def test_a_foreign_pack_cannot_lead_out_of_the_folder(packed, tmp_path, name):
    import hashlib

    path = packed / MANIFEST
    content = json.loads(path.read_text())
    index = packed / content["shards"][0]["index"]
    lines = index.read_text().splitlines()
    lines[0] = json.dumps({**json.loads(lines[0]), "name": name})
    index.write_text("\n".join(lines))
    digest = hashlib.sha256(index.read_bytes()).hexdigest()
    content["shards"][0]["index_sha256"] = digest
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match="outside of the pack"):
        unpack_images(packed, tmp_path / "again")


def test_what_cannot_be_packed_is_told(packed, odd_folder, tmp_path):
    with pytest.raises(InputError, match="is a pack already"):
        pack_images(packed, tmp_path / "twice")
    with pytest.raises(InputError, match="shard_images must be at least 1"):
        pack_images(odd_folder, tmp_path / "none", shard_images=0)
    file = odd_folder / "test/dent/1.jpg"
    (tmp_path / "list.csv").write_text(f"file,label\n{file},a\n{file},b\n")
    with pytest.raises(InputError, match="is listed twice"):
        pack_images(tmp_path / "list.csv", tmp_path / "none")


def test_a_pack_that_was_not_finished_is_no_pack(odd_folder, packed, monkeypatch):
    read = packing_shards.read_bytes

    def stop(path):
        if path.name == "1.tif":
            raise KeyboardInterrupt
        return read(path)

    monkeypatch.setattr(packing_shards, "read_bytes", stop)
    with pytest.raises(KeyboardInterrupt):
        pack_images(odd_folder, packed, shard_images=4, overwrite=True)
    assert not (packed / MANIFEST).exists()
    assert not [path for path in packed.iterdir() if ".tmp" in path.name]


def test_a_failing_call_keeps_the_earlier_pack(packed, tmp_path):
    before = tree(packed)
    with pytest.raises(InputError, match="neither a folder"):
        pack_images(tmp_path / "nothing", packed, overwrite=True)
    with pytest.raises(InputError, match="is not empty"):
        pack_images(tmp_path / "nothing", packed.parent)
    assert tree(packed) == before


# Whatever a file system takes: any bytes but 0 and "/".
NAME = st.binary(min_size=1, max_size=40).filter(
    lambda name: not {0, ord("/")} & set(name) and not name.startswith(b".")
)


@given(st.sets(NAME, min_size=2, max_size=4), st.sets(NAME, min_size=2, max_size=3))
@settings(max_examples=40, deadline=None)
def test_any_names_come_back(tmp_path_factory, names, class_names):
    folder = tmp_path_factory.mktemp("names")
    for class_name in class_names:
        (folder / "in" / os.fsdecode(class_name)).mkdir(parents=True)
        for name in names:
            path = folder / "in" / os.fsdecode(class_name) / os.fsdecode(name + b".png")
            path.write_bytes(class_name + name)
    index = open_dataset(folder / "in")
    assert len(index) == len(names) * len(class_names)
    pack_images(folder / "in", folder / "pack", quiet=True)
    again = open_dataset(folder / "pack")
    same_index(index, again)
    assert index.names() == again.names()
    unpack_images(folder / "pack", folder / "out", quiet=True)
    assert tree(folder / "out") == tree(folder / "in")
    check(folder / "in", manifest=folder / "list.csv", quiet=True)
    listed = open_dataset(folder / "list.csv")
    assert {file.resolve() for file in listed.files} == set(
        file.resolve() for file in index.files
    )
    # It can be printed and drawn.
    for class_name in index.class_names:
        assert class_name.encode().decode() == class_name
