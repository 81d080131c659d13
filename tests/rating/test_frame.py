import numpy as np
import pytest

from rkd_keras.measure import measure
from rkd_keras.rating.joining import join_marks


def test_a_group_adds_up_its_marks():
    mask = np.zeros((128, 400), bool)
    mask[10:20, 10:20] = mask[10:20, 24:34] = mask[80:90, 300:310] = True
    found = measure(None, mask)
    first, second = join_marks(found, (0, 0, 128, 128), 6)
    assert first.count == 2 and first.area == 200 and first.bbox == (10, 10, 24, 10)
    assert first.perimeter == pytest.approx(72) and first.k == pytest.approx(0.36)
    assert first.centroid == pytest.approx((21.5, 14.5))
    assert second.count == 1 and first.area + second.area == found.area
    assert first.image_shape == (128, 128)
