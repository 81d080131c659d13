import csv

import numpy as np
import pytest

from rkd_keras.data import open_dataset
from rkd_keras.data.sample_folder import SampleFolder
from rkd_keras.errors import InputError
from rkd_keras.files.images import write_image

IMAGE = np.zeros((4, 4, 3), "uint8")


def manifest(folder):
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_overwrite_touches_no_folder_of_others(tmp_path):
    (tmp_path / "photo.png").write_bytes(b"mine")
    with pytest.raises(InputError, match="no samples of this command"):
        SampleFolder(tmp_path, overwrite=True)
    (tmp_path / "manifest.csv").write_text(
        "file,label,split,method,sources\n../victim.png,a,,mosaic,\nphoto.png,a,,x,\n"
    )
    victim = tmp_path.parent / "victim.png"
    victim.write_bytes(b"mine")
    SampleFolder(tmp_path, overwrite=True)
    assert victim.read_bytes() == (tmp_path / "photo.png").read_bytes() == b"mine"


@pytest.mark.parametrize("class_name", ["../../evil", "a/b", "..", "Riß"])
def test_a_class_name_leads_nowhere_else(class_name, tmp_path):
    folder = SampleFolder(tmp_path / "samples")
    folder.add(IMAGE, class_name, "x", "mosaic", [])
    folder.finish()
    (file,) = tmp_path.rglob("*.png")
    assert file.parent.parent == tmp_path / "samples" / "images"
    assert manifest(tmp_path / "samples")[0]["label"] == class_name


def test_two_samples_never_share_a_name(tmp_path):
    folder = SampleFolder(tmp_path / "samples")
    names = ["000", "000", "000_2", "a", "A", "x" * 250, "x" * 250 + "y"]
    files = [folder.add(IMAGE, "crack", name, "m", [name]) for name in names]
    # Two classes whose folders have one name.
    files += [folder.add(IMAGE, name, "0", "m", []) for name in ("a/b", "a_b")]
    written = folder.finish()
    lowered = {str(file).lower() for file in files}
    assert len(lowered) == len(files) == written.count == 9
    assert all(file.is_file() for file in files)
    rows = manifest(written.path)
    assert [written.path / row["file"] for row in rows] == files
    assert [row["sources"] for row in rows[:7]] == names


def test_names_that_are_no_utf_8_are_written_as_what_can_be_read(tmp_path):
    folder = SampleFolder(tmp_path / "samples")
    file = folder.add(IMAGE, "crack", "a\udcb4", "m", ["there/a\udcb4.png"])
    assert file.name == "a_xb4.png"
    assert manifest(folder.finish().path)[0]["sources"] == "there/a\\xb4.png"


def test_originals_of_any_name_are_found_again_with_their_groups(tmp_path):
    original = tmp_path / "riß_\udcb4\n1.png"
    write_image(original, IMAGE)
    folder = SampleFolder(tmp_path / "samples")
    folder.add(IMAGE, "crack", "0", "m", [original])
    folder.list_original(original, "crack", "train", "coil 7")
    index = open_dataset(folder.finish().manifest)
    assert index.files[1].is_file() and index.groups == (None, "coil 7")
    # And they stay when the samples are made anew.
    SampleFolder(tmp_path / "samples", overwrite=True)
    assert original.is_file() and not index.files[0].is_file()


def test_samples_are_not_replaced_by_what_is_made_of_them(tmp_path):
    folder = SampleFolder(tmp_path / "samples")
    file = folder.add(IMAGE, "crack", "x", "m", [])
    folder.finish()
    with pytest.raises(InputError, match="give another --out"):
        SampleFolder(tmp_path / "samples", overwrite=True, inputs=[file])
    assert file.is_file()


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="file/samples cannot be made: Not a"):
        SampleFolder(tmp_path / "file" / "samples")
    with pytest.raises(InputError, match="file is a file"):
        SampleFolder(tmp_path / "file")


def test_what_was_interrupted_can_be_begun_anew(tmp_path):
    folder = SampleFolder(tmp_path / "samples")
    # Nothing was written yet: there is nothing to replace.
    folder = SampleFolder(tmp_path / "samples")
    file = folder.add(IMAGE, "crack", "x", "m", [])
    assert not folder.manifest.exists()
    mine = file.with_name("mine.png")
    mine.write_bytes(b"mine")
    with pytest.raises(InputError, match="--overwrite"):
        SampleFolder(tmp_path / "samples")
    again = SampleFolder(tmp_path / "samples", overwrite=True)
    assert not file.exists() and mine.read_bytes() == b"mine"
    again.add(IMAGE, "crack", "y", "m", [])
    written = again.finish()
    assert [row["file"] for row in manifest(written.path)] == ["images/crack/y.png"]
    assert not again.partial.exists()
