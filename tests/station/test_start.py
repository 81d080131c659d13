"""What a station finds out before the first frame, and what it never shows."""

import math

import pytest

pytest.importorskip("fastapi", reason="needs rkd-keras[station]")
pytest.importorskip("nicegui", reason="needs rkd-keras[station]")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from station_fakes import LocalPool  # noqa: E402

from rkd_keras.errors import InputError  # noqa: E402
from rkd_keras.station.analysis import default_grading_text  # noqa: E402
from rkd_keras.station.config import StationConfig  # noqa: E402
from rkd_keras.station.device_view import public_address  # noqa: E402


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"keep_images_days": math.nan}, "keep_images_days must be above 0"),
        ({"keep_images_days": math.inf}, "keep_images_days must be above 0"),
        ({"keep_images_days": 1e9}, "keep_images_days must be at most"),
        ({"analysis_timeout_s": math.nan}, "analysis_timeout_s must be above 0"),
        ({"stall_after_s": 5.0, "lost_after_s": 1.0}, "at least stall_after_s"),
        ({"min_free_bytes": -1}, "min_free_bytes must be at least 0"),
    ],
)
def test_times_are_checked_before_anything_starts(tmp_path, setting, message):
    with pytest.raises(InputError, match=message):
        StationConfig(tmp_path, **setting)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (
            "warnings.yaml",
            "rules: [{name: any, class: scratchs}]",
            r"warning rule 1 \(any\) names the class 'scratchs'; known are inclusion",
        ),
        ("warnings.yaml", "rules: [{nam: any}]", "unknown key 'nam'"),
        (
            "grading.yaml",
            "version: 1\nrules: [{name: s, when: {class: scratchs}, severity: 5}]",
            "the grading rule 's' names the class 'scratchs'; known are inclusion",
        ),
        ("grading.yaml", "version: 1\nrulez: []", "unknown key 'rulez'"),
    ],
)
def test_rules_are_checked_when_the_station_starts(
    make_station, tmp_path, monkeypatch, file, text, message
):
    monkeypatch.setattr("rkd_keras.station.station.InferencePool", LocalPool)
    rules = tmp_path / "data" / "rules"
    rules.mkdir(parents=True)
    (rules / file).write_text(text)
    with pytest.raises(InputError, match=message):
        make_station()


def test_new_warning_rules_must_name_known_classes(make_station, monkeypatch):
    monkeypatch.setattr("rkd_keras.station.station.InferencePool", LocalPool)
    station = make_station()
    before = station.config.alarms_file.read_text()
    with pytest.raises(InputError, match="'rust'; known are inclusion, scratches"):
        station.use_alarm_rules("rules: [{name: any, class: rust}]")
    assert station.config.alarms_file.read_text() == before
    station.use_alarm_rules("rules: [{name: any, class: unknown}]")


def test_the_package_s_rules_start_with_any_model(make_station, monkeypatch):
    monkeypatch.setattr("rkd_keras.station.station.InferencePool", LocalPool)
    station = make_station()
    assert station.config.grading_file.read_text() == default_grading_text()


SECRET = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=4)


@given(user=SECRET, password=SECRET)
def test_no_part_of_a_credential_is_shown(user, password):
    shown = public_address(f"rtsp://{user}:{password}@10.0.0.5:554/cam/h264")
    assert shown in ("rtsp://***@10.0.0.5:554/cam/h264", "rtsp://***")


@given(password=SECRET)
def test_no_password_among_parameters_is_shown(password):
    shown = public_address(f"rtsp://10.0.0.5/cam?user=x&password={password}")
    assert shown in ("rtsp://10.0.0.5/cam?***", "rtsp://***")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://user:a/b@c@10.0.0.5:554/live", "rtsp://***@10.0.0.5:554/live"),
        ("rtsp://user@cam.plant.local/1", "rtsp://***@cam.plant.local/1"),
        ("rtsp://u:p@[::1]:80/x", "rtsp://***@[::1]:80/x"),
        ("rtsp://10.0.0.5/user=a_password=b_x.sdp", "rtsp://10.0.0.5/***"),
        ("rtsp://host/u:p@ss", "rtsp://***"),
        ("rtsp://user:password", "rtsp://***"),
        ("http://10.0.0.5/video", "http://10.0.0.5/video"),
    ],
)
def test_what_is_no_credential_stays(address, shown):
    assert public_address(address) == shown


def test_addresses_of_brokers_and_databases_are_not_told_with_their_passwords():
    from rkd_keras.station.mqtt_publisher import MqttPublisher
    from rkd_keras.station.store import Store

    for make, address in (
        (MqttPublisher, "amqp://ada:hidden@10.0.0.5"),
        (MqttPublisher, "mqtt://ada:hidden@10.0.0.5:port"),
        (Store, "postgresql//ada:hidden@10.0.0.5"),
    ):
        with pytest.raises(InputError) as caught:
            make(address)
        assert "hidden" not in str(caught.value)
