"""Folders as people have them: nothing is lost without a word."""

import os

import numpy as np
import pytest
from folder_trees import PICTURE, classes, unused, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rkd_keras.data import check, open_dataset, pack_images
from rkd_keras.data.synthetic import write_dataset
from rkd_keras.errors import InputError
from rkd_keras.files.images import IMAGE_SUFFIXES, list_images


def test_linked_class_folders_are_followed(tmp_path):
    write(tmp_path / "data", "dent/1.png")
    write(tmp_path / "elsewhere", "rust of line A/1.png", "single.png")
    link = tmp_path / "data" / "rust"
    link.symlink_to(tmp_path / "elsewhere" / "rust of line A")
    (tmp_path / "data" / "dent" / "2.png").symlink_to(
        tmp_path / "elsewhere" / "single.png"
    )
    index = open_dataset(tmp_path / "data")
    assert classes(index) == {
        "dent/1.png": "dent",
        "dent/2.png": "dent",
        "rust/1.png": "rust",
    }
    assert len(list_images(tmp_path / "data")) == 3


def test_links_in_circles_and_into_nothing_are_named(tmp_path):
    write(tmp_path, "dent/1.png", "rust/1.png")
    (tmp_path / "dent" / "again").symlink_to(tmp_path)
    (tmp_path / "dent" / "gone.png").symlink_to(tmp_path / "nothing.png")
    (tmp_path / "rust" / "self").symlink_to(tmp_path / "rust" / "self")
    found = unused(open_dataset(tmp_path))
    assert found == {
        "dent/again": "it is a link to a folder that it lies in",
        "dent/gone.png": "it is a link that leads nowhere",
        "rust/self": "it is a link that leads nowhere",
    }
    assert "dent/gone.png is not used" in " ".join(check(tmp_path).findings)


@pytest.mark.parametrize(
    "hidden",
    [
        *(".ipynb_checkpoints/1-checkpoint.png", "dent/.ipynb_checkpoints/1.png"),
        *(".git/x.png", "__MACOSX/dent/._1.png", "dent/._1.png", "@eaDir/1.png"),
        *("$RECYCLE.BIN/1.png", "dent/Thumbs.db", ".DS_Store", "dent/desktop.ini"),
    ],
)
def test_hidden_and_system_files_are_no_classes(tmp_path, hidden):
    write(tmp_path, "dent/1.png", "rust/1.png", hidden)
    index = open_dataset(tmp_path)
    assert index.class_names == ("dent", "rust") and len(index) == 2
    (name,) = unused(index)
    assert hidden.startswith(name)
    found = check(tmp_path)
    assert len(found.unused) == 1 and "hidden or of the system" in found.unused[0]
    assert len(list_images(tmp_path)) == 2


def test_stray_files_named_as_neus_hide_no_folders(tmp_path):
    write(tmp_path, "scratches_1.jpg", "Sc_2.bmp", "dent/1.png", "rust/1.png")
    index = open_dataset(tmp_path)
    assert classes(index) == {"dent/1.png": "dent", "rust/1.png": "rust"}
    assert unused(index) == {
        "scratches_1.jpg": "it lies in no class's folder",
        "Sc_2.bmp": "it lies in no class's folder",
    }


def test_masks_are_no_class(tmp_path):
    write(tmp_path, "train/good/1.png", "test/good/1.png", "test/broken/1.png")
    write(tmp_path, "ground_truth/broken/1_mask.png", "masks/1.png")
    index = open_dataset(tmp_path)
    assert index.class_names == ("broken", "good") and len(index) == 3
    assert set(unused(index)) == {"ground_truth/broken/1_mask.png", "masks/1.png"}


@pytest.mark.parametrize("suffix", [".jfif", ".ppm", ".pgm", ".jp2", ".gif", ".JPE"])
def test_further_suffixes_are_read(tmp_path, suffix):
    write(tmp_path, f"dent/1{suffix}", "rust/1.png")
    assert len(open_dataset(tmp_path)) == len(list_images(tmp_path)) == 2


@pytest.mark.parametrize("suffix", [".heic", ".svg", ".psd", ".exr", ".npy"])
def test_pictures_that_are_not_read_are_findings(tmp_path, suffix):
    write(tmp_path, f"dent/1{suffix}", "dent/2.png", "rust/1.png")
    (finding,) = [f for f in check(tmp_path).findings if "the same file" not in f]
    assert f"1{suffix} is not used: {suffix} is no format that is read" in finding
    with pytest.raises(InputError, match=f"holds no images; .*1{suffix} is not used"):
        write(tmp_path / "only", f"dent/1{suffix}")
        open_dataset(tmp_path / "only")


def test_everything_else_is_named_and_is_no_finding(tmp_path):
    write_dataset(tmp_path, 1, 32, quiet=True)
    write(tmp_path, "README.md", "list.csv", "IMAGES/notes.txt")
    found = check(tmp_path, strict=True)
    names = [sentence.split(" is not used")[0] for sentence in found.unused]
    expected = ("IMAGES/notes.txt", "README.md", "list.csv", "synthetic.json")
    assert names == [str(tmp_path / name) for name in expected]
    assert "files' names, as NEU's; boxes from Pascal VOC files" in found.layout


def test_results_of_ours_are_no_images(tmp_path):
    from rkd_keras.files.images import write_image

    write(tmp_path, "dent/1.png", "rust/1.png")
    write_image(tmp_path / "dent" / "2.png", np.zeros((4, 4), "uint8"), is_result=True)
    index = open_dataset(tmp_path)
    assert len(index) == 2 and "results of rkd-keras" in unused(index)["dent/2.png"]


def test_classes_that_differ_in_case_only(tmp_path):
    write(tmp_path, "train/Dent/1.png", "test/dent/2.png", "train/rust/3.png")
    told = "the classes ['Dent', 'dent'] differ in upper and lower case only"
    assert told in check(tmp_path).findings


def test_one_name_in_two_spellings_of_unicode_is_one_class(tmp_path):
    write(
        tmp_path, "train/Kru\u0308mmung/1.png", "test/Kr\u00fcmmung/2.png", "rust/3.png"
    )
    assert open_dataset(tmp_path).class_names == ("Kr\u00fcmmung", "rust")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open every folder")
def test_a_folder_that_cannot_be_opened_is_named(tmp_path):
    write(tmp_path, "dent/1.png", "rust/1.png")
    (tmp_path / "rust").chmod(0)
    try:
        assert "it cannot be opened" in unused(open_dataset(tmp_path))["rust"]
    finally:
        (tmp_path / "rust").chmod(0o755)


def test_packs_within_are_named(tmp_path):
    write(tmp_path, "dent/1.png", "rust/1.png")
    pack_images(tmp_path, tmp_path.parent / f"{tmp_path.name}.pack", quiet=True)
    (tmp_path.parent / f"{tmp_path.name}.pack").rename(tmp_path / "old.pack")
    assert "it is a pack" in unused(open_dataset(tmp_path))["old.pack"]


FOLDER = st.sampled_from(
    ["train", "test", "images", "dent", "rust", "2024", "A", ".git", "masks"]
)
FILE = st.sampled_from(
    ["1.png", "2.JPG", "Sc_1.bmp", "x.xml", "notes.txt", ".hidden", "a.heic", "b"]
)
TREE = st.lists(st.tuples(st.lists(FOLDER, max_size=4), FILE), min_size=1, max_size=12)


@given(TREE)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_every_file_is_used_or_named(tmp_path_factory, tree):
    root = tmp_path_factory.mktemp("tree")
    for folders, name in tree:
        path = root.joinpath(*folders, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PICTURE)
    try:
        index = open_dataset(root)
    except InputError as error:
        assert str(root) in str(error) and "\n" not in str(error)
        return
    assert len(set(index.files)) == len(index)
    assert list(index.class_names) == sorted(set(index.class_names))
    assert set(index.labels.tolist()) == set(range(len(index.class_names)))
    assert index.layout
    named = {each.path for each in index.unused}
    used = {*index.files, *index.annotations.values()}
    for path in root.rglob("*"):
        if path.is_file():
            around = {path, *path.parents} & named
            assert (path in used) != bool(around), path
    # What is listed without labels is at least what is used.
    assert set(index.files) <= set(list_images(root))
    assert all(path.suffix.lower() in IMAGE_SUFFIXES for path in index.files)
