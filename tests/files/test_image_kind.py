import cv2
import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.files.image_kind import image_kind


@pytest.mark.parametrize(
    ("name", "dtype", "bits"),
    [("a.png", "uint8", 8), ("a.png", "uint16", 16), ("a.tif", "uint16", 16)],
)
def test_size_and_depth(tmp_path, name, dtype, bits):
    cv2.imwrite(str(tmp_path / name), np.zeros((5, 9, 3), dtype))
    assert image_kind(tmp_path / name) == (5, 9, bits)


def test_a_portable_map_says_its_depth_and_a_broken_file_is_told(tmp_path):
    (tmp_path / "a.pgm").write_bytes(b"P2 2 3 1023" + b" 7" * 6)
    assert image_kind(tmp_path / "a.pgm") == (3, 2, 10)
    for content in (b"", b"no image"):
        (tmp_path / "b.png").write_bytes(content)
        with pytest.raises(InputError, match="b.png cannot be decoded"):
            image_kind(tmp_path / "b.png")
