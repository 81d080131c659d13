"""Captions of any text: OpenCV ends the process at a name that is no UTF-8."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rkd_keras.files.picture_grid import picture_grid
from rkd_keras.measure.overlay import write_label

PICTURE = np.zeros((20, 60, 3), "uint8")
DRAW = {
    "grid": lambda text: picture_grid([[(text, PICTURE)]]),
    "label": lambda text: write_label(PICTURE.copy(), text),
}


@pytest.mark.parametrize("name", DRAW)
@pytest.mark.parametrize("text", [os.fsdecode(b"crack_\xb4.png"), "a\nb", "划痕", ""])
def test_a_caption_ends_no_process(name, text):
    """In a process of its own first: a crash would end the tests too."""
    code = (
        f"import sys; sys.path[:0] = [{str(Path(__file__).parent)!r}]; "
        f"from test_captions import DRAW; DRAW[{name!r}]({text!r})"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert result.returncode == 0, result.stderr


@given(st.binary(max_size=30))
@settings(deadline=None)
def test_any_bytes_are_a_caption(data):
    for draw in DRAW.values():
        assert draw(os.fsdecode(data)).dtype == np.uint8
