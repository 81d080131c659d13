"""`check` names what would spoil a training, with file and object."""

import cv2
import numpy as np
import pytest

from rkd_keras.data import check, pack_images
from rkd_keras.data.synthetic import write_dataset
from rkd_keras.errors import FindingsError, InputError


def voc(*boxes):
    keys = ("xmin", "ymin", "xmax", "ymax")
    objects = "".join(
        f"<object><name>dent</name>{_box(box, keys)}</object>" for box in boxes
    )
    return f"<annotation>{objects}</annotation>"


def _box(box, keys):
    if box is None:
        return ""
    pairs = zip(keys, box, strict=True)
    return f"<bndbox>{''.join(f'<{k}>{v}</{k}>' for k, v in pairs)}</bndbox>"


@pytest.fixture
def boxed(tmp_path):
    """A drawn set of 32x32 images, one annotation of which has all faults."""
    folder = write_dataset(tmp_path / "neu", per_class=2, size=32)
    (folder / "ANNOTATIONS" / "crazing_1.xml").write_text(
        voc((1, 1, 32, 32), (9, 1, 3, 4), None, (20, 1, 33, 32), (40, 1, 50, 9))
    )
    (folder / "ANNOTATIONS" / "patches_2.xml").write_text("no xml")
    (folder / "ANNOTATIONS" / "scratches_2.xml").write_text("<annotation/>")
    return folder


def expected(root):
    first = f"{root / 'ANNOTATIONS' / 'crazing_1.xml'}, object"
    return [
        f"{first} 2 (dent): its box has xmin 9 above xmax 3",
        f"{first} 3 (dent): it has no box",
        f"{first} 4 (dent): its box reaches beyond the image of 32x32 pixels",
        f"{first} 5 (dent): its box lies wholly outside of the image of 32x32 pixels",
        f"{root / 'ANNOTATIONS' / 'scratches_2.xml'} describes no object",
    ]


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "pack"])
def test_faulty_boxes_are_named_with_file_and_object(boxed, packed, tmp_path):
    if packed:
        pack_images(boxed, tmp_path / "pack")
        boxed = tmp_path / "pack"
    found = check(boxed, quiet=True)
    broken = [f for f in found.findings if "patches_2.xml is no Pascal VOC" in f]
    assert len(broken) == 1
    assert [f for f in found.findings if f not in broken] == expected(boxed)
    assert found.boxed == {
        "crazing": 2,
        "inclusion": 2,
        "patches": 1,
        "pitted_surface": 2,
        "rolled-in_scale": 2,
        "scratches": 1,
    }


def test_nothing_is_found_in_a_clean_set(tmp_path):
    found = check(write_dataset(tmp_path, 3, 32), split="holdout", strict=True)
    assert found.findings == [] and found.images == 18
    assert found.split == "holdout"
    assert {part: sum(counts.values()) for part, counts in found.parts.items()} == {
        "train": 12,
        "val": 0,
        "test": 6,
    }


def test_strict_raises_and_carries_what_was_found(boxed):
    with pytest.raises(FindingsError, match="6 findings in .*; mend them") as raised:
        check(boxed, strict=True)
    assert isinstance(raised.value, InputError)
    assert raised.value.result.images == 12


def test_a_split_that_cannot_be_made_is_told(tmp_path):
    with pytest.raises(InputError, match="needs 300 images"):
        check(write_dataset(tmp_path, 1, 32), split="neu-600", quiet=True)


def test_the_same_file_in_two_classes(tmp_path):
    for name in ("dent", "rust"):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "1.png"), np.zeros((4, 4), "uint8"))
    (finding,) = check(tmp_path).findings
    assert finding.startswith("the same file in classes ['dent', 'rust']: ")
