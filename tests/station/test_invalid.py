"""A picture that cannot be judged is invalid on every way through the station."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient
from station_fakes import CLASS_NAMES, LocalPool
from station_helpers import wait_until

from rkd_keras.errors import InputError
from rkd_keras.measure.grade_rules import DEFAULT_PATH
from rkd_keras.predict import Verdict
from rkd_keras.station.alarm_rules import AlarmRules
from rkd_keras.station.analysis import FrameAnalyzer
from rkd_keras.station.app import create_app
from rkd_keras.station.frozen_check import FrozenCheck
from rkd_keras.station.reports import collect, report_html, report_pdf


class Predictor:
    """Sees scratches everywhere."""

    class_names = tuple(CLASS_NAMES)
    input_shape = (64, 64, 3)
    card = {"sha256": "0123456789abcdef"}

    def predict(self, crops):
        return [Verdict("scratches", "scratches", 1, 0.9, (0.1, 0.9))] * len(crops)


def make_analyzer(model, grading_file):
    return FrameAnalyzer(Predictor(), grading_file)


def surface(seed, mark=False):
    rng = np.random.default_rng(seed)
    grain = cv2.GaussianBlur(rng.normal(0, 3, (128, 400)), (0, 0), 0.6)
    image = np.clip(150 + grain, 0, 255).astype(np.uint8)
    if mark:
        image[40:70, 100:120] = 40
    return encoded(image)


def encoded(image):
    return cv2.imencode(".png", image)[1].tobytes()


BLACK = encoded(np.zeros((128, 400), np.uint8))
NOISE = encoded(np.random.default_rng(0).integers(0, 256, (128, 400), np.uint8))


@pytest.fixture
def client(make_station, monkeypatch):
    monkeypatch.setattr("rkd_keras.station.station.InferencePool", LocalPool)
    station = make_station(start=False, analyzer=make_analyzer)
    app = create_app(station, pages=False)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        client.station = station
        # It looks for marks alone.
        line = {"name": "Line 1", "settings": {"normal_frames": 0}}
        client.post("/api/v1/devices", json=line).raise_for_status()
        yield client


def post(client, data, **query):
    answer = client.post("/api/v1/devices/line-1/frames", content=data, params=query)
    answer.raise_for_status()
    return answer.json()


def told(frame):
    return frame["decision"], frame["fault"], frame["label"]


def test_what_shows_nothing_is_stored_as_invalid_and_warns(client):
    assert told(post(client, surface(1))) == ("accept", None, "no_defect")
    black = post(client, BLACK)
    assert told(black) == ("invalid", "black", "invalid")
    assert black["probability"] is None and black["defects"] == []
    assert black["severity"] == 0 and black["image_url"]
    loaded = client.post("/api/v1/inspect", content=NOISE).json()
    assert told(loaded) == ("invalid", "noise", "invalid")
    found = client.get("/api/v1/frames?decision=invalid").json()["frames"]
    assert [frame["fault"] for frame in found] == ["noise", "black"]
    assert client.get("/api/v1/frames?label=no_defect").json()["frames"][0]["id"] == 1
    wait_until(lambda: len(client.station.desk.open) == 2)
    warnings = [alarm["message"] for alarm in client.station.desk.open]
    assert "Line 1: picture cannot be judged (black)" in warnings
    text = client.get("/metrics").text
    assert 'station_frames_invalid_total{device="line-1",fault="black"} 1.0' in text
    assert 'decision="invalid",device="line-1",origin="posted"} 1.0' in text
    rows = client.get("/api/v1/export?decision=invalid").text.splitlines()
    assert "frame_fault" in rows[0] and "invalid,black" in rows[1]


def test_a_report_counts_what_could_not_be_judged(client):
    for data in (BLACK, NOISE, surface(1), surface(2, mark=True)):
        post(client, data)
    station = client.station
    content = collect(station.store, station.files, 0, 2**45)
    decisions = {"accept": 1, "review": 1, "invalid": 2}
    assert content["tally"]["by_decision"] == decisions
    assert content["tally"]["by_fault"] == {"black": 1, "noise": 1}
    html = report_html(content, "Shift", "ada", "student")
    assert "invalid (50 %)" in html
    assert "could not be judged: black 1, noise 1." in html
    assert report_pdf(content, "Shift", "ada", "student").startswith(b"%PDF")


def test_the_same_picture_again_is_frozen(client):
    assert post(client, surface(1, mark=True))["defect_count"] == 1
    again = post(client, surface(1, mark=True))
    assert told(again) == ("invalid", "frozen", "invalid")
    assert again["defects"] == []
    assert post(client, surface(2))["decision"] == "accept"
    # Posted again under its own key it is the frame that is stored already.
    first = post(client, surface(3), frame_key="a")
    assert post(client, surface(3), frame_key="a") == first
    # People may load a picture twice.
    for _ in range(2):
        loaded = client.post("/api/v1/inspect", content=surface(4)).json()
        assert told(loaded) == ("review", None, "scratches")


def test_rules_switch_the_gate_and_the_frozen_check_off(client):
    text = DEFAULT_PATH.read_text(encoding="utf-8")
    client.station.use_grading_rules(text.replace("frozen: true", "frozen: false"))
    assert [post(client, surface(1))["decision"] for _ in range(2)] == ["accept"] * 2
    client.station.use_grading_rules("version: 1\nquality: off\nrules: []\n")
    assert [told(post(client, BLACK))[:2] for _ in range(2)] == [("accept", None)] * 2


@pytest.mark.parametrize("kind", ["simulated", "folder", "video", "pictures"])
def test_what_is_played_again_is_not_frozen(kind):
    device = SimpleNamespace(id="d", source={"kind": kind})
    reply = {"decision": "accept", "fault": None, "picture": b"1", "defects": []}
    check = FrozenCheck()
    assert check(device, reply) is check(device, reply) is reply


def test_a_picture_that_was_not_stored_may_come_again():
    device = SimpleNamespace(id="d", source={"kind": "posted"})
    reply = {"decision": "accept", "fault": None, "picture": b"1", "defects": []}
    check = FrozenCheck()
    check(device, reply)
    check.forget(device)
    assert check(device, reply) is reply
    assert check(device, reply)["fault"] == "frozen"
    dark = {**reply, "decision": "invalid", "fault": "black"}
    assert check(device, dark)["fault"] == "black"


def test_warning_rules_count_invalid_pictures():
    rules = AlarmRules(
        "rules: [{name: blind, invalid: true, count: 3, within_s: 10, quiet_s: 60}]"
    )
    assert rules.observe("a", [{"label": "scratches", "severity": 5}], 0.0) == []
    fired = [len(rules.invalid("a", at_s)) for at_s in (0, 20, 21, 22, 23, 100)]
    assert fired == [0, 0, 0, 1, 0, 0]
    with pytest.raises(InputError, match="invalid must be true or false"):
        AlarmRules("rules: [{name: blind, invalid: 1}]")
    with pytest.raises(InputError, match="not both"):
        AlarmRules("rules: [{name: b, invalid: true, device_lost: true}]")
