import os
import signal
import subprocess
import sys
import time

import pytest

from rkd_keras.errors import InputError
from rkd_keras.studies.own_process import call_in_own_process
from rkd_keras.studies.tables import mean_and_spread

# Functions for the other process, which cannot import a test.
SLEEPER = """
import pathlib, time
from rkd_keras.studies.own_process import call_in_own_process
call_in_own_process(exec, "import os, time, pathlib; "
    "pathlib.Path({file!r}).write_text(str(os.getpid())); time.sleep(600)")
"""


def test_values_come_back():
    assert call_in_own_process(mean_and_spread, [1, 2, 3]) == (2.0, 1.0)
    assert call_in_own_process(os.getpid) != os.getpid()


def test_what_is_printed_does_not_disturb(capfd):
    assert call_in_own_process(print, "a word") is None
    captured = capfd.readouterr()
    assert captured.out == "" and "a word" in captured.err


def test_errors_come_back_as_their_sentence(tmp_path, capfd):
    from rkd_keras.runs.run import open_run

    with pytest.raises(InputError, match="nowhere is no run directory"):
        call_in_own_process(open_run, "nowhere")
    with pytest.raises(RuntimeError, match="ZeroDivisionError: ") as caught:
        call_in_own_process(divmod, 1, 0)
    # Where it happened is told to whoever looks for it, and printed for nobody.
    assert "Traceback" in str(caught.value.__cause__)
    assert capfd.readouterr().err == ""


def test_a_killed_process_is_told():
    with pytest.raises(RuntimeError, match="perhaps because memory ran out"):
        call_in_own_process(exec, "import os; os.kill(os.getpid(), 9)")
    with pytest.raises(RuntimeError, match="ended with status 3"):
        call_in_own_process(exec, "import os; os._exit(3)")


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_process_ends_with_its_caller(end, tmp_path):
    file = tmp_path / "pid"
    caller = subprocess.Popen(
        [sys.executable, "-c", SLEEPER.format(file=str(file))],
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs tests in the background has it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        _wait_for(lambda: file.is_file() and file.read_text())
        number = int(file.read_text())
        assert _is_running(number)
        caller.send_signal(end)
        caller.wait(timeout=20)
        _wait_for(lambda: not _is_running(number))
    finally:
        caller.kill()
        caller.communicate()


def _wait_for(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _is_running(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    try:
        with open(f"/proc/{number}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
