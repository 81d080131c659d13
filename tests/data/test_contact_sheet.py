import numpy as np
import pytest

from rkd_keras.data.samples.contact_sheet import contact_sheet
from rkd_keras.errors import InputError


def test_images_stand_in_rows():
    first = np.full((3, 8, 8, 3), 10, "uint8")
    second = np.full((1, 8, 8, 1), 200.4)
    sheet = contact_sheet([("a", first), ("b", second)], scale=2, gap=2)
    assert sheet.shape == (2 * (16 + 16 + 2) + 2, 3 * (16 + 2) + 2, 3)
    assert (sheet[18:34, 2:18] == 10).all()
    assert (sheet[18:34, 20:36] == 10).all()
    assert (sheet[52:68, 2:18] == 200).all()
    assert (sheet[52:68, 18:] == 255).all()
    # The captions are there, above their rows.
    assert (sheet[2:18] < 100).any() and (sheet[36:52] < 100).any()


def test_empty_rows_are_left_out():
    images = np.zeros((1, 8, 8, 3), "uint8")
    sheet = contact_sheet([("none", images[:0]), ("one", images)], scale=1, gap=0)
    assert sheet.shape == (24, 8, 3)
    with pytest.raises(InputError, match="at least one picture"):
        contact_sheet([("none", images[:0])])


def test_a_caption_that_is_no_utf8_ends_no_process():
    import os

    images = np.zeros((1, 16, 16, 3), "uint8")
    sheet = contact_sheet([(os.fsdecode(b"crack_\xb4"), images)])
    assert sheet.shape[-1] == 3
