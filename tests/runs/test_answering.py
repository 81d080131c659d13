"""Images that come in, answered by a real process that is killed and started again."""

import json
import os
import queue
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from tiny_exports import textures

from rkd_keras.errors import OptionError
from rkd_keras.files.images import encode_image, write_image
from rkd_keras.predict import load
from rkd_keras.predict.load import BUNDLED
from rkd_keras.runs import predict
from rkd_keras.runs.answering import Ending

# Nothing heavy: a computer beside the line has none of it.
PROGRAM = (
    "import sys\n"
    "for name in ('tensorflow', 'keras', 'filelock', 'yaml'):\n"
    "    sys.modules[name] = None\n"
    "from rkd_keras.cli.app import main\n"
    "main()\n"
)
IMAGES = textures(2, seed=5)[0]


class Process:
    """`rkd-keras predict` as another program starts it."""

    def __init__(self, *arguments):
        self.child = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "predict", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.child.stdout:
            self.lines.put(json.loads(line))

    def line(self):
        return self.lines.get(timeout=120)

    def ask(self, request):
        self.child.stdin.write(request)
        self.child.stdin.flush()
        return self.line()

    def end(self, number=None):
        """Return the status and what was said, after a signal or the input's end."""
        if number is not None:
            self.child.send_signal(number)
        rest, said = self.child.communicate(timeout=120)
        return self.child.returncode, said.decode()


@pytest.fixture
def start():
    started = []

    def make(*arguments):
        started.append(Process(*arguments))
        return started[-1]

    yield make
    for process in started:
        process.child.kill()
        process.child.wait()


def arrive(folder, name, image):
    """Write a file as a careful camera does: under another name first."""
    hidden = folder / f".{name}"
    write_image(hidden, image)
    os.replace(hidden, folder / name)


def test_a_watched_folder_is_answered_once_whatever_happens(start, tmp_path):
    folder, out = tmp_path / "camera", tmp_path / "out" / "verdicts.jsonl"
    (folder / "coil").mkdir(parents=True)
    expected = load().predict(IMAGES)
    write_image(folder / "coil" / "0.png", IMAGES[0])
    (folder / "damaged.png").write_bytes(b"no image")
    write_image(folder / "overlay.png", IMAGES[5], is_result=True)
    first = start("--watch", folder, "--out", out)
    told = [first.line(), first.line()]
    assert [line["file"] for line in told] == [
        str(folder / "coil" / "0.png"),
        str(folder / "damaged.png"),
    ]
    assert told[0]["label"] == expected[0].label
    assert told[0]["probabilities"] == list(expected[0].probabilities)
    assert "cannot be decoded" in told[1]["error"] and "label" not in told[1]
    arrive(folder, "1.png", IMAGES[1])
    told.append(first.line())
    assert told[2]["file"] == str(folder / "1.png")
    # A line is printed before it is kept.
    while out.read_bytes().count(b"\n") < 3:
        time.sleep(0.01)
    first.end(signal.SIGKILL)
    # Killed while it wrote: that line was never told, and its image is answered.
    kept = out.read_bytes()
    out.write_bytes(kept + kept[:40])
    arrive(folder, "2.png", IMAGES[2])
    again = start("--watch", folder, "--out", out)
    told.append(again.line())
    assert told[3]["file"] == str(folder / "2.png")
    # The same name with another image is another image.
    arrive(folder, "1.png", IMAGES[3])
    told.append(again.line())
    assert told[4]["file"] == str(folder / "1.png")
    assert told[4]["probabilities"] == list(expected[3].probabilities)
    status, said = again.end(signal.SIGTERM)
    assert status == 0 and "2 answers, 0 of them errors" in said
    assert [json.loads(line) for line in out.read_text().splitlines()] == told


def test_requests_are_answered_one_by_one(start, tmp_path):
    image = tmp_path / "a strip.png"
    write_image(image, IMAGES[0])
    data = encode_image(IMAGES[1])
    expected = load().predict(IMAGES[:2])
    asked = start("--stdin")
    # Each answer is here before the next request is written.
    path = asked.ask(os.fsencode(image) + b"\n")
    assert (path["file"], path["request"]) == (str(image), 1)
    assert path["probabilities"] == list(expected[0].probabilities)
    sent = asked.ask(b"%d\n%s" % (len(data), data))
    assert (sent["file"], sent["request"]) == (None, 2)
    assert sent["probabilities"] == list(expected[1].probabilities)
    assert "error" in asked.ask(b"\n4\nrust\n")
    assert asked.ask(os.fsencode(image) + b"\r\n") == {**path, "request": 4}
    asked.end(signal.SIGKILL)
    again = start("--stdin")
    assert again.ask(os.fsencode(image) + b"\n") == path
    # It waits for the next request and is ended all the same.
    assert again.end(signal.SIGINT)[0] == 0
    third = start("--stdin")
    assert third.ask(b"gone.png\n")["error"].startswith("gone.png cannot be read")
    status, said = third.end()
    assert status == 0 and "1 answers, 1 of them errors" in said


@pytest.mark.skipif(os.name == "nt", reason="the guide shows a shell of Unix")
def test_the_callers_of_the_guide_do_what_it_says(tmp_path):
    page = Path(__file__).parents[2] / "docs" / "guides" / "deploy.md"
    text = page.read_text(encoding="utf-8").partition("### From any other program")[2]
    shell, python = (
        text.partition(f"```{language}\n")[2].partition("```")[0]
        for language in ("sh", "python")
    )
    command = tmp_path / "bin" / "rkd-keras"
    command.parent.mkdir()
    program = shlex.join([sys.executable, "-c", PROGRAM])
    command.write_text(f'#!/bin/sh\nexec {program} "$@"\n')
    command.chmod(0o755)
    shutil.copy(BUNDLED["edge_resnet_small"], tmp_path / "student.tflite")
    # A black surface is no steel; the shell waits for a defect that it is shown.
    write_image(tmp_path / "strip.png", np.zeros((64, 64), "uint8"))
    (tmp_path / "camera").mkdir()
    shutil.copy(tmp_path / "strip.png", tmp_path / "camera" / "1.png")
    (tmp_path / "camera" / "2.png").write_bytes(b"no image")
    shell = shell.replace('"label": "scratches"', '"label": "unknown"')
    path = os.pathsep.join([str(command.parent), os.environ["PATH"]])
    options = {"cwd": tmp_path, "env": {**os.environ, "PATH": path}, "text": True}
    # Its standard input stays open until it ends, and it ends when this one does.
    done = subprocess.run(
        [sys.executable, "-c", python], capture_output=True, timeout=120, **options
    )
    assert (done.stdout, done.returncode) == ("unknown\n", 0), done.stderr
    caller = subprocess.Popen(
        ["sh", "-c", shell],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        **options,
    )
    try:
        stopped = json.loads(caller.stdout.readline().removeprefix("stop: "))
        assert stopped["file"] == str(tmp_path / "camera" / "1.png")
        while (said := caller.stderr.readline()) and "2.png" not in said:
            pass
        assert said.startswith("cannot be read: {")
    finally:
        os.killpg(caller.pid, signal.SIGTERM)
        caller.communicate(timeout=120)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "images must be given, or watch or stdin"),
        ({"images": "a", "watch": "b"}, "watch takes no other images"),
        ({"watch": "a", "stdin": True}, "watch takes no other images"),
        ({"stdin": True, "images": "a"}, "stdin takes no other images"),
        ({"stdin": True, "strict": True}, "strict does not go with"),
        ({"watch": "a", "overwrite": True}, "overwrite does not go with"),
        ({"watch": "a", "out": "a.csv"}, "out must end in .jsonl, not 'a.csv'"),
        ({"watch": "a", "settle": 0}, "settle must be above 0"),
    ],
)
def test_what_does_not_go_together_is_said(options, message):
    with pytest.raises(OptionError, match=message):
        predict(**options)


def test_a_signal_ends_waiting_and_nothing_else():
    before = signal.getsignal(signal.SIGTERM)
    done = []

    def work():
        signal.raise_signal(signal.SIGTERM)
        done.append(1)

    with Ending() as ending:
        work()
        assert ending.is_asked() and done == [1]
    with Ending() as ending, pytest.raises(Exception) as raised:
        ending.wait(work)
    assert type(raised.value).__name__ == "_EndedError" and done == [1]
    assert signal.getsignal(signal.SIGTERM) is before
