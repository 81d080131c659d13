import cv2
import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.files.images import (
    decode_image,
    encode_image,
    list_images,
    read_image,
    write_image,
)
from rkd_keras.files.results import is_result


@pytest.mark.parametrize("channels", [1, 3])
def test_written_images_come_back(channels, tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (5, 6, channels)).astype("uint8")
    write_image(tmp_path / "image.png", image)
    read = cv2.imread(str(tmp_path / "image.png"), cv2.IMREAD_UNCHANGED)
    expected = image[..., 0] if channels == 1 else image[..., ::-1]
    np.testing.assert_array_equal(read, expected)


@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 1), (5, 6, 3)])
def test_a_marked_picture_has_the_same_pixels(shape, tmp_path):
    image = np.random.default_rng(0).integers(0, 256, shape).astype("uint8")
    write_image(tmp_path / "a.png", image, is_result=True)
    write_image(tmp_path / "b.png", image)
    np.testing.assert_array_equal(
        read_image(tmp_path / "a.png"), read_image(tmp_path / "b.png")
    )
    assert is_result(tmp_path / "a.png") and not is_result(tmp_path / "b.png")


def test_figures_of_matplotlib_are_marked_too(tmp_path):
    from rkd_keras.evaluate import save_figure
    from rkd_keras.evaluate.plots import plot_confusion_matrix

    save_figure(plot_confusion_matrix([[1]], ["in"]), tmp_path / "matrix.png", dpi=30)
    assert is_result(tmp_path / "matrix.png")
    assert read_image(tmp_path / "matrix.png").size


def test_results_are_never_listed_as_images(tmp_path):
    image = np.zeros((4, 4), np.uint8)
    write_image(tmp_path / "a.png", image)
    write_image(tmp_path / "b.png", image, is_result=True)
    assert list_images(tmp_path) == [tmp_path / "a.png"]
    assert list_images(tmp_path / "*.png") == [tmp_path / "a.png"]
    with pytest.raises(InputError, match="the pictures there show results"):
        list_images(tmp_path / "b.png")


def test_a_picture_that_cannot_be_written_is_named(tmp_path):
    image = np.zeros((4, 4, 3), np.uint8)
    for name in ("a.xyz", "none/a.png", "x" * 300 + ".png"):
        with pytest.raises(InputError, match="cannot be written") as caught:
            write_image(tmp_path / name, image)
        assert name in str(caught.value)
    with pytest.raises(InputError, match="a.png cannot be written"):
        write_image(tmp_path / "a.png", np.zeros((0, 4, 3), np.uint8))
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(InputError, match="folder.png cannot be written"):
        write_image(tmp_path / "folder.png", image)
    assert not list(tmp_path.glob("*.tmp*"))


def test_a_full_disk_leaves_the_old_picture(tmp_path, monkeypatch):
    from pathlib import Path

    image = np.full((4, 4, 3), 9, np.uint8)
    write_image(tmp_path / "a.png", image)

    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match="a.png cannot be written: No space left"):
        write_image(tmp_path / "a.png", 2 * image)
    assert (read_image(tmp_path / "a.png") == 9).all()


def test_jpeg_quality_and_order_of_channels():
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 200
    noise = np.random.default_rng(0).normal(128, 40, (64, 64))
    smooth = cv2.GaussianBlur(noise, (0, 0), 1)
    smooth = np.clip(smooth, 0, 255).astype(np.uint8)
    assert len(encode_image(smooth, ".jpg", 30)) < len(encode_image(smooth, ".jpg", 95))
    found = decode_image(encode_image(red, ".jpg"))
    assert found[..., 0].mean() > 190 and found[..., 1:].mean() < 10
