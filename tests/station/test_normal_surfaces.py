import numpy as np
import pytest
from station_helpers import frame_row
from test_analysis import FakePredictor, encoded, surface

from rkd_keras.errors import InputError
from rkd_keras.rating.normal import NormalSurface, learn_from_statistics
from rkd_keras.station.analysis import FrameAnalyzer, default_grading_text
from rkd_keras.station.config import StationConfig
from rkd_keras.station.device import Device, DeviceSettings
from rkd_keras.station.image_files import ImageFiles
from rkd_keras.station.jobs import JobHandler
from rkd_keras.station.normal_surfaces import NormalSurfaces
from rkd_keras.station.review import good_images
from rkd_keras.station.store import frames as store_frames
from rkd_keras.station.store import schema


@pytest.fixture
def analyzer(tmp_path):
    path = tmp_path / "grading.yaml"
    path.write_text(default_grading_text())
    return FrameAnalyzer(FakePredictor(), path)


@pytest.fixture
def device():
    return Device("line", "Line", {"kind": "posted"}, DeviceSettings(normal_frames=6))


def frames(count, first=0):
    for seed in range(first, first + count):
        image = np.roll(surface(), 37 * seed, axis=1)
        image = np.clip(image.astype(int) + seed % 3, 0, 255).astype(np.uint8)
        yield encoded(image)


def learn(rows, file):
    learn_from_statistics(rows).save(file)


def test_a_device_learns_from_its_first_frames(tmp_path, analyzer, device):
    surfaces = NormalSurfaces(tmp_path / "normal", learn)
    assert surfaces.state(device) == "0 of 6 frames"
    for number, data in enumerate(frames(6), 1):
        reply = analyzer.analyze(data, None, 0.06, *surfaces.request_part(device))
        # Nothing was found, and nothing says that it is sound.
        assert reply["decision"] == "review" and reply["defects"] == []
        assert reply["good_squares"].shape[1] == 18
        surfaces.collect(device, reply)
        if number == 5:
            assert surfaces.state(device) == "5 of 6 frames"
    surfaces.close()
    assert surfaces.state(device) == "learnt"
    part = surfaces.request_part(device)
    reply = analyzer.analyze(next(frames(1, 50)), None, 0.06, *part)
    assert reply["decision"] == "accept" and reply["good_squares"] is None
    striped = surface()
    striped[:, ::4] += 6
    reply = analyzer.analyze(encoded(striped), None, 0.9, *part)
    assert reply["decision"] == "review"
    assert reply["defects"][0]["width"] == 400
    surfaces.forget(device)
    assert surfaces.state(device) == "0 of 6 frames"


def test_loaded_pictures_and_devices_that_do_not_learn(tmp_path, analyzer):
    surfaces = NormalSurfaces(tmp_path, learn)
    pictures = Device("p", "Pictures", {"kind": "pictures"}, DeviceSettings())
    settings = DeviceSettings(normal_frames=0)
    never = Device("n", "Never", {"kind": "posted"}, settings)
    assert surfaces.request_part(pictures) == (None, True)
    assert surfaces.request_part(never) == (None, False)
    assert surfaces.state(never) == surfaces.state(pictures) == "off"
    data = next(frames(1))
    assert analyzer.analyze(data, None, 0.06, None, False)["decision"] == "accept"
    reply = analyzer.analyze(data, None, 0.06, None, True)
    assert reply["decision"] == "review"
    # The model names what it knows.
    assert [d["label"] for d in reply["defects"]] == ["scratches"]
    assert reply["good_squares"] is None
    surfaces.close()


def test_a_file_that_is_broken_is_learnt_anew(tmp_path, analyzer, device):
    surfaces = NormalSurfaces(tmp_path, learn)
    file = surfaces.file(device)
    file.write_bytes(b"broken")
    reply = analyzer.analyze(
        next(frames(1)), None, 0.06, *surfaces.request_part(device)
    )
    assert reply["decision"] == "review" and reply["good_squares"] is not None
    for data in frames(6):
        surfaces.collect(device, analyzer.analyze(data, None, 0.06, str(file)))
    surfaces.close()
    assert NormalSurface.load(file).images == 6


def test_what_fails_is_tried_again_with_the_next_frames(tmp_path, device, caplog):
    calls = []

    def fail(rows, file):
        calls.append(len(rows))
        raise ValueError("no")

    surfaces = NormalSurfaces(tmp_path, fail)
    reply = {"good_squares": np.zeros((4, 18), np.float32)}
    for _ in range(6):
        surfaces.collect(device, reply)
    surfaces.close()
    assert calls == [6] and "did not learn what is normal" in caplog.text
    assert surfaces.state(device) == "0 of 6 frames"
    surfaces.collect(device, {"good_squares": None})
    assert surfaces.state(device) == "0 of 6 frames"


def test_what_is_forgotten_while_it_is_learnt_stays_forgotten(tmp_path, device):
    def forget_and_learn(rows, file):
        assert [len(each) for each in rows] == [250] * 6
        assert surfaces.state(device) == "learning"
        surfaces.forget(device)
        file.write_bytes(b"of before")

    surfaces = NormalSurfaces(tmp_path, forget_and_learn)
    for _ in range(6):
        reply = {"good_squares": np.zeros((1000, 18), np.float32)}
        surfaces.collect(device, reply)
    surfaces.close()
    assert surfaces.state(device) == "0 of 6 frames"


@pytest.mark.parametrize("frames_wanted", [-1, 5001])
def test_a_count_of_frames_out_of_range_is_refused(frames_wanted):
    with pytest.raises(ValueError, match="normal_frames must be from 0 to 5000"):
        DeviceSettings(normal_frames=frames_wanted)


def test_what_people_call_no_defect_is_normal(tmp_path, store, line_1):
    files = ImageFiles(tmp_path / "images")
    for number, data in enumerate(frames(8)):
        row = frame_row(image=files.write(data, ".png", 1000 + number))
        good = number < 6
        sample = {"batch": "b", "predicted": "no_defect", "drawn_ms": 1}
        sample |= {"true_class": "no_defect" if good else "dent"}

        def insert(connection, row=row, sample=sample):
            number = store_frames.insert(connection, row, [])
            values = {**sample, "frame_id": number, "defect_id": None}
            connection.execute(schema.reviews.insert(), [values])

        store.write(insert)
    assert len(list(good_images(store, files, "line-1"))) == 6
    assert not list(good_images(store, files, "line-2"))
    config = StationConfig(tmp_path / "data")
    handler = JobHandler(config)
    handler._opened = lambda: (store, files)
    surfaces = NormalSurfaces(config.normal_dir, learn)
    device = Device("line-1", "Line 1", {"kind": "posted"}, DeviceSettings())

    class Lanes:
        def learn_reviewed(self, device_id, file):
            handler(("learn_reviewed", {"device_id": device_id, "file": file}))

    surfaces.learn_reviewed(device, Lanes())
    assert surfaces.state(device) == "learnt"
    assert NormalSurface.load(surfaces.file(device)).images == 6
    off = Device("o", "Off", {"kind": "posted"}, DeviceSettings(normal_frames=0))
    with pytest.raises(InputError, match="Off looks for marks alone"):
        surfaces.learn_reviewed(off, Lanes())
