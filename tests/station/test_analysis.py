import os

import cv2
import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.files.images import decode_image
from rkd_keras.predict import Verdict
from rkd_keras.station.analysis import (
    FrameAnalyzer,
    check_grading_text,
    default_grading_text,
    window_views,
)
from rkd_keras.station.device import Device, DeviceSettings
from rkd_keras.station.step_views import step_views


class FakePredictor:
    """Calls a crop by its brightness; remembers what it saw."""

    class_names = ("inclusion", "scratches")
    input_shape = (64, 64, 3)

    def __init__(self, unknown=False):
        self.card = {"sha256": "0123456789abcdef", "unknown": {}}
        self.unknown = unknown
        self.seen = []

    def predict(self, crops):
        self.seen += crops
        return [
            Verdict(
                label="unknown" if self.unknown else self.class_names[index],
                class_name=self.class_names[index],
                class_index=index,
                probability=0.8,
                probabilities=(0.2, 0.8) if index else (0.8, 0.2),
                is_unknown=self.unknown,
            )
            for index in (int(crop.mean() > 128) for crop in crops)
        ]


@pytest.fixture
def grading_file(tmp_path):
    path = tmp_path / "grading.yaml"
    path.write_text(default_grading_text())
    return path


def surface(height=128, width=400, grey=150):
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.normal(0, 3, (height, width)), (0, 0), 0.6)
    return np.clip(grey + noise, 0, 255).astype(np.uint8)


def encoded(image, suffix=".png"):
    return cv2.imencode(suffix, image)[1].tobytes()


def test_a_clean_surface_has_no_defect_and_is_not_classified(grading_file):
    predictor = FakePredictor()
    reply = FrameAnalyzer(predictor, grading_file).analyze(encoded(surface()))
    assert reply["defects"] == [] and reply["decision"] == "accept"
    assert (reply["width"], reply["height"], reply["model"]) == (
        400,
        128,
        "0123456789ab",
    )
    assert predictor.seen == []


def test_a_mark_is_boxed_classified_and_measured(grading_file):
    image = surface()
    image[40:70, 300:320] = 40
    predictor = FakePredictor()
    reply = FrameAnalyzer(predictor, grading_file).analyze(encoded(image))
    (defect,) = reply["defects"]
    box = [defect[key] for key in ("x", "y", "width", "height")]
    np.testing.assert_allclose(box, [300, 40, 20, 30], atol=3)
    assert defect["area"] == pytest.approx(600, rel=0.2)
    assert defect["k"] == pytest.approx(defect["perimeter"] / defect["area"])
    # A share of the square around it, not of the strip.
    assert defect["area_ratio"] == pytest.approx(100 * defect["area"] / 128**2)
    window = [defect[f"window_{k}"] for k in ("x", "y", "width", "height")]
    assert window == [272, 0, 128, 128]
    assert defect["label"] == "scratches" and defect["probability"] == 0.8
    assert len(predictor.seen) == 1 and predictor.seen[0].shape == (128, 128, 3)


def test_millimetres_scale_lengths_and_areas(grading_file):
    image = surface()
    image[40:70, 300:320] = 40
    analyzer = FrameAnalyzer(FakePredictor(), grading_file)
    pixels = analyzer.analyze(encoded(image))["defects"][0]
    millimetres = analyzer.analyze(encoded(image), 0.5)["defects"][0]
    assert millimetres["unit"] == "mm"
    assert millimetres["area"] == pytest.approx(pixels["area"] / 4)
    assert millimetres["perimeter"] == pytest.approx(pixels["perimeter"] / 2)
    assert millimetres["area_ratio"] == pytest.approx(pixels["area_ratio"])


def test_a_higher_contrast_is_asked_for_on_a_rough_surface(grading_file):
    image = surface()
    image[40:70, 100:140] = 130
    analyzer = FrameAnalyzer(FakePredictor(), grading_file)
    assert analyzer.analyze(encoded(image), None, 0.05)["defects"]
    assert not analyzer.analyze(encoded(image), None, 0.5)["defects"]


def test_what_is_unknown_is_never_accepted(grading_file):
    image = surface()
    image[40:70, 100:120] = 40
    data = encoded(image)
    when = "{class: scratches, area_ratio: {below: 9}}"
    rule = f"{{name: known, when: {when}, severity: 2}}"
    grading_file.write_text(default_grading_text() + f"  - {rule}\n")
    known = FrameAnalyzer(FakePredictor(), grading_file).analyze(data)
    unknown = FrameAnalyzer(FakePredictor(unknown=True), grading_file).analyze(data)
    assert known["decision"] == "accept"
    assert unknown["decision"] == "review"
    assert unknown["defects"][0]["label"] == "unknown"
    assert unknown["defects"][0]["class_name"] == "scratches"


def test_new_rules_hold_from_the_next_frame_on(grading_file):
    image = surface()
    image[40:70, 100:120] = 40
    analyzer = FrameAnalyzer(FakePredictor(), grading_file)
    assert analyzer.analyze(encoded(image))["defects"][0]["severity"] == 3
    text = default_grading_text().replace("defect_severity: 3", "defect_severity: 5")
    grading_file.write_text(text)
    os.utime(grading_file, ns=(1, 1))
    reply = analyzer.analyze(encoded(image))
    assert reply["defects"][0]["severity"] == 5 and reply["decision"] == "reject"


def test_rules_in_another_unit_fall_back_to_the_default(grading_file):
    text = default_grading_text().replace("unit: any", "unit: mm")
    grading_file.write_text(text.replace("defect_severity: 3", "defect_severity: 5"))
    image = surface()
    image[40:70, 100:120] = 40
    analyzer = FrameAnalyzer(FakePredictor(), grading_file)
    assert analyzer.analyze(encoded(image))["defects"][0]["severity"] == 3
    assert analyzer.analyze(encoded(image), 0.5)["defects"][0]["severity"] == 5


@pytest.mark.parametrize("suffix, recoded", [(".tiff", True), (".png", False)])
def test_a_format_that_no_browser_shows_is_recoded(grading_file, suffix, recoded):
    image = surface()
    analyzer = FrameAnalyzer(FakePredictor(), grading_file)
    reply = analyzer.analyze(encoded(image, suffix))
    assert (reply["image"] is not None) == recoded
    if recoded:
        np.testing.assert_array_equal(decode_image(reply["image"])[..., 0], image)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 3), (700, 900)])
def test_images_of_any_shape_have_an_answer(grading_file, shape):
    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, shape, dtype=np.uint8)
    analyzer = FrameAnalyzer(FakePredictor(), grading_file)
    reply = analyzer.analyze(encoded(image))
    assert (reply["height"], reply["width"]) == shape
    for defect in reply["defects"]:
        assert 0 <= defect["x"] < shape[1] and 0 <= defect["y"] < shape[0]
        assert defect["area_ratio"] <= 100


def test_the_defects_of_a_frame_are_bounded(grading_file):
    image = surface(512, 512)
    for y in range(20, 500, 60):
        for x in range(20, 500, 60):
            image[y : y + 8, x : x + 8] = 30
    analyzer = FrameAnalyzer(FakePredictor(), grading_file)
    assert len(analyzer.analyze(encoded(image))["defects"]) == 40


def test_grading_rules_must_fit_classes_and_devices():
    text = default_grading_text()
    names = ("inclusion", "scratches")
    check_grading_text(text, names)
    with pytest.raises(InputError, match="names the class 'scratches'"):
        check_grading_text(text, ("inclusion",))
    with pytest.raises(InputError, match="line 2"):
        check_grading_text("version: 1\nrulez: []", names)
    device = Device("d", "Line D", {"kind": "posted"}, DeviceSettings(0.5))
    in_pixels = text.replace("unit: any", "unit: px")
    with pytest.raises(InputError, match="Line D measures in mm"):
        check_grading_text(in_pixels, names, [device])


def test_every_square_is_classified_for_the_page():
    image = np.repeat(surface()[..., None], 3, axis=-1)
    windows = window_views(FakePredictor(), image)
    assert len(windows) == 4
    assert windows[0]["probabilities"] == {"inclusion": 0.2, "scratches": 0.8}


def test_the_steps_are_shown_one_by_one():
    image = surface(64, 64)
    image[20:30, 20:40] = 30
    views = step_views(np.repeat(image[..., None], 3, axis=-1), 0.06)
    assert list(views)[0] == "original" and len(views) == 8
    for title, view in views.items():
        assert view.shape[:2] == (64, 64) and view.dtype == np.uint8, title
    assert views["segmentation in use"][25, 30] == 255
    flat = step_views(np.full((40, 40, 3), 128, np.uint8), 0.06)
    assert not flat["segmentation in use"].any()
    large = step_views(np.full((20, 4000, 3), 128, np.uint8), 0.06)
    assert large["original"].shape[1] == 1600
