import json

import numpy as np
import pytest
from rolled_surfaces import crazed_surface as crazed
from rolled_surfaces import rolled_surface as surface

from rkd_keras.errors import InputError
from rkd_keras.files.images import encode_image, read_image
from rkd_keras.measure import GradeRules
from rkd_keras.predict import Verdict
from rkd_keras.rating import learn_normal, rate_archive, rate_strip
from rkd_keras.rating.frame import rate_frame
from rkd_keras.rating.strip import UNLEARNT


class Stub:
    """Calls every square what it was told to; counts how often it is asked."""

    class_names = ("crazing", "scratches")
    input_shape = (64, 64, 3)
    card = {}

    def __init__(self, label="crazing"):
        self.label, self.asked = label, 0

    def predict(self, images):
        self.asked += len(images)
        is_unknown = self.label == "unknown"
        found = Verdict(self.label, "crazing", 0, 0.8, (0.8, 0.2), 9.0, is_unknown)
        return [found] * len(images)


@pytest.fixture(scope="module")
def normal():
    return learn_normal(surface(seed) for seed in range(30))


def test_a_defect_of_texture_is_found_named_and_boxed(normal):
    strip = rate_strip(crazed(), Stub(), normal=normal)
    (defect,) = strip.defects
    assert defect.found_by == "squares" and defect.verdict.label == "crazing"
    x, y, width, height = defect.measurement.bbox
    assert 60 <= x <= 96 and x + width == 192 and (y, height) == (0, 128)
    assert defect.measurement.k is None
    # Its size is not known, so that no rule about sizes holds.
    assert (defect.grade.severity, defect.grade.decision) == (3, "review")
    assert strip.decision == "review" and strip.reason is None


def test_a_rule_may_reject_a_defect_of_texture_by_its_class(normal):
    rule = "rules: [{name: c, when: {class: crazing}, severity: 5}]"
    rules = GradeRules.parse(f"version: 1\n{rule}")
    assert rate_strip(crazed(), Stub(), rules, normal=normal).decision == "reject"
    small = "{class: crazing, area_ratio: {below: 200}}"
    rules = GradeRules.parse(
        "version: 1\ndefect_severity: 3\n"
        f"rules: [{{name: c, when: {small}, severity: 2}}]"
    )
    # An unknown size is below no limit.
    assert rate_strip(crazed(), Stub(), rules, normal=normal).decision == "review"


def test_a_sound_strip_is_accepted_only_by_what_is_normal(normal):
    sound = surface(77)
    assert rate_strip(sound, Stub(), normal=normal).decision == "accept"
    # A model of defects alone says one of their names of it.
    named = rate_strip(sound, Stub())
    assert named.decision == "review" and named.reason is None
    assert [d.measurement.bbox for d in named.defects] == [(0, 0, 192, 128)]
    unknown = rate_strip(sound, Stub("unknown"))
    assert (unknown.decision, unknown.reason) == ("review", UNLEARNT)
    assert unknown.defects == [] and len(unknown.scores) == 0


def test_a_frame_without_a_finding_is_not_classified(normal):
    image = np.repeat(surface(77)[..., None], 3, axis=-1)
    stub = Stub()
    assert rate_frame(image, stub, normal=normal) == [] and stub.asked == 0


def test_a_mark_on_sound_surface_keeps_its_own_box(normal):
    image = surface(77)
    image[50:60, 20:40] = 20
    (defect,) = rate_strip(image, Stub(), normal=normal).defects
    assert defect.found_by == "marks"
    np.testing.assert_allclose(defect.measurement.bbox, (20, 50, 20, 10), atol=3)


def test_a_mark_in_a_defect_of_texture_belongs_to_it(normal):
    image = crazed()
    image[50:58, 150:160] = 20
    (defect,) = rate_strip(image, Stub(), normal=normal).defects
    assert defect.found_by == "squares"


def test_what_cannot_be_judged_has_no_map(normal):
    strip = rate_strip(np.zeros((128, 400), np.uint8), Stub(), normal=normal)
    assert (strip.decision, strip.reason, strip.windows) == ("invalid", "black", [])


def test_the_map_is_plain_values_and_a_picture(normal):
    strip = rate_strip(crazed(), Stub(), normal=normal)
    told = json.loads(json.dumps(strip.to_dict()))
    assert [row["found_by"] for row in told["defects"]] == ["squares"]
    assert len(told["windows"]) == 2 and len(told["squares"]) == len(strip.scores)
    assert told["defects"][0]["in_words"] == "crazing, 80 %"
    assert strip.picture().shape == (512, 768, 3)


def test_the_command_writes_a_map_of_each_strip(tmp_path):
    from typer.testing import CliRunner

    from rkd_keras.cli.app import app

    good = tmp_path / "good"
    good.mkdir()
    for seed in range(8):
        (good / f"{seed}.png").write_bytes(encode_image(surface(seed)))
    strip = tmp_path / "strip.png"
    strip.write_bytes(encode_image(crazed()))
    arguments = ["rate", str(strip), "--windows", "--normal", str(good)]
    done = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, (done.output, done.exception)
    assert "strip.png: review" in done.output.replace("\n", "")
    assert "squares are unlike the normal surface" in done.output
    table = json.loads((tmp_path / "out" / "strip_windows.json").read_text())
    assert [d["found_by"] for d in table["defects"]] == ["squares"]
    assert read_image(tmp_path / "out" / "strip_windows.png").shape == (512, 768, 3)
    again = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "out")])
    assert "exists already" in str(again.exception)
    printed = CliRunner().invoke(app, arguments[:3])
    assert printed.exit_code == 0 and "strip.png: " in printed.output


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"windows": True, "engine": "ray"}, "leave out --engine"),
        ({"windows": True, "size": 64}, "leave out --engine"),
        ({"normal": "good"}, "--normal belongs to --windows"),
        ({}, "give one with --out"),
    ],
)
def test_options_that_do_not_fit_together_are_named(settings, message, tmp_path):
    with pytest.raises(InputError, match=message):
        rate_archive([tmp_path], **settings)


def test_a_mark_that_is_rejected_is_rejected_as_a_part_of_a_texture_too(normal):
    image = crazed()
    image[50:62, 150:170] = 20
    rule = "{name: large, when: {area: {above: 150}}, severity: 5}"
    rules = GradeRules.parse(f"version: 1\ndefect_severity: 3\nrules: [{rule}]")
    (defect,) = rate_strip(image, Stub(), rules, normal=normal).defects
    assert defect.found_by == "squares"
    assert (defect.grade.decision, defect.grade.decisive) == ("reject", "large")
    # The squares themselves are larger, too, but of what is in them nobody knows.
    assert rate_strip(crazed(), Stub(), rules, normal=normal).decision == "review"
