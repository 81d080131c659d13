import numpy as np
import pytest

from rkd_keras.data import mask_of_boxes
from rkd_keras.data.samples.blending import blend_defect, blend_samples


def spot(level=150, value=60, size=48):
    rng = np.random.default_rng(0)
    image = level + rng.normal(0, 2, (size, size, 1)) + np.zeros(3)
    image[20:27, 15:29] += value - level
    return np.clip(image, 0, 255).astype("uint8"), mask_of_boxes(
        (size, size), [[15, 20, 29, 27]]
    )


def plain(level, size=48):
    noise = np.random.default_rng(1).normal(0, 2, (size, size, 1))
    return np.clip(level + noise + np.zeros(3), 0, 255).astype("uint8")


@pytest.mark.parametrize("mode", ["mixed", "normal"])
@pytest.mark.parametrize("level", [110, 200])
def test_the_defect_keeps_its_contrast_and_the_rest_its_pixels(mode, level):
    source, mask = spot()
    target = plain(level)
    blended, region = blend_defect(source, mask, target, np.random.default_rng(2), mode)
    np.testing.assert_array_equal(blended[~region], target[~region])
    # 90 levels darker than its surroundings, wherever it lands.
    dark = blended[..., 0] < level - 60
    assert dark.sum() == pytest.approx(7 * 14, rel=0.25)
    assert level - np.median(blended[dark]) == pytest.approx(90, abs=15)
    assert (dark <= region).all()


def test_no_visible_edge_around_the_region():
    source, mask = spot()
    target = np.full((48, 48, 3), 100, "uint8")
    blended, region = blend_defect(source, mask, target, np.random.default_rng(0))
    rows, columns = np.nonzero(region)
    rim = region.copy()
    rim[rows.min() + 2 : rows.max() - 1, columns.min() + 2 : columns.max() - 1] = False
    assert np.abs(blended[rim].astype(int) - 100).max() < 12


def test_places_and_mirror_images_differ_and_the_seed_decides():
    source, mask = spot()
    target = plain(110)
    places = [
        blend_defect(source, mask, target, np.random.default_rng(s))[1]
        for s in range(6)
    ]
    assert len({place.tobytes() for place in places}) > 3
    again = blend_defect(source, mask, target, np.random.default_rng(4))[1]
    np.testing.assert_array_equal(again, places[4])


@pytest.mark.parametrize("size", [24, 12])
def test_a_region_larger_than_the_target_is_shrunk(size):
    source, _ = spot()
    everything = np.ones((48, 48), bool)
    target = plain(110, size)
    blended, region = blend_defect(source, everything, target, np.random.default_rng(0))
    assert blended.shape == target.shape
    # A rim stays, for the equation to start from.
    assert not region[:2].any() and not region[:, -2:].any()
    assert region[size // 2, size // 2]


def test_samples_use_all_sources_evenly_and_pass_over_empty_masks():
    source, mask = spot()
    sources, masks = [source] * 4, [mask, mask, np.zeros_like(mask), mask]
    ticks = []
    samples, used = blend_samples(
        sources, masks, [plain(110), plain(90)], 7, progress=lambda: ticks.append(1)
    )
    assert len(samples) == len(used) == len(ticks) == 7
    counts = np.bincount([i for i, _ in used], minlength=4)
    assert counts[2] == 0 and set(counts[[0, 1, 3]]) == {2, 3}


def test_bad_input():
    source, mask = spot()
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="mode=paste"):
        blend_defect(source, mask, source, rng, mode="paste")
    with pytest.raises(ValueError, match="pixels=0"):
        blend_defect(source, np.zeros_like(mask), source, rng)
    with pytest.raises(ValueError, match="uint8"):
        blend_defect(source.astype(float), mask, source, rng)
    with pytest.raises(ValueError, match="0 sources, 1 targets"):
        blend_samples([source], [np.zeros_like(mask)], [source], 1)
