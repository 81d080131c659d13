"""The store on PostgreSQL: Debian's server, started here, two stations on it."""

import pytest
import sqlalchemy as sa
from station_helpers import defect_row, frame_row, picture, post, wait_until

from rkd_keras.station.store import (
    FrameFilter,
    StorageFullError,
    Store,
    StoreLostError,
    devices,
    frame_images,
    frames,
    now_ms,
    reviews,
    shifts,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def url(postgres):
    return postgres.url()


def test_everything_the_store_does_works_there_too(url):
    store = Store(url)
    device = {
        "id": "a",
        "name": "A",
        "station": "here",
        "source": {"kind": "posted"},
        "settings": {},
        "enabled": True,
        "created_ms": now_ms(),
    }
    store.write(lambda c: devices.insert(c, device))
    coil = store.write(lambda c: devices.start_coil(c, "a", "C-1", 0, 2.0))
    defects = [defect_row(severity=4, position_m=1.5), defect_row(label="inclusion")]
    row = frame_row("a", label="scratches", severity=4, defect_count=2, image="x.jpg")
    row |= {"probability": 0.9, "coil_id": coil, "received_ms": 61_000}
    first = store.write(lambda c: frames.insert(c, row, defects))
    clean = frame_row("a", image="y.jpg", received_ms=1000)
    second = store.write(lambda c: frames.insert(c, clean, []))
    store.write(lambda c: shifts.start(c, "early", 5, "ada", "here"))
    drawn = store.write(
        lambda c: reviews.draw(c, "scratches", 5, 0, 10**15, "b", 1, "here")
    )
    with store.read() as c:
        assert frames.get(c, first)["defects"][0]["position_m"] == 1.5
        found = frames.search(c, FrameFilter(text="c-1", label="inclusion"))
        assert [f["id"] for f in found] == [first]
        assert len(list(frames.walk(c, FrameFilter(), page=1))) == 2
        assert frames.tally(c, FrameFilter())["by_class"] == {
            "scratches": {4: 1},
            "inclusion": {3: 1},
        }
        trend = frames.trend(c, FrameFilter(), 60_000)
        assert [t["start_ms"] for t in trend] == [0, 60_000]
        assert frames.worst(c, FrameFilter())[0]["id"] == first
        assert [d["position_m"] for d in frames.defects_of_coil(c, coil)] == [1.5]
        oldest = frame_images.oldest(c, "here")
        assert [name for _, name, _ in oldest] == ["y.jpg"]  # x.jpg is under review
        assert shifts.running(c, "here")["name"] == "early"
        assert shifts.running(c, "there") is None
        assert drawn == 1 and reviews.count_waiting(c, "there") == 0
        assert reviews.waiting(c, station="here")[0]["frame_id"] == first
    assert second > first
    store.close()


def test_two_stations_write_to_one_database(make_station, tmp_path, url):
    names = ("pickling", "rolling")
    made = [make_station(data_dir=tmp_path / n, database_url=url) for n in names]
    lines = [s.devices.create("Line 1", {"kind": "posted"}) for s in made]
    assert [line.id for line in lines] == ["line-1", "line-1-2"]
    waiting = []
    for station, line in zip(made, lines, strict=True):
        station.devices.start(line)
    for number in range(20):
        # Turn by turn, so that both write at the same time.
        for station, line in zip(made, lines, strict=True):
            data = picture(number % 6)
            future = post(station, line, data, frame_key=str(number))
            waiting.append((line.id, future))
    ids = {(device, future.result(60)["id"]) for device, future in waiting}
    assert len({frame_id for _, frame_id in ids}) == 40
    for station, line in zip(made, lines, strict=True):
        with station.store.read() as connection:
            stored = list(frames.walk(connection, FrameFilter()))
        # Each sees the verdicts of both, and warns for its own devices only.
        assert {(f["device_id"], f["id"]) for f in stored} == ids
        wait_until(lambda s=station: s.desk.open)
        assert {a["device_id"] for a in station.desk.open} == {line.id}
        own = [f["image"] for f in stored if f["device_id"] == line.id]
        assert all(station.files.read(name) for name in own)


def test_a_server_that_fails_is_a_state_that_ends_by_itself(
    make_station, tmp_path, postgres, url
):
    station = make_station(data_dir=tmp_path / "data", database_url=url)
    line = station.devices.create("Line 1", {"kind": "posted"})
    station.devices.start(line)
    before = post(station, line, picture(1)).result(60)["id"]
    postgres.stop()
    try:
        with pytest.raises(StoreLostError, match="does not answer"):
            post(station, line, picture(2)).result(60)
        assert station.state.full
        with pytest.raises(StoreLostError):
            post(station, line, picture(2))
        station.maintenance.watch_storage()
        assert station.state.full
    finally:
        postgres.start()
    station.maintenance.watch_storage()
    assert not station.state.full
    after = post(station, line, picture(2)).result(60)["id"]
    with station.store.read() as connection:
        kept = [f["id"] for f in frames.search(connection, FrameFilter())]
    assert kept == [after, before]
    files = [p for p in station.files.folder.rglob("*") if p.is_file()]
    assert len(files) == 2


def test_a_transaction_that_lost_is_no_lost_server(url):
    class Deadlock(Exception):
        sqlstate = "40P01"

    lost = sa.exc.OperationalError("", {}, Deadlock())
    assert not StoreLostError.matches(lost)
    full = sa.exc.OperationalError("", {}, OSError("No space left on device"))
    assert not StoreLostError.matches(full) and StorageFullError.matches(full)
