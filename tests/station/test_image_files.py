import errno
from collections import namedtuple

import pytest
import sqlalchemy as sa
from station_helpers import frame_row, picture

from rkd_keras.errors import InputError
from rkd_keras.station.image_files import ImageFiles, prune, sniff_suffix
from rkd_keras.station.store import StorageFullError, frame_images, frames, reviews

Usage = namedtuple("Usage", "total used free")
HOUR = 3_600_000


@pytest.fixture
def files(tmp_path):
    return ImageFiles(tmp_path / "images")


def keep(store, files, at_ms, size=1000, **changes):
    name = files.write(b"\xff\xd8\xff" + bytes(size - 3), ".jpg", at_ms)
    row = frame_row(image=name, image_bytes=size, received_ms=at_ms, **changes)
    return store.write(lambda c: frames.insert(c, row, [])), name


def test_an_image_comes_back_as_it_was(files):
    data = picture()
    name = files.write(data, ".jpg", 1_767_225_600_000)
    assert name.startswith("20260101/00/") and name.endswith(".jpg")
    assert files.read(name) == data
    files.remove([name])
    assert files.read(name) is None
    assert list(files.folder.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "../secret.key",
        "/etc/passwd",
        "20260101/00/../../../x.jpg",
        "20260101/00/" + "a" * 24 + ".jpg/..",
        "20260101/00/" + "a" * 24 + ".html",
        "20260101/00/" + "a" * 24 + ".jpg\n",
        "",
    ],
)
def test_no_name_leaves_the_folder(files, name):
    for call in (files.read, files.path, lambda n: files.remove([n])):
        with pytest.raises(InputError, match="not the name"):
            call(name)


def test_only_known_suffixes_are_written(files):
    with pytest.raises(InputError, match="suffix"):
        files.write(b"x", ".html", 0)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp"])
def test_formats_are_told_by_their_bytes(suffix):
    assert sniff_suffix(picture(suffix=suffix)) == suffix


@pytest.mark.parametrize("suffix", [".tiff", ".pgm"])
def test_formats_that_no_browser_shows_are_unknown(suffix):
    assert sniff_suffix(picture(suffix=suffix)) is None


def test_a_full_disk_leaves_no_half_a_file(files, monkeypatch):
    def write_bytes(path, data):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr("pathlib.Path.write_bytes", write_bytes)
    with pytest.raises(StorageFullError):
        files.write(b"data", ".jpg", 0)
    assert [p for p in files.folder.rglob("*") if p.is_file()] == []


def test_pruning_by_age_keeps_the_verdicts(store, line_1, files):
    old, old_name = keep(store, files, 0)
    new, new_name = keep(store, files, 100 * HOUR)
    assert prune(store, "here", files, max_age_ms=50 * HOUR, now=120 * HOUR) == 1
    assert files.read(old_name) is None and files.read(new_name) is not None
    with store.read() as connection:
        assert frames.get(connection, old)["image"] is None
        assert frames.get(connection, new)["image"] == new_name


def test_pruning_by_size_takes_the_oldest(store, line_1, files):
    kept = [keep(store, files, hour * HOUR) for hour in range(10)]
    assert prune(store, "here", files, max_bytes=4500) == 6
    gone = [files.read(name) is None for _, name in kept]
    assert gone == [True] * 6 + [False] * 4
    with store.read() as connection:
        assert frame_images.size(connection, "here") == 4000
    assert prune(store, "here", files, max_bytes=4500) == 0


def test_a_disk_that_runs_short_costs_the_oldest_images(store, line_1, tmp_path):
    free = [10_000]
    files = ImageFiles(tmp_path / "i", 10_000, lambda path: Usage(0, 0, free[0]))
    kept = [keep(store, files, hour * HOUR) for hour in range(5)]
    assert prune(store, "here", files, max_bytes=10**9) == 0
    free[0] = 8_500
    assert prune(store, "here", files, max_bytes=10**9) == 2
    assert [files.read(name) is None for _, name in kept[:3]] == [True, True, False]


def test_only_accepted_frames_make_room(store, line_1, files):
    kept = {
        decision: keep(store, files, hour * HOUR, decision=decision)[1]
        for hour, decision in enumerate(("reject", "review", "invalid", "accept"))
    }
    assert prune(store, "here", files, max_bytes=0) == 1
    gone = [decision for decision, name in kept.items() if files.read(name) is None]
    assert gone == ["accept"]
    # Their age ends them.
    assert prune(store, "here", files, max_age_ms=HOUR, now=9 * HOUR) == 3


def test_the_oldest_images_are_found_by_their_age(store, line_1):
    seen = []

    def note(connection, cursor, statement, *rest):
        seen.append((statement, rest[0]))

    sa.event.listen(store.engine, "before_cursor_execute", note)
    with store.read() as connection:
        frame_images.oldest(connection, "here", decisions=("accept",))
        statement, parameters = seen[-1]
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        steps = " ".join(row[-1] for row in plan)
    assert "ix_frames_kept_images" in steps and "TEMP B-TREE" not in steps


def test_reviewed_images_are_not_pruned(store, line_1, files):
    first, name = keep(store, files, 0)
    keep(store, files, HOUR)
    store.write(lambda c: reviews.draw(c, "no_defect", 1, 0, 1, "b", 1))
    assert prune(store, "here", files, max_bytes=0) == 1
    assert files.read(name) is not None


def test_a_sweep_takes_what_a_killed_process_left(store, line_1, files):
    _, name = keep(store, files, 10 * HOUR)
    orphan = files.write(b"x", ".jpg", 10 * HOUR + 5)
    ancient = files.write(b"x", ".jpg", 1 * HOUR)
    assert files.sweep(store, "here") == 1
    assert files.read(orphan) is None
    assert files.read(name) is not None and files.read(ancient) is not None


def test_images_of_another_station_are_left_alone(store, line_1, files):
    keep(store, files, 0)
    assert prune(store, "elsewhere", files, max_bytes=0) == 0
    assert prune(store, "here", files, max_bytes=0) == 1
