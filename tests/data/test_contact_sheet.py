import cv2
import numpy as np
import pytest

from rkd_keras.data.samples.contact_sheet import contact_sheet, write_image


def test_images_stand_in_rows():
    first = np.full((3, 8, 8, 3), 10, "uint8")
    second = np.full((1, 8, 8, 1), 200.4)
    sheet = contact_sheet([("a", first), ("b", second)], scale=2, gap=2)
    assert sheet.shape == (2 * (16 + 16 + 2), 3 * 16 + 2 * 2, 3)
    assert (sheet[16:32, :16] == 10).all()
    assert (sheet[16:32, 18:34] == 10).all()
    assert (sheet[34 + 16 : 34 + 32, :16] == 200).all()
    assert (sheet[34 + 16 : 34 + 32, 16:] == 255).all()
    # The captions are there.
    assert (sheet[:16] < 100).any() and (sheet[34 : 34 + 16] < 100).any()


def test_empty_rows_are_left_out():
    images = np.zeros((1, 8, 8, 3), "uint8")
    sheet = contact_sheet([("none", images[:0]), ("one", images)], scale=1, gap=0)
    assert sheet.shape == (24, 8, 3)
    with pytest.raises(ValueError, match="at least one image"):
        contact_sheet([("none", images[:0])])


@pytest.mark.parametrize("channels", [1, 3])
def test_written_images_come_back(channels, tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (5, 6, channels)).astype("uint8")
    write_image(tmp_path / "image.png", image)
    read = cv2.imread(str(tmp_path / "image.png"), cv2.IMREAD_UNCHANGED)
    expected = image[..., 0] if channels == 1 else image[..., ::-1]
    np.testing.assert_array_equal(read, expected)
