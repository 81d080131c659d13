import sqlite3
import threading

import pytest
import sqlalchemy as sa
from station_helpers import defect_row, frame_row

from rkd_keras.errors import InputError
from rkd_keras.station.store import (
    NO_DEFECT,
    FrameFilter,
    StorageFullError,
    Store,
    accounts,
    alarms,
    devices,
    frames,
    reviews,
    shifts,
)
from rkd_keras.station.store.schema import metadata
from rkd_keras.station.store.store import get_meta, set_meta


def insert(store, defects=(), **changes):
    if defects:
        worst = max(d["severity"] for d in defects)
        changes = {
            "label": defects[0]["label"],
            "severity": worst,
            "probability": 0.9,
            "decision": "review",
            "defect_count": len(defects),
            **changes,
        }
    row = frame_row(**changes)
    return store.write(lambda c: frames.insert(c, row, list(defects)))


def test_a_job_that_fails_alone_does_not_harm_its_neighbours(store, line_1):
    gate = threading.Event()
    blocked = store.submit(lambda c: gate.wait(10))
    good = [
        store.submit(lambda c, i=i: frames.insert(c, frame_row(width=i), []))
        for i in range(5)
    ]
    bad = store.submit(lambda c: frames.insert(c, frame_row("nobody"), []))
    more = store.submit(lambda c: frames.insert(c, frame_row(width=6), []))
    gate.set()
    assert blocked.result(10)
    ids = [future.result(10) for future in [*good, more]]
    with pytest.raises(sa.exc.IntegrityError):
        bad.result(10)
    assert len(set(ids)) == 6
    with store.read() as connection:
        assert [frames.get(connection, i)["width"] for i in ids] == [0, 1, 2, 3, 4, 6]


def test_a_future_is_resolved_only_after_the_commit(store, line_1):
    path = sa.engine.make_url(store.url).database
    future = store.submit(lambda c: frames.insert(c, frame_row(), []))
    seen = []

    def look(done):
        other = sqlite3.connect(path)
        seen.append(other.execute("SELECT count(*) FROM frames").fetchone()[0])
        other.close()

    future.add_done_callback(look)
    future.result(10)
    store.write(lambda c: None)
    assert seen == [1]


def test_many_writers_lose_nothing(store, line_1):
    def work():
        for _ in range(25):
            insert(store, [defect_row()])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as connection:
        found = list(frames.walk(connection, FrameFilter(), page=7))
    assert len(found) == 100 and all(len(f["defects"]) == 1 for f in found)
    assert [f["id"] for f in found] == sorted(f["id"] for f in found)


def test_sqlite_is_set_up_to_survive_a_power_cut(store):
    with store.read() as connection:
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        level = connection.exec_driver_sql("PRAGMA synchronous").scalar()
    assert (mode, level) == ("wal", 2)


def test_a_full_database_is_a_storage_full_error_and_heals(store, line_1):
    def limit(pages):
        def job(connection):
            return connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

        store.write(job)

    big = frame_row(frame_key="k", label="x" * 60_000)
    # The limit holds for a connection: keep the writer's pool at one.
    limit(60)
    with pytest.raises(StorageFullError):
        for _ in range(40):
            store.write(lambda c: frames.insert(c, {**big, "frame_key": None}, []))
    limit(100_000)
    insert(store)
    with store.read() as connection:
        check = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
    assert check == "ok"


def test_the_store_keeps_what_it_has_when_opened_again(tmp_path):
    url = f"sqlite:///{tmp_path}/a.db"
    first = Store(url)
    first.write(lambda c: set_meta(c, "note", "kept"))
    first.close()
    second = Store(url)
    with second.read() as connection:
        assert get_meta(connection, "note") == "kept"
    second.close()


@pytest.mark.parametrize(
    "url, message",
    [
        ("nonsense", "URL cannot be read"),
        ("sqlite://", "database in a file"),
        ("sqlite:////does/not/exist/a.db", "cannot be opened"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused(url, message):
    with pytest.raises(InputError, match=message):
        Store(url)


def test_the_schema_compiles_for_postgresql():
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.schema import CreateTable

    for table in metadata.sorted_tables:
        text = str(CreateTable(table).compile(dialect=postgresql.dialect()))
        assert text.strip().startswith(f"CREATE TABLE {table.name}")


def test_search_filters_and_pages(store, line_1):
    clean = insert(store, received_ms=1000)
    scratched = insert(store, [defect_row(severity=4)], received_ms=2000)
    both = insert(
        store,
        [defect_row(label="inclusion", severity=2), defect_row(severity=5)],
        received_ms=3000,
        decision="reject",
    )

    def found(**filters):
        with store.read() as connection:
            return [f["id"] for f in frames.search(connection, FrameFilter(**filters))]

    assert found() == [both, scratched, clean]
    assert found(label="scratches") == [both, scratched]
    assert found(label="inclusion") == [both]
    assert found(label=NO_DEFECT) == [clean]
    assert found(severity_min=5) == [both]
    assert found(decision="reject") == [both]
    assert found(from_ms=2000, to_ms=3000) == [scratched]
    assert found(device_id="other") == []
    assert found(text="ine 1") == [both, scratched, clean]
    assert found(text="%") == []
    with store.read() as connection:
        page = frames.search(connection, FrameFilter(), limit=2)
        rest = frames.search(connection, FrameFilter(), 2, page[-1]["id"])
    assert [f["id"] for f in rest] == [clean]


def test_tally_and_trend_count_by_hand(store, line_1):
    insert(store, received_ms=60_000)
    insert(store, [defect_row(severity=3)] * 2, received_ms=60_001)
    insert(store, [defect_row(severity=5)], received_ms=180_000, decision="reject")
    with store.read() as connection:
        tally = frames.tally(connection, FrameFilter())
        trend = frames.trend(connection, FrameFilter(), 60_000)
    assert tally == {
        "frames": 3,
        "with_defects": 2,
        "by_decision": {"accept": 1, "review": 1, "reject": 1},
        "by_fault": {},
        "by_class": {"scratches": {3: 2, 5: 1}},
    }
    assert [tuple(row.values()) for row in trend] == [
        (60_000, 2, 1, 0),
        (180_000, 1, 1, 1),
    ]


def test_worst_are_the_most_severe_with_an_image(store, line_1):
    insert(store, [defect_row(severity=5)], image=None)
    second = insert(store, [defect_row(severity=4)], image="a.jpg")
    first = insert(store, [defect_row(severity=5)], image="b.jpg")
    insert(store, image="c.jpg")
    with store.read() as connection:
        found = frames.worst(connection, FrameFilter())
    assert [f["id"] for f in found] == [first, second]


def test_a_frame_key_is_unique_per_device(store, line_1):
    first = insert(store, frame_key="a")
    with pytest.raises(sa.exc.IntegrityError):
        insert(store, frame_key="a")
    insert(store, frame_key=None)
    insert(store, frame_key=None)
    with store.read() as connection:
        assert frames.get_by_key(connection, "line-1", "a")["id"] == first
        assert frames.get_by_key(connection, "line-1", "b") is None


def test_a_new_coil_ends_the_one_before(store, line_1):
    first = store.write(lambda c: devices.start_coil(c, "line-1", "A", 100, 2.0))
    second = store.write(lambda c: devices.start_coil(c, "line-1", "B", 200))
    with store.read() as connection:
        assert devices.get_coil(connection, first)["ended_ms"] == 200
        assert devices.list_all(connection)[0]["coil_id"] == second
    assert store.write(lambda c: devices.end_coil(c, "line-1", 300)) == second
    assert store.write(lambda c: devices.end_coil(c, "line-1", 400)) is None


def test_a_device_with_a_history_cannot_be_deleted(store, line_1):
    insert(store)
    assert not store.write(lambda c: devices.delete(c, "line-1"))


def test_only_one_shift_runs(store):
    store.write(lambda c: shifts.start(c, "early", 100, "ada"))
    store.write(lambda c: shifts.start(c, "late", 200, "bob"))
    with store.read() as connection:
        newest = shifts.list_newest(connection)
        assert shifts.running(connection)["name"] == "late"
    assert [s["ended_ms"] for s in newest] == [None, 200]
    assert newest[1]["ended_by"] == "bob"
    assert store.write(lambda c: shifts.end(c, 300, "ada"))
    assert not store.write(lambda c: shifts.end(c, 300, "ada"))


def test_the_first_to_acknowledge_counts(store):
    alarm = {
        "rule": "r",
        "device_id": "line-1",
        "frame_id": None,
        "message": "m",
        "severity": 5,
        "raised_ms": 1,
    }
    alarm_id = store.write(lambda c: alarms.insert(c, alarm))
    store.write(lambda c: alarms.acknowledge(c, alarm_id, "ada", 5, "seen"))
    again = store.write(lambda c: alarms.acknowledge(c, alarm_id, "bob", 6))
    assert (again["acknowledged_by"], again["acknowledged_ms"]) == ("ada", 5)
    with store.read() as connection:
        assert alarms.list_newest(connection, open_only=True) == []
    assert store.write(lambda c: alarms.acknowledge(c, 999, "bob", 6)) is None


def test_a_review_draws_each_sample_once_and_at_random(store, line_1):
    ids = [
        insert(store, [defect_row()], image=f"{i}.jpg", received_ms=i)
        for i in range(40)
    ]
    insert(store, [defect_row()], image=None, received_ms=3)
    insert(store, image="x.jpg", received_ms=3)

    def draw(label, count):
        return store.write(lambda c: reviews.draw(c, label, count, 0, 10**15, "b", 1))

    assert draw("scratches", 15) == 15
    assert draw("scratches", 15) == 15
    with store.read() as connection:
        drawn = [s["frame_id"] for s in reviews.waiting(connection)]
    assert len(set(drawn)) == 30 and set(drawn) <= set(ids)
    assert drawn != sorted(drawn)
    # Ten are left, and the one without an image cannot be drawn.
    assert draw("scratches", 15) == 10
    assert draw(NO_DEFECT, 5) == 1
    assert draw(NO_DEFECT, 5) == 0


def test_review_answers_are_counted_and_can_be_changed(store, line_1):
    insert(store, [defect_row()], image="a.jpg")
    store.write(lambda c: reviews.draw(c, "scratches", 1, 0, 10**15, "b", 1))
    with store.read() as connection:
        sample = reviews.waiting(connection)[0]
    assert sample["defect"]["label"] == "scratches" and sample["frame"]["image"]
    for answer in ("scratches", "inclusion"):
        store.write(lambda c, a=answer: reviews.answer(c, sample["id"], a, "ada", 9))
    with store.read() as connection:
        assert reviews.counts(connection) == {"scratches": {"inclusion": 1}}
        assert reviews.counts(connection, from_ms=10) == {}
        assert len(reviews.answered(connection)) == 1
        assert reviews.count_waiting(connection) == 0


def test_what_is_recorded_can_be_read(store):
    store.write(lambda c: accounts.record(c, 5, "ada", "start shift", "x" * 999))
    with store.read() as connection:
        event = accounts.list_events(connection)[0]
    assert event["actor"] == "ada" and len(event["detail"]) == 300
