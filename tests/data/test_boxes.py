"""Boxes: 1-based and closed on disk, half-open from 0 in the package."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rkd_keras.data import mask_of_boxes, open_dataset, pack_images, unpack_images
from rkd_keras.data.reading.boxes import from_voc, is_proper, to_voc
from rkd_keras.data.reading.pascal_voc import read_voc
from rkd_keras.data.synthetic import draw_image, write_dataset
from rkd_keras.errors import InputError
from rkd_keras.files.images import read_image
from rkd_keras.files.packs import open_pack

EDGE = st.integers(-30, 30)
BOXES = st.lists(st.tuples(EDGE, EDGE, EDGE, EDGE), max_size=5)


def voc(*objects):
    """A VOC file of `(name, box)`; a box of `None` is left out."""
    keys = ("xmin", "ymin", "xmax", "ymax")
    text = "<annotation>"
    for name, box in objects:
        edges = "".join(
            f"<{k}>{v}</{k}>" for k, v in zip(keys, box or (), strict=False)
        )
        text += f"<object><name>{name}</name>"
        text += f"<bndbox>{edges}</bndbox></object>" if box else "</object>"
    return f"{text}</annotation>"


def test_the_first_and_last_pixel_belong_to_a_box(tmp_path):
    """VOC's 1 to 10 are ten pixels: 0 to 9."""
    path = tmp_path / "a.xml"
    path.write_text(voc(("dent", (1, 2, 10, 4))))
    boxes, faults = read_voc(path)
    assert boxes.tolist() == [[0, 1, 10, 4]] and faults == []
    mask = mask_of_boxes((6, 12), boxes)
    rows, columns = np.nonzero(mask)
    assert (rows.min(), rows.max()) == (1, 3)
    assert (columns.min(), columns.max()) == (0, 9)


@given(BOXES)
def test_there_and_back(boxes):
    assert from_voc(to_voc(boxes)).tolist() == [list(box) for box in boxes]


@given(BOXES, st.integers(1, 12), st.integers(1, 12))
def test_a_mask_marks_what_lies_in_a_box_and_in_the_image(boxes, height, width):
    boxes = np.array(boxes, int).reshape(-1, 4)
    boxes = boxes[is_proper(boxes)]
    expected = np.zeros((height, width), bool)
    for y in range(height):
        for x in range(width):
            expected[y, x] = any(
                left <= x < right and top <= y < bottom
                for left, top, right, bottom in boxes
            )
    np.testing.assert_array_equal(mask_of_boxes((height, width), boxes), expected)


def test_a_box_wholly_outside_marks_nothing():
    outside = [[-20, 2, -10, 8], [2, -20, 8, -10], [50, 2, 60, 8], [2, 50, 8, 60]]
    assert not mask_of_boxes((10, 10), outside).any()
    assert not mask_of_boxes((10, 10), []).any()
    assert mask_of_boxes((6, 8), [[-5, -5, 100, 100]]).all()


@pytest.mark.parametrize(
    ("boxes", "message"),
    [([[1, 2, 3]], r"shape=\(1, 3\)"), ([[5, 0, 1, 4]], "left <= right")],
)
def test_wrong_boxes_are_named(boxes, message):
    with pytest.raises(InputError, match=message):
        mask_of_boxes((5, 5), boxes)


def test_what_cannot_be_used_is_named_with_file_and_object():
    xml = voc(
        ("dent", (9, 1, 3, 4)),
        ("dent", (1, 1, 3, 4)),
        ("rust", None),
        ("", (1, 8, 3, 4)),
        ("dent", (1, "x", 3, 4)),
        ("dent", (1, 2, 3)),
        ("dent", (1, 2, "1e400", 4)),
    )
    boxes, faults = read_voc(xml.encode(), "1.xml")
    assert boxes.tolist() == [[0, 0, 3, 4]]
    assert faults == [
        "1.xml, object 1 (dent): its box has xmin 9 above xmax 3",
        "1.xml, object 3 (rust): it has no box",
        "1.xml, object 4: its box has ymin 8 above ymax 4",
        "1.xml, object 5 (dent): ymin of its box is 'x', which is no pixel",
        "1.xml, object 6 (dent): ymax of its box is missing",
        "1.xml, object 7 (dent): xmax of its box is '1e400', which is no pixel",
    ]
    assert read_voc(b"<annotation/>", "2.xml")[1] == ["2.xml describes no object"]


@pytest.mark.parametrize("text", ["", "<annotation>", "{}", "<html></html>"])
def test_other_files_are_no_annotations(tmp_path, text):
    path = tmp_path / "a.xml"
    path.write_text(text)
    with pytest.raises(InputError, match="a.xml is no Pascal VOC annotation"):
        read_voc(path)


def test_a_bad_annotation_spoils_no_data_set(tmp_path):
    source = write_dataset(tmp_path / "neu", per_class=2, size=32)
    (source / "ANNOTATIONS" / "crazing_1.xml").write_text("no xml")
    (source / "ANNOTATIONS" / "crazing_2.xml").write_text(voc(("a", (9, 1, 3, 4))))
    index = open_dataset(source)
    assert sorted(index.boxes) == list(range(2, 12))
    assert sorted(index.annotations) == list(range(12))
    assert len(index.faults) == 2
    assert "crazing_1.xml is no Pascal VOC annotation" in index.faults[0]
    assert "crazing_2.xml, object 1 (a)" in index.faults[1]


def test_drawn_boxes_arrive_as_they_were_drawn(tmp_path):
    source = write_dataset(tmp_path / "neu", per_class=2, size=64, seed=5)
    index = open_dataset(source)
    for i, file in enumerate(index.files):
        class_name, _, number = file.stem.rpartition("_")
        label = index.class_names.index(class_name)
        drawing = draw_image(
            class_name, 64, np.random.default_rng([5, label, int(number)])
        )
        assert index.boxes[i].tolist() == [list(box) for _, box in drawing.objects]
        inside = mask_of_boxes(read_image(file).shape[:2], index.boxes[i])
        assert (drawing.mask & inside).sum() > 0.8 * drawing.mask.sum()


def test_packs_keep_the_boxes_of_the_disk(tmp_path):
    """Packs written before boxes were half-open read the same."""
    source = write_dataset(tmp_path / "neu", per_class=1, size=32)
    path = source / "ANNOTATIONS" / "crazing_1.xml"
    path.write_text(voc(("a", (1, 1, 32, 31)), ("b", (9, 1, 3, 4)), ("c", None)))
    original = path.read_bytes()
    pack_images(source, tmp_path / "pack")
    rows = (tmp_path / "pack").joinpath("images-00000-of-00001.jsonl").read_text()
    assert json.loads(rows.splitlines()[0])["boxes"] == [[1, 1, 32, 31]]
    features = open_pack(tmp_path / "pack").features(
        open_pack(tmp_path / "pack").images["IMAGES/crazing_1.jpg"]
    )
    assert features["image/boxes"] == [1, 1, 32, 31]
    first, second = open_dataset(source), open_dataset(tmp_path / "pack")
    assert first.boxes[0].tolist() == second.boxes[0].tolist() == [[0, 0, 32, 31]]
    unpack_images(tmp_path / "pack", tmp_path / "again")
    again = tmp_path / "again" / "ANNOTATIONS" / "crazing_1.xml"
    assert again.read_bytes() == original


def test_an_older_pack_with_a_box_that_cannot_be_used(tmp_path):
    import hashlib

    source = write_dataset(tmp_path / "neu", per_class=1, size=32)
    pack_images(source, tmp_path / "pack")
    index = tmp_path / "pack" / "images-00000-of-00001.jsonl"
    lines = [json.loads(line) for line in index.read_text().splitlines()]
    lines[0]["boxes"] = [[9, 1, 3, 4], [2, 2, 5, 5]]
    lines[1]["boxes"] = [[9, 1, 3, 4]]
    index.write_text("".join(json.dumps(line) + "\n" for line in lines))
    manifest = tmp_path / "pack" / "rkd_pack.json"
    content = json.loads(manifest.read_text())
    digest = hashlib.sha256(index.read_bytes()).hexdigest()
    content["shards"][0]["index_sha256"] = digest
    manifest.write_text(json.dumps(content))
    boxes = open_dataset(tmp_path / "pack").boxes
    assert boxes[0].tolist() == [[1, 1, 5, 5]]
    assert 1 not in boxes and len(boxes) == 5


def sized_voc(size, *boxes):
    width, height = size
    edges = ("xmin", "ymin", "xmax", "ymax")
    text = f"<size><width>{width}</width><height>{height}</height></size>"
    text += "<object><name>dent</name>"
    for box in boxes:
        inner = "".join(f"<{e}>{v}</{e}>" for e, v in zip(edges, box, strict=True))
        text += f"<bndbox>{inner}</bndbox>"
    return f"<annotation>{text}</object></annotation>".encode()


def test_all_boxes_of_an_object_are_read():
    boxes, faults = read_voc(
        sized_voc((9, 9), (1, 1, 2, 2), (5, 5, 6, 6), (4, 1, 2, 2)), "x"
    )
    assert boxes.tolist() == [[0, 0, 2, 2], [4, 4, 6, 6]]
    assert faults == ["x, object 1 (dent): its box has xmin 4 above xmax 2"]


@pytest.mark.parametrize(
    ("size", "told"),
    [((8, 6), False), (("0", "0"), False), (("", ""), False), ((16, 12), True)],
)
def test_boxes_of_another_scale_are_told(tmp_path, size, told):
    """They lie within the image all the same, and mark the wrong place."""
    from rkd_keras.data import check
    from rkd_keras.files.images import write_image

    for name in ("dent", "rust"):
        (tmp_path / name).mkdir()
        write_image(tmp_path / name / "1.png", np.zeros((6, 8), np.uint8))
    (tmp_path / "dent" / "1.xml").write_bytes(sized_voc(size, (1, 1, 3, 3)))
    message = "1.xml is of an image of 16x12 pixels, not 8x6"
    assert any(message in each for each in check(tmp_path).findings) == told
