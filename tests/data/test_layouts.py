"""Folders as people have them: nothing is lost without a word."""

import os

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rkd_keras.data import check, open_dataset, pack_images
from rkd_keras.data.reading.class_level import find_level, is_counter
from rkd_keras.data.synthetic import write_dataset
from rkd_keras.errors import InputError, OptionError
from rkd_keras.files.images import IMAGE_SUFFIXES, list_images

VOC = """<annotation><object><name>{}</name><bndbox><xmin>1</xmin><ymin>2</ymin>
<xmax>5</xmax><ymax>6</ymax></bndbox></object></annotation>"""
PICTURE = cv2.imencode(".png", np.zeros((8, 8), "uint8"))[1].tobytes()


def write(root, *names, content=PICTURE):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def classes(index):
    """Dict from an image's name within the data set to its class."""
    names = [index.class_names[label] for label in index.labels]
    return dict(zip(index.names(), names, strict=True))


def unused(index):
    return {
        each.path.relative_to(index.root).as_posix(): each.reason
        for each in index.unused
    }


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
    ("names", "expected", "level"),
    [
        # Days and coils below the class.
        (["scratches/2024-05-01/1", "inclusion/2024-05-02/1"], "scratches", 1),
        (["scratches/coil_17/1", "inclusion/coil_18/1"], "scratches", 1),
        (["scratches/1", "scratches/2024-05-01/2", "inclusion/3"], "scratches", 1),
        # Lines above it.
        (["line A/scratches/1", "line B/scratches/1", "line B/rust/1"], "scratches", 2),
        (["2024-05-01/scratches/1", "2024-05-02/rust/1"], "scratches", 2),
        (["north/scratches/1", "south/scratches/2", "south/rust/2"], "scratches", 2),
        (["A/scratches/01/x", "B/scratches/02/x", "B/rust/01/x"], "scratches", 2),
        # What holds everything names nothing.
        (["NEU/data/scratches/1", "NEU/data/rust/1"], "scratches", 1),
        (["scratches/1"], "scratches", 1),
        # Groups below a class whose names do not come again.
        (["scratches/deep/1", "scratches/faint/1", "rust/red/1"], "scratches", 1),
        # Classes that are numbers, where nothing else is.
        (["1/a", "2/a"], "1", 1),
        (["class_1/a", "class_2/a"], "class_1", 1),
    ],
)
def test_which_level_of_folders_names_the_class(tmp_path, names, expected, level):
    write(tmp_path, *(f"{name}.png" for name in names))
    index = open_dataset(tmp_path)
    assert classes(index)[f"{names[0]}.png"] == expected
    assert not unused(index)
    if len(names[0].split("/")) > 2 and "NEU" not in names[0]:
        assert f"(those of level {level})" in index.layout


def test_two_readings_are_told_and_the_other_can_be_forced(tmp_path):
    write(tmp_path, "scratches/day/1.png", "rust/day/1.png", "rust/night/1.png")
    found = check(tmp_path)
    assert list(found.counts) == ["day", "night"]
    assert "--class-from 1 would take level 1: rust, scratches" in found.layout
    forced = check(tmp_path, class_from="1", manifest=tmp_path / "list.csv")
    assert list(forced.counts) == ["rust", "scratches"]
    # The manifest says it to every command.
    assert open_dataset(tmp_path / "list.csv").class_names == ("rust", "scratches")
    with pytest.raises(InputError, match="exists already"):
        check(tmp_path, manifest=tmp_path / "list.csv")
    for wrong in ("0", "-1", "outer", ""):
        with pytest.raises(OptionError, match="class_from must be auto, name"):
            check(tmp_path, class_from=wrong)


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


def test_neu_det_with_own_names_takes_the_classes_of_the_objects(tmp_path, caplog):
    write(tmp_path, "IMAGES/frame1.png", "IMAGES/frame2.png", "IMAGES/scratches_7.png")
    write(tmp_path, "IMAGES/two.png", "IMAGES/none.png")
    write(tmp_path, "ANNOTATIONS/frame1.xml", content=VOC.format("dent"))
    write(tmp_path, "ANNOTATIONS/frame2.xml", content=VOC.format("Kratzer ü"))
    both = VOC.format("dent").replace("</annotation>", "") + VOC.format("rust")[12:]
    write(tmp_path, "ANNOTATIONS/two.xml", content=both)
    write(tmp_path, "ANNOTATIONS/alone.xml", content=VOC.format("dent"))
    index = open_dataset(tmp_path)
    assert classes(index) == {
        "IMAGES/frame1.png": "dent",
        "IMAGES/frame2.png": "Kratzer ü",
        "IMAGES/scratches_7.png": "scratches",
    }
    assert unused(index) == {
        "IMAGES/two.png": "nothing tells its class",
        "IMAGES/none.png": "nothing tells its class",
        "ANNOTATIONS/two.xml": "it belongs to no image",
        "ANNOTATIONS/alone.xml": "it belongs to no image",
    }
    assert "and 3 more" in caplog.text and "data check names all" in caplog.text
    assert sorted(len(box) for box in index.boxes.values()) == [1, 1]


@pytest.mark.parametrize("wrapper", ["", "NEU-DET/"])
def test_neu_det_as_the_large_data_site_packs_it(tmp_path, wrapper):
    for part in ("train", "validation"):
        for name in ("crazing", "rolled-in_scale"):
            for number in (1, 2) if part == "train" else (3,):
                stem = f"{name}_{number}"
                write(tmp_path, f"{wrapper}{part}/images/{name}/{stem}.jpg")
                write(
                    tmp_path,
                    f"{wrapper}{part}/annotations/{stem}.xml",
                    content=VOC.format(name),
                )
    index = open_dataset(tmp_path)
    assert index.class_names == ("crazing", "rolled-in_scale")
    assert index.parts.count("train") == 4 and index.parts.count("val") == 2
    assert sorted(index.boxes) == list(range(6)) and not index.unused
    assert all(box.tolist() == [[0, 1, 5, 6]] for box in index.boxes.values())
    pack_images(tmp_path, tmp_path.parent / f"{tmp_path.name}.pack", quiet=True)
    packed = open_dataset(tmp_path.parent / f"{tmp_path.name}.pack")
    assert packed.parts == index.parts and len(packed.boxes) == 6


@pytest.mark.parametrize(
    ("image", "annotation"),
    [
        ("dent/1.png", "dent/1.xml"),
        ("dent/1.png", "annotations/dent/1.xml"),
        ("images/dent/1.png", "annotations/dent/1.xml"),
        ("train/images/dent/1.png", "train/Annotations/dent/1.xml"),
        ("train/dent/1.png", "Annotations/1.xml"),
        ("train/dent/images/1.png", "train/dent/annotations/1.xml"),
    ],
)
def test_annotations_are_found_wherever_they_are_kept(tmp_path, image, annotation):
    write(tmp_path, image, "rust/2.png")
    write(tmp_path, annotation, content=VOC.format("dent"))
    index = open_dataset(tmp_path)
    assert len(index) == 2 and list(index.boxes) == [index.names().index(image)]
    assert not index.unused


def test_an_annotation_that_several_images_could_own_is_nobodys(tmp_path):
    write(tmp_path, "inclusion/001.png", "scratches/001.png", "scratches/002.png")
    write(tmp_path, "annotations/001.xml", content=VOC.format("scratches"))
    write(tmp_path, "annotations/002.xml", content=VOC.format("scratches"))
    index = open_dataset(tmp_path)
    assert list(index.boxes) == [index.names().index("scratches/002.png")]
    assert "could belong to several images" in unused(index)["annotations/001.xml"]


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


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"2024-05-01", "2024-05-02"}, True),
        ({"17"}, True),
        ({"batch3", "batch4"}, True),
        ({"lineA", "lineB"}, True),
        ({"dent", "dust"}, False),
        ({"scratches"}, False),
        ({"rolled-in_scale", "pitted_surface"}, False),
    ],
)
def test_what_counts_as_a_counter(names, expected):
    assert is_counter(names) == expected


def test_levels_of_one_folder():
    assert find_level([("dent",), ("rust",)]) == (1, [])


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
