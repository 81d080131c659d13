"""What is found among files, and what else may be meant as an image."""

import logging

import numpy as np
import pytest

from rkd_keras.data.reading.open_dataset import read_any
from rkd_keras.errors import InputError
from rkd_keras.files.images import encode_image, list_images, write_image
from rkd_keras.files.listing import OTHER_SUFFIXES, why_not_read

GREY = np.arange(64, dtype=np.uint8).reshape(8, 8)
COLOURS = np.tile(GREY[..., None], (8, 8, 3))


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".gif", ".webp", ".jp2"])
@pytest.mark.parametrize("name", ["noext", "1.png.bak", "1.jpg_large", "scan.data"])
def test_an_image_without_its_suffix_is_known_by_its_content(tmp_path, suffix, name):
    (tmp_path / name).write_bytes(encode_image(COLOURS, suffix))
    assert "without the suffix of its format" in why_not_read(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"BM", b"hello", b"\xff", b"RIFF1234WAVE"])
def test_what_is_no_picture_is_passed_over(tmp_path, content):
    (tmp_path / "notes").write_bytes(content)
    assert why_not_read(tmp_path / "notes") is None
    assert why_not_read(tmp_path / "gone") is None


@pytest.mark.parametrize("suffix", OTHER_SUFFIXES)
def test_formats_and_archives_that_are_not_read_are_named(tmp_path, suffix):
    for name in ("dent", "rust"):
        (tmp_path / name).mkdir()
        write_image(tmp_path / name / "1.png", GREY)
    (tmp_path / f"more{suffix}").write_bytes(b"x")
    (loss,) = [each for each in read_any(tmp_path).unused if each.is_loss]
    assert f"{suffix} is no format that is read" in str(loss)


def test_commands_are_told_of_what_they_do_not_read(tmp_path, caplog):
    write_image(tmp_path / "1.png", GREY)
    with caplog.at_level(logging.WARNING):
        assert list_images(tmp_path) == [tmp_path / "1.png"]
    assert not caplog.messages
    (tmp_path / "2.heic").write_bytes(b"x")
    (tmp_path / "3.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "notes.txt").write_text("x")
    with caplog.at_level(logging.WARNING):
        list_images(tmp_path)
    (message,) = caplog.messages
    assert "leads nowhere, and 1 more" in message


def test_brackets_of_a_folder_are_brackets(tmp_path):
    folder = tmp_path / "coil [a]"
    folder.mkdir()
    write_image(folder / "1.png", GREY)
    assert list_images(f"{folder}/*.png") == [folder / "1.png"]
    write_image(tmp_path / "b.png", GREY)
    assert list_images(f"{tmp_path}/[ab].png") == [tmp_path / "b.png"]
    with pytest.raises(InputError, match="no images were found"):
        list_images(f"{folder}/*.jpg")
