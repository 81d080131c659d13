"""One image and one rule give one decision, whoever asks."""

import csv

import cv2
import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.measure import GradeRules, measure, segment
from rkd_keras.predict import Verdict, load
from rkd_keras.rating import rate
from rkd_keras.rating.frame import frame_decision, rate_frame
from rkd_keras.rating.rules import open_rules

HEAD = "version: 1\nrules:\n"
RULES = {
    "names no class": (
        "{name: some, when: {count: {above: 0}}, severity: 2}",
        "review",
    ),
    "names the nearest class": (
        "{name: n, when: {class: NEAREST}, severity: 5}",
        "review",
    ),
    "names unknown, to reject": (
        "{name: u, when: {class: [unknown, NEAREST]}, severity: 5}",
        "reject",
    ),
    "names unknown, to accept": (
        "{name: u, when: {class: unknown, count: {above: 0}}, severity: 2}",
        "accept",
    ),
    "names unknown, but does not hold": (
        "{name: u, when: {class: unknown, area_ratio: {above: 99}}, severity: 5}",
        "review",
    ),
    "rejects every class": (
        "{name: r, when: {count: {above: 0}}, severity: 4}",
        "reject",
    ),
}


def strange_surface():
    """A surface of no known kind with one mark, as high as it is wide."""
    image = np.random.default_rng(0).normal(150, 1.5, (128, 128))
    image[30:100, 60:66] = 60
    return np.clip(image, 0, 255).astype(np.uint8)


def sound_surface():
    """A fine texture without a mark."""
    rng = np.random.default_rng(0)
    grain = cv2.GaussianBlur(rng.normal(0, 1, (128, 128)), (0, 0), 0.7)
    return np.clip(150 + 3 * grain, 0, 255).astype(np.uint8)


class Stub:
    """Says what it was told to."""

    class_names = ("inclusion", "scratches")
    input_shape = (64, 64, 3)

    def __init__(self, is_unknown):
        self.card = {}
        self.is_unknown = is_unknown

    def predict(self, images):
        label = "unknown" if self.is_unknown else "scratches"
        found = Verdict(label, "scratches", 1, 0.8, (0.2, 0.8), 9.0, self.is_unknown)
        return [found] * len(images)


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "in" / "strip.png"
    path.parent.mkdir()
    assert cv2.imwrite(str(path), strange_surface())
    return path


@pytest.fixture
def write_rules(tmp_path):
    def write(text):
        path = tmp_path / "rules.yaml"
        path.write_text(f"{HEAD}  - {text}\n")
        return path

    return write


def by_command(picture, rules, out):
    from typer.testing import CliRunner

    from rkd_keras.cli.app import app

    common = ("--rules", str(rules), "--min-contrast", "0.06", "--quiet")
    done = CliRunner().invoke(
        app, ["measure", str(picture), "--out", str(out / "m"), *common]
    )
    assert done.exit_code == 0, (done.output, done.exception)
    with (out / "m" / "images.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    done = CliRunner().invoke(
        app, ["score", str(picture), "--out", str(out / "s"), *common]
    )
    assert done.exit_code == 0, (done.output, done.exception)
    parquet = pytest.importorskip("pyarrow.parquet")
    (scored,) = parquet.read_table(out / "s" / "scores.parquet").to_pylist()
    return {"measure": row["decision"], "archive": scored["decision"]}


def by_station(picture, rules, folder, monkeypatch):
    pytest.importorskip("fastapi", reason="needs rkd-keras[station]")
    pytest.importorskip("nicegui", reason="needs rkd-keras[station]")
    from station_fakes import LocalPool

    from rkd_keras.station import StationConfig
    from rkd_keras.station.analysis import FrameAnalyzer
    from rkd_keras.station.receipt import Receipt
    from rkd_keras.station.station import Station

    monkeypatch.setattr("rkd_keras.station.station.InferencePool", LocalPool)
    config = StationConfig(folder / "station", min_free_bytes=0)
    config.grading_file.parent.mkdir(parents=True)
    config.grading_file.write_text(rules.read_text())
    station = Station(config)
    try:
        station.start()
        device = station.devices.pictures
        posted = station.ingest.post(Receipt.of(device, "loaded"), picture.read_bytes())
        loaded = posted.result(60)["decision"]
    finally:
        station.close()
    analyzer = FrameAnalyzer(load(), rules)
    frame = analyzer.analyze(picture.read_bytes(), None, 0.06)["decision"]
    return {"station, frame": frame, "station, loaded picture": loaded}


@pytest.mark.parametrize("kind", RULES)
def test_all_callers_decide_alike(kind, picture, write_rules, tmp_path, monkeypatch):
    predictor = load()
    verdict = rate(picture, predictor, min_contrast=0.06).verdict
    assert verdict.is_unknown
    text, expected = RULES[kind]
    rules = write_rules(text.replace("NEAREST", verdict.class_name))
    decisions = {
        "rate": rate(picture, predictor, rules, min_contrast=0.06).grade.decision,
        **by_command(picture, rules, tmp_path),
        **by_station(picture, rules, tmp_path, monkeypatch),
    }
    assert decisions == dict.fromkeys(decisions, expected)
    assert len(decisions) == 5


def test_a_known_surface_is_graded_by_its_class(write_rules):
    rules = write_rules("{name: s, when: {class: scratches}, severity: 5}")
    image = strange_surface()
    assert rate(image, Stub(False), rules).grade.decision == "reject"
    assert rate(image, Stub(True), rules).grade.decision == "review"
    assert rate(image, None, rules).grade.decision == "accept"


def test_what_alone_sends_to_review_is_told(write_rules):
    rating = rate(strange_surface(), Stub(True))
    assert rating.grade.decisive == "unknown surface"
    assert rating.to_dict()["decisive_rule"] == "unknown surface"
    assert rating.to_dict()["label"] == "unknown"
    rules = write_rules("{name: u, when: {class: unknown}, severity: 4}")
    assert rate(strange_surface(), Stub(True), rules).grade.decisive == "u"


def test_an_unmarked_surface_of_an_unknown_kind_is_accepted_by_one_s_own_rule_alone(
    write_rules,
):
    clean = sound_surface()
    assert rate(clean).grade.decision == "accept"
    assert rate(clean, Stub(False)).grade.decisive == "no rule tolerates it"
    assert rate(clean, Stub(True)).grade.decision == "review"
    assert rate(clean, Stub(True)).grade.decisive == "unknown surface"
    rules = write_rules("{name: r, when: {count: {above: 0}}, severity: 4}")
    assert rate(clean, Stub(True), rules).grade.decision == "review"
    rules = write_rules(
        "{name: sound, when: {class: unknown, count: {below: 1}}, severity: 1}"
    )
    assert rate(clean, Stub(True), rules).grade.decision == "accept"
    assert rate(strange_surface(), Stub(True), rules).grade.decision == "review"


def test_no_rule_of_the_package_accepts_what_is_unknown():
    assert not [r for r in GradeRules.load().rules if "unknown" in (r.classes or ())]


def test_a_rule_of_the_same_name_does_not_stand_in(tmp_path):
    text = "  - {name: a, when: {count: {above: 0}}, severity: 2}\n"
    text += "  - {name: a, when: {class: unknown, area: {above: 9999}}, severity: 2}\n"
    rules = GradeRules.parse(HEAD + text)
    assert rate(strange_surface(), Stub(True), rules).grade.decision == "review"


@pytest.mark.parametrize("misspelt", ["scratchs", "Scratches", "unknwon"])
def test_a_misspelt_class_is_refused_by_every_caller(misspelt, picture, write_rules):
    rules = write_rules(f"{{name: long, when: {{class: {misspelt}}}, severity: 5}}")
    message = f"'long' names the class '{misspelt}'; known are inclusion, scratches"
    with pytest.raises(InputError, match=message):
        rate(picture, Stub(False), rules)
    with pytest.raises(InputError, match=message):
        rate_frame(strange_surface(), Stub(False), GradeRules.load(rules))
    from typer.testing import CliRunner

    from rkd_keras.cli.app import app

    for command in ("measure", "score"):
        arguments = [command, str(picture), "--rules", str(rules)]
        arguments += ["--out", str(picture.parent.parent / command)]
        error = CliRunner().invoke(app, arguments).exception
        assert isinstance(error, InputError)
        assert f"names the class '{misspelt}'; known are crazing" in str(error)
        assert not (picture.parent.parent / command).exists()
    # Without classes there is nothing to check with.
    assert rate(picture, rules=rules).grade.decision == "accept"


def test_a_copy_of_the_package_s_rules_fits_every_model(tmp_path):
    from rkd_keras.measure.grade_rules import DEFAULT_PATH

    copy = tmp_path / "rules.yaml"
    copy.write_text(DEFAULT_PATH.read_text(encoding="utf-8").replace("25", "30"))
    assert open_rules(copy, ["along", "across"]).unit == "any"


def test_a_rating_is_what_its_parts_say(picture):
    image = strange_surface()
    rating = rate(image, Stub(False), mm_per_pixel=0.5)
    mask = segment(image)
    np.testing.assert_array_equal(rating.mask, mask)
    assert rating.measurement == measure(image, mask, 0.5)
    np.testing.assert_array_equal(rating.image[..., 0], image)
    assert rating.image.shape == (128, 128, 3)
    from_file, from_bytes = rate(picture), rate(picture.read_bytes())
    assert from_file.to_dict() == from_bytes.to_dict() == rate(image).to_dict()
    small = rate(image, size=64)
    assert small.image.shape == (64, 64, 3) and small.mask.shape == (64, 64)


def test_a_verdict_that_was_made_is_not_made_again():
    (verdict,) = Stub(True).predict([None])
    assert rate(strange_surface(), verdict=verdict).verdict is verdict


def test_what_was_measured_is_not_measured_again():
    measured = measure(None, np.eye(128, dtype=bool))
    rating = rate(np.full((128, 128), 150, "uint8"), measurement=measured)
    assert rating.grade.decision == "invalid"
    rating = rate(strange_surface(), Stub(True), measurement=measured)
    assert rating.measurement is measured and not rating.mask.any()
    assert rating.grade.decision == "review"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "magic"}, "`method` must be one of default, paper"),
        ({"polarity": "grey"}, "`polarity` must be one of"),
        ({"min_contrast": 2}, "`min_contrast` must be in"),
        ({"size": 0}, "`size` must be at least 1"),
        ({"mm_per_pixel": 0}, "mm_per_pixel"),
        ({"rules": "nowhere.yaml"}, "nowhere.yaml cannot be read"),
    ],
)
def test_settings_that_cannot_be_used_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        rate(strange_surface(), **arguments)


def test_a_frame_has_its_worst_defect_s_decision():
    image = np.full((128, 400), 150, np.uint8)
    image = np.repeat(image[..., None], 3, axis=-1)
    assert frame_decision(rate_frame(image, Stub(True))) == "accept"
    image[30:100, 60:66] = 60
    defects = rate_frame(image, Stub(True))
    assert [d.window for d in defects] == [(0, 0, 128, 128)]
    assert frame_decision(defects) == "review"
