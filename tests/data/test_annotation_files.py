"""Pascal VOC files beside, above and below their images."""

import pytest
from folder_trees import VOC, classes, unused, write

from rkd_keras.data import open_dataset, pack_images


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
