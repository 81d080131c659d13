import os
import shutil

import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.files.arrivals import FORGET_SECONDS, Arrivals
from rkd_keras.files.images import write_image
from rkd_keras.files.names import printable


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def look(tmp_path, clock):
    """Make an `Arrivals` whose clock stands still but for what a test adds."""

    def make(**options):
        arrivals = Arrivals(
            tmp_path / "in", (".png",), settle_seconds=2, clock=clock, **options
        )

        def names(seconds=0, done=True):
            clock.now += seconds
            arrived = arrivals.poll()
            for each in arrived if done else ():
                assert each.read() == each.path.read_bytes()
                arrivals.done(each)
            return [each.path.name for each in arrived]

        names.arrivals = arrivals
        return names

    (tmp_path / "in").mkdir()
    return make


def write(path, data, time_s):
    path.write_bytes(data)
    os.utime(path, (time_s, time_s))


def test_a_file_that_grows_is_not_read(look, tmp_path):
    names, file = look(), tmp_path / "in" / "a.png"
    write(file, b"1", 10)
    assert names() == [] == names(1.9)
    write(file, b"12", 10)  # the size alone
    assert names(1) == [] == names(1.9)
    write(file, b"34", 11)  # the time alone, as where its place was taken first
    assert names(1) == [] == names(1.9)
    assert names(0.2) == ["a.png"]
    assert names(5) == []
    write(file, b"56", 12)  # changed, and so another image
    assert names() == [] and names(2) == ["a.png"]


def test_what_changes_between_looking_and_reading_waits_on(look, tmp_path):
    names, file = look(), tmp_path / "in" / "a.png"
    write(file, b"1", 10)
    names()
    names.arrivals.clock.now += 2
    (arrival,) = names.arrivals.poll()
    write(file, b"12", 10)
    assert arrival.read() is None
    file.unlink()
    assert arrival.read() is None
    file.mkdir()
    with pytest.raises(InputError, match="a.png cannot be read"):
        arrival.read()


def test_the_oldest_comes_first_and_others_never(look, tmp_path):
    names, folder = look(), tmp_path / "in"
    write(folder / "b.png", b"1", 10)
    (folder / "sub").mkdir()
    write(folder / "sub" / "A.PNG", b"1", 11)
    write(folder / "a.png", b"1", 12)
    for name in (".c.png", "c.png.part", "verdicts.jsonl"):
        write(folder / name, b"1", 9)
    write_image(folder / "result.png", np.zeros((9, 9), "uint8"), is_result=True)
    names()
    assert names(2, done=False) == ["b.png", "A.PNG", "a.png"] == names()
    assert names() == []


def test_known_files_and_those_passed_over_come_when_they_change(look, tmp_path):
    folder = tmp_path / "in"
    odd = folder / os.fsdecode(b"crack_\xb4.png")
    for file in (folder / "a.png", odd):
        write(file, b"1", 10)
    known = [(printable(file), 1, 10 * 10**9) for file in (folder / "a.png", odd)]
    names = look(known=[(name, 5, 3) for name, *_ in known] + known)
    assert names() == [] == names(2)
    write(odd, b"2", 11)
    names()
    assert names(2) == [odd.name]
    names = look()
    names.arrivals.pass_over()
    assert names() == [] == names(2)
    write(odd, b"3", 12)
    names()
    assert names(2) == [odd.name]


def test_a_drive_may_be_away_for_a_while(look, tmp_path):
    names, folder = look(), tmp_path / "in"
    write(folder / "a.png", b"1", 10)
    names()
    assert names(2) == ["a.png"]
    shutil.move(folder, tmp_path / "away")
    with pytest.raises(InputError, match="in cannot be opened: No such file"):
        names(FORGET_SECONDS - 5)
    folder.mkdir()  # the place where a drive is mounted
    assert names(1) == []
    folder.rmdir()
    shutil.move(tmp_path / "away", folder)
    assert names(1) == [] == names(2)
    # What is gone for long is forgotten.
    (folder / "a.png").unlink()
    names(FORGET_SECONDS)
    names(FORGET_SECONDS)
    write(folder / "a.png", b"1", 10)
    names()
    assert names(2) == ["a.png"]
