"""A posted frame's way, and what happens when there is no way."""

import errno
import os
import time

import pytest
from station_fakes import CLASS_NAMES
from station_helpers import picture, post, wait_until

from rkd_keras.errors import InputError
from rkd_keras.station.clock_watch import ClockWatch
from rkd_keras.station.device import Device, DeviceSettings
from rkd_keras.station.ingest import FrameKeyUsedError
from rkd_keras.station.receipt import Receipt
from rkd_keras.station.records import defect_rows, frame_row
from rkd_keras.station.store import (
    FrameFilter,
    StorageFullError,
    accounts,
    frames,
    now_ms,
)
from rkd_keras.station.workers import QueueFullError


def stored(station, **filters):
    with station.store.read() as connection:
        return frames.search(connection, FrameFilter(**filters), limit=500)


@pytest.fixture
def station(make_station):
    return make_station()


@pytest.fixture
def line(station):
    device = station.devices.create("Line 1", {"kind": "posted"})
    station.devices.start(device)
    return device


def test_a_frame_is_stored_with_its_image_before_it_is_answered(station, line):
    data = picture(2)
    record = post(station, line, data, position_m=3.0).result(60)
    (found,) = stored(station)
    assert found["id"] == record["id"] and found["defect_count"] == 2
    assert station.files.read(found["image"]) == data
    assert station.board.latest("line-1")[1]["id"] == record["id"]
    assert line.health.state == "running"


def test_every_posted_frame_is_stored_even_in_a_burst(station, line):
    futures = [post(station, line, picture(i % 3, seed=i)) for i in range(60)]
    ids = [future.result(60)["id"] for future in futures]
    assert ids == sorted(set(ids)) and len(stored(station)) == 60


def test_a_full_queue_refuses(make_station):
    station = make_station(queue_frames=3)
    line = station.devices.create("Line 1", {"kind": "posted"})
    futures, refused = [], 0
    for _ in range(200):
        try:
            futures.append(post(station, line, picture(1)))
        except QueueFullError:
            refused += 1
    assert refused > 0
    assert len([f.result(60) for f in futures]) == len(stored(station))


def test_what_is_no_image_is_refused_and_leaves_nothing(station, line):
    with pytest.raises(InputError, match="decoded"):
        post(station, line, b"no image").result(60)
    assert stored(station) == []
    assert not [p for p in station.files.folder.rglob("*") if p.is_file()]


def test_the_same_key_is_stored_once(station, line):
    first = post(station, line, picture(1), frame_key="k1").result(60)
    again = post(station, line, picture(1), frame_key="k1").result(60)
    assert again["id"] == first["id"] and again["defects"]
    assert len(stored(station)) == 1
    files = [p for p in station.files.folder.rglob("*") if p.is_file()]
    assert len(files) == 1


def test_a_key_used_for_another_image_is_refused(station, line):
    first = post(station, line, picture(1), frame_key="k1").result(60)
    with pytest.raises(
        FrameKeyUsedError, match=f"is frame {first['id']}; this one was"
    ):
        post(station, line, picture(2), frame_key="k1").result(60)
    assert [f["id"] for f in stored(station)] == [first["id"]]
    files = [p for p in station.files.folder.rglob("*") if p.is_file()]
    assert [f.read_bytes() for f in files] == [picture(1)]
    # Also when the image is gone.
    station.files.remove([first["image"]])
    with pytest.raises(FrameKeyUsedError):
        post(station, line, picture(2), frame_key="k1").result(60)
    again = post(station, line, picture(1), frame_key="k1").result(60)
    assert again["id"] == first["id"]


def test_frames_of_before_digests_are_compared_by_their_image(station, line):
    first = post(station, line, picture(1), frame_key="k1").result(60)
    station.store.write(
        lambda c: c.exec_driver_sql("UPDATE frames SET key_sha256 = NULL")
    )
    again = post(station, line, picture(1), frame_key="k1").result(60)
    assert again["id"] == first["id"]
    with pytest.raises(FrameKeyUsedError):
        post(station, line, picture(2), frame_key="k1").result(60)


def test_a_full_disk_is_a_state_that_ends_by_itself(station, line, monkeypatch):
    full = OSError(errno.ENOSPC, "no space")
    real = type(station.files).write

    def write(*arguments):
        raise StorageFullError("there is no room left for images") from full

    monkeypatch.setattr(type(station.files), "write", write)
    with pytest.raises(StorageFullError):
        post(station, line, picture(1)).result(60)
    assert station.state.full and "no room" in station.state.reason
    with pytest.raises(StorageFullError):
        post(station, line, picture(1))
    station.maintenance.watch_storage()
    assert station.state.full
    monkeypatch.setattr(type(station.files), "write", real)
    station.maintenance.watch_storage()
    assert not station.state.full
    assert post(station, line, picture(1)).result(60)["id"]
    with station.store.read() as connection:
        check = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
    assert check == "ok"


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_disk_that_is_really_full(tmp_path, make_station):
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size=3m tmpfs {disk} 2>/dev/null"):
        pytest.skip("this machine does not let us mount a small disk")
    try:
        station = make_station(data_dir=disk / "data")
        line = station.devices.create("Line 1", {"kind": "posted"})
        answered = []
        with pytest.raises(StorageFullError):
            for i in range(500):
                data = picture(1, seed=i)
                answered.append(post(station, line, data).result(60)["id"])
        assert station.state.full and answered
        with station.store.read() as connection:
            check = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
            assert check == "ok"
            assert frames.get(connection, answered[-1]) is not None
        os.system(f"mount -o remount,size=64m {disk}")
        station.maintenance.watch_storage()
        assert not station.state.full
        assert post(station, line, picture(1)).result(60)["id"]
        station.close()
    finally:
        os.system(f"umount -l {disk}")


def test_live_verdicts_go_on_when_the_disk_is_full(station):
    station.state.set_full("full")
    line = Device("cam", "Cam", {"kind": "camera"}, DeviceSettings())
    record = station.ingest.live(line, picture(1)).result(60)
    assert record["id"] is None and station.state.lost_live == 1
    assert station.board.latest("cam")[1]["severity"] == 1


def test_a_simulated_line_is_rated_and_warns(make_station):
    station = make_station()
    station.use_alarm_rules("rules: [{name: any, severity: 1}]")
    line = station.devices.create("Sim", {"kind": "simulated", "fps": 20})
    station.devices.start(line)
    wait_until(lambda: len(stored(station, origin="live")) > 3)
    wait_until(lambda: station.desk.open)
    station.devices.stop(line)
    assert line.health.state == "stopped"


def test_devices_coils_and_shifts_survive_a_restart(make_station):
    first = make_station(start=False)
    first.start()
    line = first.devices.create(
        "Strasse Süd", {"kind": "posted"}, DeviceSettings(0.5, 2.0, "x", 0.1)
    )
    first.devices.start(line)
    first.devices.start_coil(line, "C-17")
    first.close()
    again = make_station()
    kept = again.devices.get("strasse-sud")
    assert kept.enabled and kept.health.state == "waiting"
    assert kept.coil["name"] == "C-17" and kept.coil["speed_m_s"] == 2.0
    assert kept.settings == DeviceSettings(0.5, 2.0, "x", 0.1)
    again.devices.stop(kept)
    assert again.model["class_names"] == CLASS_NAMES


def test_a_data_folder_has_one_station(make_station):
    make_station()
    with pytest.raises(InputError, match="in use by another station"):
        make_station()


def test_a_lost_device_warns_once(station, monkeypatch):
    line = station.devices.create("Line 1", {"kind": "posted"})
    station.devices.start(line)
    line.health.frame()
    line.health.clock = lambda: time.monotonic() + 60
    station.maintenance.watch_devices()
    station.maintenance.watch_devices()
    wait_until(lambda: station.desk.open)
    assert len(station.desk.open) == 1
    assert "device lost" in station.desk.open[0]["message"]


def test_positions_come_from_the_encoder_or_from_the_speed(monkeypatch):
    device = Device("d", "D", {"kind": "posted"}, DeviceSettings(0.5))

    def position(*given, **named):
        return Receipt.of(device, "posted", *given, **named).position_m

    assert position() is None and position(7.5) == 7.5
    earlier = {"id": 2, "started_ms": now_ms(), "speed_m_s": 2.0}
    # As after a restart, six seconds into the coil.
    device.begin_coil({"id": 3, "started_ms": now_ms() - 6_000, "speed_m_s": 2.0})
    assert position() == pytest.approx(12.0, abs=1.0)
    assert position(7.5) == 7.5 and position(coil=earlier) is None
    # A clock put back by an hour moves nothing.
    monkeypatch.setattr("rkd_keras.station.receipt.now_ms", lambda: 1_000)
    assert position() == pytest.approx(12.0, abs=1.0)
    device.begin_coil({"id": 4, "started_ms": now_ms(), "speed_m_s": None})
    assert position() is None


def test_a_frame_belongs_to_the_coil_and_scale_of_its_receipt(station, line):
    manager = station.devices
    manager.change(line, settings=DeviceSettings(0.5))
    first = manager.start_coil(line, "C-1")
    futures = [post(station, line, picture(1, seed=i)) for i in range(8)]
    second = manager.start_coil(line, "C-2")
    manager.change(line, settings=DeviceSettings(5.0))
    records = [future.result(60) for future in futures]
    assert {r["coil_id"] for r in records} == {first["id"]}
    assert {r["defects"][0]["across_mm"] for r in records} == {(20 + 15) * 0.5}
    # A client may say which coil it took the picture of.
    late = post(station, line, picture(2), coil=manager.coil_named(line, "C-1"))
    assert late.result(60)["coil_id"] == first["id"]
    assert post(station, line, picture(3)).result(60)["coil_id"] == second["id"]
    with pytest.raises(InputError, match="no coil 'C-9' on Line 1: start it"):
        manager.coil_named(line, "C-9")


def test_a_clock_that_is_set_is_put_on_record_and_stops_no_warning(
    station, line, monkeypatch
):
    station.use_alarm_rules("rules: [{name: any, severity: 1, quiet_s: 0}]")
    post(station, line, picture(1)).result(60)
    wait_until(lambda: len(station.desk.open) == 1)
    station.maintenance.close()
    real = now_ms
    back = [0]
    station.maintenance.clock = ClockWatch(lambda: real() - back[0])
    station.maintenance.watch_clock()
    back[0] = 3_600_000
    monkeypatch.setattr("rkd_keras.station.receipt.now_ms", lambda: real() - back[0])
    station.maintenance.watch_clock()
    station.maintenance.watch_clock()
    post(station, line, picture(2)).result(60)
    wait_until(lambda: len(station.desk.open) == 2)
    with station.store.read() as connection:
        events = [
            e for e in accounts.list_events(connection) if e["actor"] == "station"
        ]
    assert [(e["action"], e["detail"]) for e in events] == [
        ("clock set", "3600.0 s back")
    ]


@pytest.mark.parametrize(
    "axis, along, across", [("y", 40 + 15, 100 + 5), ("x", 105, 55)]
)
def test_a_defect_lies_where_its_centre_is(axis, along, across):
    device = Device("d", "D", {"kind": "posted"}, DeviceSettings(0.5, None, axis))
    box = {"x": 100, "y": 40, "width": 10, "height": 30}
    scores = {"severity": 2, "area": 1.0, "probability": 0.5, "label": "a"}
    reply = {
        "width": 400,
        "height": 128,
        "decision": "review",
        "defects": [{**box, **scores}],
        "analysis_ms": 1.0,
        "model": "m",
    }
    receipt = Receipt.of(device, "posted", position_m=10.0)
    frame = frame_row(receipt, reply)
    (row,) = defect_rows(receipt, reply)
    assert row["position_m"] == pytest.approx(10 + along * 0.5 / 1000)
    assert row["across_mm"] == pytest.approx(across * 0.5)
    assert frame["severity"] == 2 and frame["label"] == "a"


def test_two_stations_can_share_a_database(make_station, tmp_path):
    shared = f"sqlite:///{tmp_path}/shared.db"
    one = make_station(data_dir=tmp_path / "one", database_url=shared)
    two = make_station(data_dir=tmp_path / "two", database_url=shared)
    lines = [s.devices.create("Line 1", {"kind": "posted"}) for s in (one, two)]
    assert [line.id for line in lines] == ["line-1", "line-1-2"]
    for station, line in zip((one, two), lines, strict=True):
        station.devices.start(line)
        post(station, line, picture(5)).result(60)
    assert len(stored(one)) == 2
    wait_until(lambda: one.desk.open and two.desk.open)
    assert {a["device_id"] for a in one.desk.open} == {"line-1"}
    assert len(one.devices.all()) == 2
