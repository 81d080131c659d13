import numpy as np
import pytest
from rolled_surfaces import rolled_surface

from rkd_keras.measure import segment
from rkd_keras.predict import Verdict
from rkd_keras.rating.frame import rate_frame
from rkd_keras.rating.second_look import is_even, strangeness


class Stub:
    """Knows every surface as scratches, or none."""

    class_names = ("scratches",)

    def __init__(self, is_unknown=False):
        self.is_unknown = is_unknown

    def predict(self, crops):
        label = "unknown" if self.is_unknown else "scratches"
        found = Verdict(label, "scratches", 0, 0.9, (0.9,), 1.0, self.is_unknown)
        return [found] * len(crops)


def in_rgb(grey):
    return np.repeat(grey[..., None], 3, axis=-1)


def corner_and_scratch():
    """A bright corner, and a long scratch that is dark."""
    image = rolled_surface(3, (200, 200))
    image[150:, 150:] = np.minimum(image[150:, 150:].astype(int) + 90, 255)
    image[20:180, 60:63] = 105
    return in_rgb(image)


def test_a_scratch_is_boxed_beside_a_corner_of_the_other_polarity():
    image = corner_and_scratch()
    auto = segment(image, min_contrast=0.06)
    assert auto[170, 170] and not auto[100, 61]
    boxes = [d.measurement.bbox for d in rate_frame(image, Stub(), name_windows=True)]
    assert len(boxes) == 2
    assert any(x <= 60 <= x + w <= 75 and h > 140 for x, _, w, h in boxes)
    assert len(rate_frame(image, Stub())) == 1


def test_a_mark_on_sound_surface_is_not_the_surface():
    image = rolled_surface(5, (200, 200))
    image[80:100, 80:120] = 60
    image = in_rgb(image)
    assert not is_even(image, segment(image, min_contrast=0.06))
    (defect,) = rate_frame(image, Stub(), name_windows=True)
    assert defect.found_by == "marks"


@pytest.mark.parametrize("is_unknown", [False, True])
def test_marks_that_are_a_part_of_a_texture_are_its_surface(is_unknown):
    image = in_rgb(rolled_surface(7, (200, 200), grain=2.5, depth=18))
    mask = segment(image, min_contrast=0.06)
    marked = np.zeros_like(mask)
    marked[:60, :60] = True
    assert is_even(image, mask & marked) and is_even(image, np.ones_like(mask))
    defects = rate_frame(image, Stub(is_unknown), name_windows=True)
    if is_unknown:
        assert all(defect.found_by == "marks" for defect in defects)
    else:
        assert [d.measurement.bbox for d in defects] == [(0, 0, 200, 200)]


def test_a_window_without_sound_squares_tells_nothing():
    image = in_rgb(rolled_surface(1, (64, 64)))
    assert strangeness(image, np.ones((64, 64), bool)) is None
    half = np.zeros((64, 64), bool)
    half[:, :30] = True
    assert not is_even(image, half)
    assert strangeness(image[:9], half[:9]) is None
