"""What pages that look on are told: every verdict, the worst one, and the state."""

import time

from station_helpers import picture

from rkd_keras.station.board import KEPT_S, Board


def record(number, decision="accept", severity=0):
    return {"id": number, "decision": decision, "severity": severity}


def test_each_single_bad_frame_is_the_worst_for_two_seconds():
    now = [0.0]
    board = Board(lambda: now[0])
    seen, told, number = [], [], 0
    # 25 frames/s; one in 60 is bad, and the page asks twice a second only.
    for tick in range(25 * 48):
        now[0] = tick / 25
        bad = tick % 60 == 30
        board.show("d", record(tick, *(("reject", 4) if bad else ())), b"")
        if tick % 12 == 11:
            told += [r["id"] for r in board.since("d", number)]
            number = board.latest("d")[0]
            if board.worst("d")["decision"] == "reject":
                seen.append(board.worst("d")["id"])
    assert sorted(set(seen)) == [tick for tick in range(25 * 48) if tick % 60 == 30]
    assert len(set(seen)) == 20
    assert told == list(range(25 * 48))
    now[0] += KEPT_S + 1
    board.show("d", record(-1), b"")
    assert board.worst("d")["id"] == -1 and len(board.since("d", 0)) == 1


def test_the_decision_outranks_the_severity():
    board = Board(lambda: 0.0)
    for frame in (
        record(1, "review", 5),
        record(2, "invalid"),
        record(3, "reject", 1),
        record(4, "accept", 4),
    ):
        board.show("d", frame, b"")
    assert board.worst("d")["id"] == 3
    assert board.worst("e") is None and board.since("e", 0) == []
    # A page that counts from before a restart is told everything.
    assert [r["id"] for r in board.since("d", 9000)] == [1, 2, 3, 4]


def test_a_page_gets_every_verdict_and_the_state_at_once(client):
    path = "/api/v1/devices/line-1/live"
    first = client.get(path).json()
    assert first["state"] == "waiting" and first["frame"] is None
    assert first["worst"] is None and first["last_at"] is None
    for marks in (0, 5, 0):
        frames = "/api/v1/devices/line-1/frames"
        assert client.post(frames, content=picture(marks)).status_code == 201
    answer = client.get(path, params={"after": first["number"]}).json()
    assert [f["decision"] for f in answer["frames"]] == ["accept", "reject", "accept"]
    assert answer["worst"]["decision"] == "reject" and answer["state"] == "running"
    assert answer["frame"] == answer["frames"][-1]
    assert answer["image"].startswith("data:image/jpeg;base64,")
    query = {"after": answer["number"], "wait_s": 9, "state": "running"}
    client.post("/api/v1/devices/line-1/stop").raise_for_status()
    started = time.monotonic()
    stopped = client.get(path, params=query).json()
    assert stopped["state"] == "stopped" and stopped["frames"] == []
    assert time.monotonic() - started < 5
    pictures = client.station.devices.pictures.id
    assert client.get(f"/api/v1/devices/{pictures}/live").json()["frame"] is None
    assert client.get("/api/v1/devices/nobody/live").status_code == 404
