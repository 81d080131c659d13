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


def test_rules_that_are_no_text_are_named(make_station, tmp_path):
    rules = tmp_path / "data" / "rules"
    rules.mkdir(parents=True)
    (rules / "warnings.yaml").write_bytes("rules: [{name: Riß}]".encode("latin-1"))
    with pytest.raises(InputError, match="warnings.yaml cannot be read"):
        make_station()


def test_rules_in_a_unit_that_a_device_does_not_measure_in_end_the_start(
    make_station, tmp_path, monkeypatch
):
    """Its frames would be graded by the package's rules, and nobody told."""
    monkeypatch.setattr("rkd_keras.station.station.InferencePool", LocalPool)
    rules = tmp_path / "data" / "rules"
    rules.mkdir(parents=True)
    rule = "{name: long, when: {longest: {above: 20}}, severity: 5}"
    (rules / "grading.yaml").write_text(f"version: 1\nunit: mm\nrules: [{rule}]\n")
    first = make_station(start=False)
    first.devices.start_later(first.devices.create("Line 1", {"kind": "posted"}))
    with pytest.raises(InputError, match="are in mm, but Line 1 measures in px"):
        first.start()


def test_a_password_never_becomes_a_part_of_a_topic():
    """`urlsplit` ends the host at the first slash, whatever comes behind it."""
    from rkd_keras.station.mqtt_publisher import MqttPublisher

    for address in ("mqtt://ada:12/34@broker", "mqtt://ada:1?secret@broker"):
        with pytest.raises(InputError, match="write / as %2F") as caught:
            MqttPublisher(address)
        assert "34" not in str(caught.value) and "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keep_images_gb": 1e300}, "keep_images_gb must be above 0 and at most"),
        ({"max_megapixels": 1e300}, "max_megapixels must be above 0 and at most"),
        ({"workers": 10**6}, "workers must be above 0 and at most 64"),
        ({"port": 70000}, "port must be 1 to 65535"),
        ({"tls_cert": "no.pem", "tls_key": "no.pem"}, "no.pem .* cannot be used"),
    ],
)
def test_what_cannot_be_served_is_told_at_once(tmp_path, options, message):
    from rkd_keras.station import serve

    with pytest.raises(InputError, match=message):
        serve(data_dir=tmp_path / "data", **options)
    assert not (tmp_path / "data").exists()


def test_a_host_that_is_not_this_machine_is_told_as_such():
    from rkd_keras.station.serving import _check_port

    for host in ("no-such-host.invalid", "203.0.113.7"):
        with pytest.raises(InputError, match="is no address of this machine"):
            _check_port(host, 8080)


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
        ("rtsp://user:p/w@d@host", "rtsp://***"),
        ("rtsp://user%3Apass%40w@10.0.0.5/live", "rtsp://***@10.0.0.5/live"),
        # Written so by programs that escape too much.
        ("rtsp://admin%3Asecret%4010.0.0.5/live", "rtsp://***"),
        ("rtsp://10.0.0.5/user%3Dada%26password%3Dsecret", "rtsp://10.0.0.5/***"),
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
