import csv
import io
import json

import pytest
from station_helpers import picture, wait_until

from rkd_keras.files.images import decode_image


def post(client, data=None, device="line-1", **query):
    data = data if data is not None else picture(1)
    return client.post(f"/api/v1/devices/{device}/frames", content=data, params=query)


def test_a_posted_frame_comes_back_as_it_was_stored(client):
    answer = post(client, picture(3), position_m=2.5, frame_key="a-1")
    assert answer.status_code == 201
    frame = answer.json()
    assert frame["severity"] == 3 and frame["label"] == "scratches"
    assert frame["defects"][0]["box"] == [20, 40, 30, 30]
    assert client.get(f"/api/v1/frames/{frame['id']}").json() == frame
    image = client.get(frame["image_url"])
    assert image.content == picture(3)
    assert image.headers["content-type"] == "image/jpeg"
    assert post(client, picture(3), frame_key="a-1").json() == frame
    other = post(client, picture(2), frame_key="a-1")
    assert other.status_code == 409
    assert "'a-1' was used for another image" in other.json()["detail"]


def test_what_cannot_be_posted_is_refused_in_a_sentence(client):
    assert post(client, device="nobody").status_code == 404
    answer = post(client, b"no image")
    assert answer.status_code == 422 and "decoded" in answer.json()["detail"]
    assert post(client, b"").status_code == 422
    assert post(client, position_m="nan").status_code == 422
    assert post(client, frame_key="with space").status_code == 422
    client.post("/api/v1/devices/line-1/stop").raise_for_status()
    answer = post(client)
    assert answer.status_code == 409 and "stopped" in answer.json()["detail"]
    assert client.get("/api/v1/frames/999").status_code == 404


def test_a_format_that_no_browser_shows_is_shown_all_the_same(client, monkeypatch):
    # The fake analyzer does not recode; the real one is tested by itself.
    answer = post(client, picture(1, suffix=".bmp"))
    image = client.get(answer.json()["image_url"])
    assert image.headers["content-type"] == "image/bmp"


def test_the_newest_frame_can_be_waited_for(client):
    assert client.get("/api/v1/devices/line-1/latest").status_code == 204
    post(client, picture(2))
    latest = client.get("/api/v1/devices/line-1/latest").json()
    assert latest["frame"]["defect_count"] == 2
    assert latest["image"].startswith("data:image/jpeg;base64,")
    query = {"after": latest["number"], "wait_s": 0.1, "image": False}
    assert client.get("/api/v1/devices/line-1/latest", params=query).status_code == 204


def test_search_and_export_agree(client):
    for marks in (0, 1, 4, 5):
        post(client, picture(marks), position_m=marks)
    query = {"severity_min": 4}
    found = client.get("/api/v1/frames", params=query).json()["frames"]
    assert [frame["severity"] for frame in found] == [5, 4]
    exported = client.get("/api/v1/export", params={"format": "json", **query}).json()
    assert exported == found[::-1]
    text = client.get("/api/v1/export", params=query).text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 9
    assert {row["frame_id"] for row in rows} == {str(f["id"]) for f in found}
    assert rows[0]["defect_label"] == "scratches"
    clean = client.get("/api/v1/export", params={"label": "no_defect"}).text
    assert len(list(csv.DictReader(io.StringIO(clean)))) == 1
    empty = client.get("/api/v1/export", params={"device": "x", "format": "json"})
    assert empty.json() == []


def test_pages_follow_each_other(client):
    ids = [post(client).json()["id"] for _ in range(5)]
    first = client.get("/api/v1/frames", params={"limit": 3}).json()
    query = {"limit": 3, "before": first["next_before"]}
    second = client.get("/api/v1/frames", params=query).json()
    got = [frame["id"] for frame in first["frames"] + second["frames"]]
    assert got == ids[::-1] and second["next_before"] is None


def test_times_need_a_zone(client):
    post(client)
    assert client.get("/api/v1/frames?start=2020-01-01T00:00:00").status_code == 422
    found = client.get("/api/v1/frames?start=2020-01-01T00:00:00Z").json()
    assert len(found["frames"]) == 1
    none = client.get("/api/v1/frames?end=2020-01-01T00:00:00%2B02:00").json()
    assert none["frames"] == []


def test_devices_are_made_changed_and_removed(client):
    body = {
        "name": "Kamera 2",
        "source": {"kind": "stream", "url": "rtsp://user:secret@10.0.0.5/live"},
        "settings": {"mm_per_pixel": 0.4, "min_contrast": 0.2},
    }
    made = client.post("/api/v1/devices", json=body).json()
    assert made["id"] == "kamera-2" and made["state"] in ("waiting", "lost")
    assert "secret" not in json.dumps(made)
    answer = post(client, device="kamera-2")
    assert answer.status_code == 409 and "itself" in answer.json()["detail"]
    change = {"name": "Kamera 3", "settings": {"mm_per_pixel": 0.5}}
    changed = client.patch("/api/v1/devices/kamera-2", json=change).json()
    assert changed["name"] == "Kamera 3"
    assert changed["settings"]["mm_per_pixel"] == 0.5
    assert client.delete("/api/v1/devices/kamera-2").status_code == 204
    assert client.get("/api/v1/devices/kamera-2").status_code == 404
    again = client.post("/api/v1/devices", json={"name": "Line 1"}).json()
    assert again["id"] == "line-1-2"
    taken = client.post("/api/v1/devices", json={"name": "x", "id": "line-1"})
    assert taken.status_code == 422


def test_a_device_with_a_history_stays(client):
    post(client)
    assert client.delete("/api/v1/devices/line-1").status_code == 204
    assert client.get("/api/v1/devices/line-1").json()["state"] == "stopped"


@pytest.mark.parametrize(
    "source",
    [
        {"kind": "folder", "path": "/etc"},
        {"kind": "video", "path": "/etc/passwd"},
        {"kind": "stream", "url": "file:///etc/passwd"},
        {"kind": "stream", "url": "/etc/passwd"},
        {"kind": "camera", "index": 99},
        {"kind": "simulated", "fps": 0},
    ],
)
def test_the_network_names_no_files(client, source):
    body = {"name": "x", "source": source}
    assert client.post("/api/v1/devices", json=body).status_code == 422


def test_a_coil_gives_positions_and_a_map(client):
    settings = {"settings": {"mm_per_pixel": 1.0, "speed_m_s": 2.0}}
    client.patch("/api/v1/devices/line-1", json=settings).raise_for_status()
    coil = client.post("/api/v1/devices/line-1/coil", json={"name": "C-1"}).json()
    for position in (0.0, 5.0, 10.0):
        post(client, picture(1), position_m=position)
    by_speed = post(client, picture(0)).json()
    assert 0 <= by_speed["position_m"] < 120
    shown = client.get(f"/api/v1/coils/{coil['id']}/map").json()
    assert [round(d["position_m"], 3) for d in shown["defects"]] == [
        0.055,
        5.055,
        10.055,
    ]
    assert shown["defects"][0]["across_mm"] == 35.0
    assert shown["frames"] == 4 and shown["unplaced"] == 0
    assert sum(shown["sections"]["counts"]["scratches"]) == 3
    found = client.get("/api/v1/frames", params={"coil": coil["id"]}).json()
    assert len(found["frames"]) == 4
    found = client.get("/api/v1/frames", params={"text": "c-1"}).json()
    assert len(found["frames"]) == 4
    assert client.delete("/api/v1/devices/line-1/coil").status_code == 204
    assert client.get("/api/v1/coils").json()[0]["ended_at"] is not None
    assert client.get("/api/v1/coils/99/map").status_code == 422


def test_shifts_begin_and_end(client):
    assert client.post("/api/v1/shifts/end").status_code == 409
    client.post("/api/v1/shifts", json={"name": "Early"}).raise_for_status()
    assert client.get("/api/v1/status").json()["shift"]["name"] == "Early"
    assert client.post("/api/v1/shifts/end").status_code == 200
    shift = client.get("/api/v1/shifts").json()[0]
    assert shift["started_by"] == "local" and shift["ended_at"]


def test_a_warning_is_acknowledged(client):
    client.station.use_alarm_rules("rules: [{name: severe, severity: 5}]")
    post(client, picture(5))
    wait_until(lambda: client.get("/api/v1/alarms?open_only=true").json())
    (alarm,) = client.get("/api/v1/alarms").json()
    path = f"/api/v1/alarms/{alarm['id']}/acknowledge"
    answer = client.post(path, json={"note": "coil 7 blocked"}).json()
    assert answer["acknowledged_by"] == "local"
    assert answer["note"] == "coil 7 blocked"
    assert client.get("/api/v1/alarms?open_only=true").json() == []
    assert client.post("/api/v1/alarms/99/acknowledge", json={}).status_code == 404


def test_rules_are_checked_before_they_are_used(client):
    text = client.get("/api/v1/rules/warnings").json()["text"]
    assert "severe defect" in text
    path = "/api/v1/rules/warnings"
    bad = client.put(path, json={"text": "rules: [{name: a, severity: 9}]"})
    assert bad.status_code == 422 and "severity" in bad.json()["detail"]
    assert client.get(path).json()["text"] == text
    good = {"text": "rules: [{name: mine, severity: 1}]"}
    assert client.put(path, json=good).status_code == 204
    post(client, picture(1))
    wait_until(lambda: client.get("/api/v1/alarms").json())
    assert client.get("/api/v1/alarms").json()[0]["rule"] == "mine"
    grading = client.get("/api/v1/rules/grading").json()["text"]
    path = "/api/v1/rules/grading"
    assert client.put(path, json={"text": grading}).status_code == 204
    bad = client.put(path, json={"text": "version: 1\nrulez: []"})
    assert bad.status_code == 422 and "line 2" in bad.json()["detail"]
    bad = client.put(path, json={"text": grading.replace("inclusion]", "rust]")})
    assert bad.status_code == 422 and "'rust'" in bad.json()["detail"]
    bad = client.put(path, json={"text": grading.replace("unit: any", "unit: mm")})
    assert bad.status_code == 422 and "Line 1" in bad.json()["detail"]
    assert client.get("/api/v1/rules/secret").status_code == 404


def test_a_sample_is_reviewed_and_exported(client):
    import zipfile

    for marks in (0, 1, 2):
        post(client, picture(marks))
    drawn = client.post("/api/v1/reviews", json={"per_class": 2}).json()
    assert drawn == {"scratches": 2, "no_defect": 1}
    waiting = client.get("/api/v1/reviews/waiting").json()
    assert len(waiting) == 3
    for sample in waiting:
        answer = sample["predicted"]
        if sample is waiting[-1]:
            answer = "inclusion"
        path = f"/api/v1/reviews/{sample['id']}"
        assert client.post(path, json={"true_class": answer}).status_code == 204
    bad = client.post(path, json={"true_class": "rust"})
    assert bad.status_code == 422 and "inclusion, scratches" in bad.json()["detail"]
    table = {r["predicted"]: r for r in client.get("/api/v1/reviews/precision").json()}
    assert table["scratches"]["precision"] == 0.5
    assert table["scratches"]["confused_with"] == {"inclusion": 1}
    assert table["no_defect"]["precision"] == 1.0
    archive = client.get("/api/v1/reviews/export").content
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        names = opened.namelist()
        image = decode_image(opened.read(names[1]))
        manifest = opened.read("manifest.csv").decode()
    folders = sorted(name.rsplit("/", 1)[0] for name in names[:-1])
    assert folders == ["images/inclusion", "images/scratches", "not_a_class/no_defect"]
    assert image.shape in ((128, 128, 3), (128, 400, 3))
    assert manifest.count("\n") == 4
    only = client.get("/api/v1/reviews/export?corrections_only=true").content
    with zipfile.ZipFile(io.BytesIO(only)) as opened:
        assert len(opened.namelist()) == 2


def test_the_state_and_the_metrics_are_told(client):
    post(client, picture(1))
    post(client, b"junk")
    status = client.get("/api/v1/status").json()
    assert status["model"]["name"] == "fake" and status["workers_alive"] == 1
    assert status["storage"] == {"full": False, "reason": ""}
    text = client.get("/metrics").text
    assert (
        'station_frames_total{decision="review",device="line-1",origin="posted"} 1.0'
        in text
    )
    assert 'station_frames_refused_total{device="line-1",reason="input"} 1.0' in text
    assert 'station_latency_seconds_count{origin="posted"} 1.0' in text
    assert "station_storage_full 0.0" in text
    assert client.get("/api/v1/health").json() == {"status": "ok"}


def test_a_full_disk_answers_507_and_says_so(client, monkeypatch):
    with monkeypatch.context() as disk:
        # Maintenance looks at the disk every second: it must find it full as well.
        disk.setattr(client.station.files, "free_bytes", lambda: -1)
        client.station.state.set_full("the disk is full: free some room")
        answer = post(client)
        assert answer.status_code == 507 and "free some room" in answer.json()["detail"]
        client.station.maintenance.look()
        assert client.get("/api/v1/health").json() == {"status": "degraded"}
    client.station.state.clear()
    assert post(client).status_code == 201


def test_a_full_queue_answers_503(client, monkeypatch):
    from rkd_keras.station.workers import QueueFullError

    def full(*arguments):
        raise QueueFullError("256 frames wait for analysis; post more slowly")

    monkeypatch.setattr(client.station.pool, "submit", full)
    answer = post(client)
    assert answer.status_code == 503 and answer.headers["retry-after"] == "1"


def test_the_documentation_needs_no_internet(client):
    page = client.get("/docs").text
    assert "://" not in page.replace("http://127.0.0.1", "")
    assert client.get("/static-offline-docs/swagger-ui-bundle.js").status_code == 200
    paths = client.get("/openapi.json").json()["paths"]
    assert "/api/v1/devices/{device_id}/frames" in paths


def test_text_that_json_cannot_hold_is_refused_not_echoed(client):
    body = b'{"name": "\\ud800"}'
    headers = {"content-type": "application/json"}
    answer = client.post("/api/v1/shifts", content=body, headers=headers)
    assert answer.status_code == 422
    answer = client.post("/api/v1/shifts", content=b"\xff\xfe{", headers=headers)
    assert answer.status_code in (400, 422)


def test_pictures_are_loaded_under_their_own_device(client):
    answer = client.post("/api/v1/inspect", content=picture(2))
    assert answer.status_code == 201
    assert answer.json()["device_id"] == "loaded-pictures"
    assert answer.json()["origin"] == "loaded"
    assert client.get("/api/v1/frames?device=loaded-pictures").json()["frames"]
