"""Copies are found again, and nothing else is taken for one."""

import cv2
import numpy as np
import pytest

from rkd_keras.data.synthetic import draw_image
from rkd_keras.files.fingerprints import find_known, fingerprint

CLASSES = ("crazing", "inclusion", "patches", "pitted_surface", "scratches")


@pytest.fixture(scope="module")
def drawn():
    return [draw_image(name, 200, rng).image for name in CLASSES for rng in range(8)]


@pytest.fixture(scope="module")
def known(drawn):
    return np.stack([fingerprint(image) for image in drawn[::2]])


def jpeg(image):
    small = cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 75])
    assert done
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image,
        jpeg,
        lambda image: cv2.resize(image, (224, 224)),
        lambda image: image[::-1],
        lambda image: np.rot90(image[:, ::-1]),
        lambda image: np.clip(0.8 * image + 20, 0, 255).astype("uint8"),
        lambda image: np.repeat(image[..., None], 3, -1),
    ],
)
def test_copies_are_found_and_others_are_not(drawn, known, change):
    found = find_known([change(image) for image in drawn], known)
    assert found == list(range(0, len(drawn), 2))


def test_an_even_image_is_like_nothing(known):
    assert find_known([np.full((50, 70), 90, "uint8")], known) == []
    even = np.stack([fingerprint(np.full((50, 70), 90, "uint8"))])
    assert find_known([np.full((50, 70), 90, "uint8")], even) == []
