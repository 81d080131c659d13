import cv2
import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.measure.benchmark import (
    MaskedImages,
    intersection_over_union,
    score_segmentation,
)
from rkd_keras.measure.rivals import RIVALS


@pytest.fixture
def folders(tmp_path):
    images, masks = tmp_path / "images", tmp_path / "masks"
    images.mkdir()
    masks.mkdir()
    rng = np.random.default_rng(0)
    for name in [f"{c}_{i}" for c in ("In", "Sc") for i in range(6)]:
        mask = np.zeros((40, 40), np.uint8)
        mask[10:20, 10:30] = 255
        cv2.imwrite(str(masks / f"{name}.png"), mask)
        # Surfaces that differ: equal ones would all be in one half.
        surface = np.kron(rng.integers(0, 50, (10, 10), "uint8"), np.ones((4, 4)))
        cv2.imwrite(str(images / f"{name}.png"), 255 - mask // 2 - surface)
    return images, masks


def test_intersection_over_union_counts_pixels():
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 30, 30)) < 0.4
    both = sum(x and y for x, y in zip(a.flat, b.flat, strict=True))
    either = sum(x or y for x, y in zip(a.flat, b.flat, strict=True))
    assert intersection_over_union(a, b) == pytest.approx(both / either)
    with pytest.raises(InputError, match="one size"):
        intersection_over_union(a, b[:-1])


def test_files_are_paired_and_halved(folders):
    data = MaskedImages.read(*folders)
    assert len(data.names) == 12
    assert set(data.classes) == {"In", "Sc"}
    for name in ("In", "Sc"):
        halves = [
            h for h, c in zip(data.halves, data.classes, strict=True) if c == name
        ]
        assert sorted(halves) == ["check"] * 3 + ["tune"] * 3
    assert MaskedImages.read(*folders).halves == data.halves
    assert MaskedImages.read(*folders, seed=1).halves != data.halves
    assert data.masks[0].sum() == 200


def test_scores_are_means_over_images_and_classes(folders):
    data = MaskedImages.read(*folders)
    perfect = score_segmentation(data, lambda image: image < 200)
    assert perfect["all"] == {"In": 1.0, "Sc": 1.0, "mean": 1.0}
    nothing = score_segmentation(data, lambda image: np.zeros(image.shape, bool))
    assert nothing["check"]["mean"] == 0
    half = score_segmentation(
        data, lambda image: (image < 200) & (np.arange(40) < 20)[None]
    )
    assert half["tune"]["In"] == pytest.approx(0.5)
    assert half["ms"] >= 0


def test_missing_and_odd_masks_are_named(folders):
    images, masks = folders
    cv2.imwrite(str(masks / "In_0.png"), np.zeros((3, 3), np.uint8))
    with pytest.raises(InputError, match="In_0.png is not of its image's size"):
        MaskedImages.read(images, masks)
    (masks / "In_0.png").unlink()
    with pytest.raises(InputError, match="no mask for In_0.png"):
        MaskedImages.read(images, masks)


def test_files_numbered_alike_have_masks_of_their_own(tmp_path):
    """Class folders of images, and a folder of masks built the same."""
    for place, rows in (("a", slice(0, 10)), ("b", slice(20, 40))):
        mask = np.zeros((40, 40), np.uint8)
        mask[rows] = 255
        for folder, content in (("images", 255 - mask), ("masks", mask)):
            (tmp_path / folder / place).mkdir(parents=True)
            cv2.imwrite(str(tmp_path / folder / place / "001.png"), content)
    data = MaskedImages.read(tmp_path / "images", tmp_path / "masks")
    perfect = score_segmentation(data, lambda image: image < 128)
    assert perfect["all"]["mean"] == 1.0
    (tmp_path / "masks" / "b" / "001.png").rename(tmp_path / "masks" / "001.png")
    with pytest.raises(InputError, match="may be the mask of several images"):
        MaskedImages.read(tmp_path / "images", tmp_path / "masks")


@pytest.mark.parametrize("name", list(RIVALS))
def test_every_rival_gives_a_mask(name, strip, disc):
    image = strip([disc(60, 60, 14)], -0.5)
    found = RIVALS[name](image)
    assert found.shape == image.shape
    assert found.dtype == bool
    assert found[disc(60, 60, 14)].mean() > 0.3
    flat = RIVALS[name](np.full((60, 60), 90, np.uint8))
    assert flat.shape == (60, 60)
