"""Pictures that show nothing are never accepted; pictures of a surface are judged."""

import csv

import cv2
import numpy as np
import pytest

from rkd_keras.data.synthetic import write_dataset
from rkd_keras.files.images import encode_image, list_images, read_image, write_image
from rkd_keras.measure import GradeRules, QualityLimits
from rkd_keras.predict import Verdict
from rkd_keras.rating import rate
from rkd_keras.rating.quality import FAULTS, TILE, picture_fault, picture_features


def surface(height=128, width=128, level=150):
    """A fine texture with some light and shade."""
    rng = np.random.default_rng(0)
    grain = cv2.GaussianBlur(rng.normal(0, 1, (height, width)), (0, 0), 0.7)
    shade = 10 * np.sin(np.arange(width) / 20)
    picture = np.clip(level + 5 * grain + shade, 0, 255).astype(np.uint8)
    return np.repeat(picture[..., None], 3, axis=-1)


def noise(low, high, shape=(128, 128, 3)):
    return np.random.default_rng(1).integers(low, high, shape, dtype=np.uint8)


def out_of_focus(deviation=0.0):
    rng = np.random.default_rng(2)
    picture = cv2.GaussianBlur(surface(), (0, 0), 8).astype(float)
    return np.clip(picture + rng.normal(0, deviation, picture.shape), 0, 255).astype(
        np.uint8
    )


def over_exposed():
    picture = surface()
    picture[:, :90] = 255
    return picture


BROKEN = {
    "black": noise(0, 8),
    "white": noise(248, 256),
    "saturated": over_exposed(),
    "flat": np.full((128, 128, 3), 128, np.uint8),
    "noise": noise(0, 256),
    "blurred": cv2.GaussianBlur(over_exposed() // 2, (0, 0), 12),
    "wrong size": surface(12, 300),
}


class Stub:
    """Names everything a scratch, and counts how often it was asked."""

    class_names = ("inclusion", "scratches")
    card = {}
    asked = 0

    def predict(self, images, batch_size=None):
        self.asked += len(images)
        return [Verdict("scratches", "scratches", 1, 0.9, (0.1, 0.9))] * len(images)


def test_every_fault_of_one_picture_is_tried():
    assert set(BROKEN) == set(FAULTS)


@pytest.mark.parametrize("fault", BROKEN)
def test_what_shows_nothing_is_invalid_and_has_no_class(fault):
    predictor = Stub()
    rating = rate(BROKEN[fault], predictor)
    assert (rating.grade.decision, rating.grade.decisive) == ("invalid", fault)
    assert rating.verdict is None and predictor.asked == 0
    row = rating.to_dict()
    assert "label" not in row and "probability" not in row
    assert row["count"] is row["area"] is row["area_ratio"] is None
    assert row["image_height"] == BROKEN[fault].shape[0]
    # A verdict that somebody has already is not shown either.
    (verdict,) = predictor.predict([BROKEN[fault]])
    assert rate(BROKEN[fault], verdict=verdict).verdict is None


@pytest.mark.parametrize("deviation", [0, 1, 3])
def test_out_of_focus_is_seen_through_the_camera_s_noise(deviation):
    fault = picture_fault(out_of_focus(deviation), QualityLimits())
    assert fault in ("blurred", "noise")


def test_a_surface_is_judged_however_it_is_lit_and_turned(tmp_path):
    for level in (60, 150, 220):
        assert picture_fault(surface(level=level), QualityLimits()) is None
        turned = np.ascontiguousarray(np.rot90(surface(level=level)))
        assert picture_fault(turned, QualityLimits()) is None
    assert rate(surface()).grade.decision == "accept"
    rating = rate(surface(), Stub())
    assert rating.grade.decision == "review"
    assert rating.verdict.label == "scratches"


@pytest.mark.parametrize("size", [64, 200])
def test_drawn_strips_are_judged(tmp_path, size):
    folder = write_dataset(tmp_path / "d", per_class=2, size=size, quiet=True)
    files = list_images(folder)
    found = [picture_fault(read_image(file), QualityLimits()) for file in files]
    assert len(found) == 12 and not any(found)


def test_the_gate_is_switched_off_by_argument_and_by_rules():
    black = BROKEN["black"]
    off = GradeRules.parse("version: 1\nquality: off\nrules: []\n")
    assert rate(black, rules=off).grade.decision == "accept"
    assert rate(black, quality_gate=False).grade.decision == "accept"
    predictor = Stub()
    assert rate(black, predictor, quality_gate=False).verdict is not None
    # Rules of before the gate have it.
    old = GradeRules.parse("version: 1\nrules: []\n")
    assert rate(black, rules=old).grade.decision == "invalid"


def test_limits_are_the_rules_own():
    def fault(limits, picture):
        rules = GradeRules.parse(f"version: 1\nquality: {limits}\nrules: []\n")
        return rate(picture, rules=rules).grade.decisive

    picture = surface()
    assert fault("{width: 128, height: 128}", picture) is None
    assert fault("{width: 256, height: null}", picture) == "wrong size"
    assert fault("{min_side: 129}", picture) == "wrong size"
    assert fault("{black: 200}", picture) == "black"
    assert fault("{white: 100}", picture) == "white"
    assert fault("{saturated: 0}", picture) == "saturated"
    assert fault("{flat: 50}", picture) == "flat"
    assert fault("{noise: 0.999}", picture) == "noise"
    assert fault("{blur: 200}", picture) == "blurred"
    assert fault("{detail: 1}", picture) == "blurred"
    assert fault("{blur: 0, detail: -1}", out_of_focus()) is None


def test_the_package_s_file_says_the_defaults():
    assert GradeRules.load().quality == QualityLimits()


def test_a_large_picture_is_looked_at_in_squares_all_over_it():
    large = np.tile(surface(), (16, 10, 1))
    assert large.size // 3 > 2**20
    assert picture_fault(large, QualityLimits()) is None
    whole, part = picture_features(large), picture_features(surface())
    for name in ("dark", "bright", "deviation", "laplacian"):
        assert whole[name] == pytest.approx(part[name], rel=0.1)
    assert picture_fault(np.zeros_like(large), QualityLimits()) == "black"
    strip = np.tile(surface(16, 128), (1, 600, 1))
    assert strip.shape[0] < TILE and strip.size // 3 > 2**20
    assert picture_fault(strip, QualityLimits()) is None


def test_more_bits_and_no_colour_make_no_difference():
    deep = surface()[..., 0].astype(np.uint16) * 257
    assert rate(deep).grade.decision == "accept"
    assert rate(np.zeros((64, 64), np.uint16)).grade.decisive == "black"
    assert rate(encode_image(BROKEN["noise"])).grade.decisive == "noise"


def test_a_folder_s_invalid_pictures_are_counted_and_told(tmp_path):
    from rkd_keras.rating import measure

    folder = tmp_path / "strips"
    folder.mkdir()
    write_image(folder / "a.png", BROKEN["black"])
    write_image(folder / "b.png", surface())
    found = measure([folder], tmp_path / "out", classify=False, quiet=True)
    assert found.invalid == {"black": 1}
    with (tmp_path / "out" / "images.csv").open() as stream:
        decisions = [row["decision"] for row in csv.DictReader(stream)]
    assert decisions == ["invalid", "accept"]
    assert (tmp_path / "out" / "a.png").is_file()
    off = measure([folder], classify=False, quality_gate=False, quiet=True)
    assert off.invalid == {}


def test_an_archive_counts_invalid_pictures(tmp_path):
    pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    from rkd_keras.rating import rate_archive

    folder = tmp_path / "strips"
    folder.mkdir()
    write_image(folder / "a.png", BROKEN["noise"])
    write_image(folder / "b.png", surface())
    rated = rate_archive([folder], tmp_path / "scores", quiet=True)
    assert rated.summary["decisions"]["invalid"] == 1
    assert sum(rated.summary["labels"].values()) == 1
    row = pq.read_table(rated.parquet).to_pylist()[0]
    assert (row["decision"], row["decisive_rule"]) == ("invalid", "noise")
    assert row["label"] is row["area"] is row["error"] is None
