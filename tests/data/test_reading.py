import csv

import cv2
import numpy as np
import pytest

from rkd_keras.data import find_duplicates, load_images, load_samples, open_dataset
from rkd_keras.data.reading.neu import CLASS_NAMES, class_of
from rkd_keras.errors import InputError
from rkd_keras.files.images import decode_image, list_images, read_image, resize_image

VOC = """<annotation><object><name>scratches</name><bndbox>
<xmin>3</xmin><ymin>4</ymin><xmax>10</xmax><ymax>12</ymax></bndbox></object>
<object><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>6</ymax></bndbox>
</object></annotation>"""


def write(path, value=0, shape=(12, 10)):
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(value)
    cv2.imwrite(str(path), rng.integers(0, 256, shape, dtype=np.uint8))
    return path


def test_neu_det_with_boxes(tmp_path):
    for i, name in enumerate(CLASS_NAMES):
        write(tmp_path / "IMAGES" / f"{name}_{i + 1}.jpg", i)
    (tmp_path / "ANNOTATIONS").mkdir()
    (tmp_path / "ANNOTATIONS" / "scratches_6.xml").write_text(VOC)
    index = open_dataset(tmp_path)
    assert index.class_names == CLASS_NAMES
    assert index.counts().tolist() == [1] * 6
    (key,) = index.boxes
    assert index.files[key].name == "scratches_6.jpg"
    np.testing.assert_array_equal(index.boxes[key], [[2, 3, 10, 12], [0, 0, 5, 6]])


def test_neu_cls_names(tmp_path):
    for name in ("Cr_1.bmp", "PS_12.bmp", "RS_3.bmp", "Sc_2.bmp"):
        write(tmp_path / name)
    index = open_dataset(tmp_path)
    assert index.class_names == (
        "crazing",
        "pitted_surface",
        "rolled-in_scale",
        "scratches",
    )
    assert class_of("rolled-in_scale_7.jpg") == "rolled-in_scale"


def test_numbers_sort_as_numbers(tmp_path):
    for number in (10, 2, 1):
        write(tmp_path / f"Sc_{number}.bmp")
    assert [f.stem for f in open_dataset(tmp_path).files] == ["Sc_1", "Sc_2", "Sc_10"]


@pytest.mark.parametrize(
    "layout", ["{part}/{name}", "{name}/{part}", "a/{part}/images/{name}"]
)
def test_folders_of_any_nesting(tmp_path, layout):
    for i, part in enumerate(("train", "valid", "test")):
        for name in ("dent", "rust"):
            folder = layout.format(part=part, name=name)
            write(tmp_path / folder / f"{i}.png", i)
    index = open_dataset(tmp_path)
    assert index.class_names == ("dent", "rust")
    assert sorted(set(index.parts)) == ["test", "train", "val"]


def test_manifest(tmp_path):
    write(tmp_path / "img" / "1.png")
    write(tmp_path / "img" / "2.png")
    path = tmp_path / "list.csv"
    path.write_text("file,label,split\nimg/1.png,rust,train\nimg/2.png,dent,Test\n")
    index = open_dataset(path)
    assert index.class_names == ("dent", "rust")
    assert index.labels.tolist() == [1, 0] and index.parts == ("train", "test")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,label\na,b\n", "lacks the column file"),
        ("file,label\na.png,\n", "line 2: file and label must not be empty"),
        ("file,label,split\na.png,b,dev\n", "split must be train, val or test"),
        ("file,label\n", "lists no images"),
    ],
)
def test_bad_manifests(tmp_path, text, message):
    path = tmp_path / "list.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        open_dataset(path)


def test_bad_folders(tmp_path):
    with pytest.raises(InputError, match="neither a folder nor a CSV"):
        open_dataset(tmp_path / "none")
    with pytest.raises(InputError, match="holds no images"):
        open_dataset(tmp_path)
    write(tmp_path / "picture.png")
    with pytest.raises(InputError, match="names tell no class"):
        open_dataset(tmp_path)
    write(tmp_path / "dent" / "1.png")
    (unused,) = open_dataset(tmp_path).unused
    assert str(unused).endswith("picture.png is not used: it lies in no class's folder")


def test_every_pixel_format_arrives_as_rgb_uint8(tmp_path):
    grey = np.arange(120, dtype=np.uint8).reshape(12, 10)
    files = {
        "grey.png": grey,
        "deep.png": grey.astype(np.uint16) * 257,
        "colour.png": np.repeat(grey[..., None], 3, -1),
        "alpha.png": np.concatenate(
            [np.repeat(grey[..., None], 3, -1), np.full((12, 10, 1), 9, np.uint8)], -1
        ),
        "grey.tif": grey,
        "grey.bmp": grey,
    }
    for name, image in files.items():
        cv2.imwrite(str(tmp_path / name), image)
    for name in files:
        image = read_image(tmp_path / name)
        assert image.dtype == np.uint8 and image.shape == (12, 10, 3), name
        np.testing.assert_array_equal(image[..., 0], grey, err_msg=name)


def test_palette_image(tmp_path):
    image_module = pytest.importorskip("PIL.Image")
    image = image_module.fromarray(np.eye(8, dtype=np.uint8), mode="P")
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.save(tmp_path / "p.png")
    pixels = read_image(tmp_path / "p.png")
    assert pixels[0, 1].tolist() == [10, 20, 30]
    assert pixels[0, 0].tolist() == [200, 100, 50]


def test_colour_order_is_rgb(tmp_path):
    red = np.zeros((4, 4, 3), np.uint8)
    red[..., 2] = 255
    cv2.imwrite(str(tmp_path / "red.png"), red)
    assert read_image(tmp_path / "red.png")[0, 0].tolist() == [255, 0, 0]


def test_undecodable_files_are_named_and_skipped_or_stop(tmp_path, caplog):
    good = write(tmp_path / "a.png")
    bad = tmp_path / "b.png"
    bad.write_bytes(good.read_bytes()[:40])
    empty = tmp_path / "c.png"
    empty.write_bytes(b"")
    images, kept = load_images([good, bad, empty], (8, 8))
    assert images.shape == (1, 8, 8, 3) and kept.tolist() == [0]
    assert "b.png cannot be decoded" in caplog.text
    assert "2 of 3 images could not be decoded" in caplog.text
    with pytest.raises(InputError, match=r"b\.png cannot be decoded"):
        load_images([good, bad], (8, 8), strict=True)
    with pytest.raises(InputError, match="none of 1 images"):
        load_images([bad], (8, 8))
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_image(tmp_path / "none.png")
    with pytest.raises(InputError, match="upload cannot be decoded"):
        decode_image(b"MZ not an image", "upload")


def test_samples_keep_image_and_label_together(tmp_path, caplog):
    for name, level in (("dark", 10), ("light", 200)):
        for i in range(3):
            path = tmp_path / name / f"{i}.png"
            path.parent.mkdir(exist_ok=True)
            cv2.imwrite(str(path), np.full((8, 8), level + i, np.uint8))
    (tmp_path / "dark" / "1.png").write_bytes(b"no image")
    index = open_dataset(tmp_path)
    images, labels = load_samples(index, [5, 0, 1, 3], (4, 4))
    assert images.shape == (3, 4, 4, 3) and "left out" in caplog.text
    assert images[:, 0, 0, 0].tolist() == [202, 10, 200]
    assert labels.tolist() == [1, 0, 1]
    assert load_samples(index, size=(4, 4))[1].tolist() == [0, 0, 1, 1, 1]
    with pytest.raises(InputError, match=r"1\.png cannot be decoded"):
        load_samples(index, strict=True)


def test_resize_averages_areas():
    checker = np.zeros((8, 8, 3), np.uint8)
    checker[::2, ::2] = checker[1::2, 1::2] = 200
    np.testing.assert_array_equal(resize_image(checker, (4, 4)), 100)
    assert resize_image(checker, (8, 8)) is checker
    assert resize_image(checker, (16, 12)).shape == (16, 12, 3)


def test_list_images(tmp_path):
    a = write(tmp_path / "x" / "a.png")
    b = write(tmp_path / "b.JPG")
    (tmp_path / "notes.txt").write_text("")
    assert list_images(tmp_path) == sorted([a, b])
    assert list_images(str(tmp_path / "**" / "*.png")) == [a]
    assert list_images([a, tmp_path]) == sorted([a, b])
    with pytest.raises(InputError, match="does not exist"):
        list_images(tmp_path / "none.png")
    with pytest.raises(InputError, match="no images were found"):
        list_images(str(tmp_path / "*.bmp"))


def test_find_duplicates(tmp_path):
    rows = []
    for i, value in enumerate((1, 2, 1, 3)):
        write(tmp_path / f"{i}.png", value)
        rows.append((f"{i}.png", "a" if i < 2 else "b"))
    with (tmp_path / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "label"), *rows])
    assert find_duplicates(open_dataset(tmp_path / "list.csv")) == [[0, 2]]
