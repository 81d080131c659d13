import os
import socket
import subprocess
import sys
import threading

import pytest
from station_helpers import picture, wait_until
from typer.testing import CliRunner

pytest.importorskip("fastapi", reason="needs rkd-keras[station]")
pytest.importorskip("nicegui", reason="needs rkd-keras[station]")

from rkd_keras.cli.app import app  # noqa: E402
from rkd_keras.data.synthetic.camera import simulate_strip  # noqa: E402
from rkd_keras.errors import InputError  # noqa: E402
from rkd_keras.files.images import decode_image  # noqa: E402
from rkd_keras.station.asked_accounts import PASSWORD_VARIABLE  # noqa: E402
from rkd_keras.station.asked_devices import source_of  # noqa: E402


def run(*arguments, **environment):
    result = CliRunner().invoke(app, ["serve", *arguments], env=environment)
    if isinstance(result.exception, InputError):
        return str(result.exception)
    assert result.exit_code == 0, result.exception
    return result.output


def test_sources_are_told_from_what_they_look_like(tmp_path):
    (tmp_path / "a.jpg").write_bytes(picture())
    (tmp_path / "a.mp4").write_bytes(b"x")
    assert source_of("simulated", 5) == {"kind": "simulated", "fps": 5, "seed": 0}
    assert source_of("3", 5) == {"kind": "camera", "index": 3}
    assert source_of("rtsp://10.0.0.5/a", 5)["kind"] == "stream"
    assert source_of(str(tmp_path), 7) == {
        "kind": "folder",
        "path": str(tmp_path),
        "fps": 7,
    }
    assert source_of(str(tmp_path / "a.mp4"), 5)["kind"] == "video"
    with pytest.raises(InputError, match="no folder, file"):
        source_of("/does/not/exist", 5)


def test_users_and_tokens_are_added_before_the_station_runs(tmp_path):
    folder = ("--data-dir", str(tmp_path))
    secret = {PASSWORD_VARIABLE: "a long password"}
    said = run(*folder, "--add-user", "ada", "--role", "operator", **secret)
    assert said == "User ada with the role operator may log in.\n"
    said = run(*folder, "--add-token", "press")
    assert said.splitlines()[-1].startswith("rkd_")
    said = run(*folder, "--add-user", "bob", **{PASSWORD_VARIABLE: "short"})
    assert "at least 10" in said
    said = run(*folder, "--add-user", "bob", "--role", "root", **secret)
    assert "role must be one of" in said
    assert PASSWORD_VARIABLE in run(*folder, "--add-user", "bob")


@pytest.mark.parametrize(
    "options, message",
    [
        (("--host", "0.0.0.0"), "needs a password"),
        (("--model", "/does/not/exist.tflite"), "--model /does/not/exist.tflite"),
        (("--labelled", "/does/not/exist"), "--labelled"),
        (("--source", "/does/not/exist"), "--source"),
        (("--tls-cert", "/a.pem"), "given together"),
        (("--port", "0"), "port must be 1 to 65535"),
        (("--workers", "0"), "workers must be above 0"),
        (("--database-url", "nonsense"), "URL cannot be read"),
        (("--mm-per-pixel", "-1"), "mm_per_pixel must be above 0"),
    ],
)
def test_what_cannot_work_is_said_in_a_sentence(tmp_path, options, message):
    assert message in run("--data-dir", str(tmp_path / "data"), *options)


def test_a_port_in_use_is_said_in_a_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        said = run("--data-dir", str(tmp_path), "--port", port)
    assert f"port {port} of 127.0.0.1 is in use" in said


def test_a_model_that_is_none_ends_with_status_2(tmp_path):
    model = tmp_path / "model.tflite"
    model.write_bytes(b"no model")
    command = [sys.executable, "-m", "rkd_keras.cli.app", "serve"]
    command += ["--data-dir", str(tmp_path / "data"), "--model", str(model)]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
    done = subprocess.run(
        [*command, "--port", port],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 2
    assert done.stderr.strip().startswith("Error: ")
    assert "model.tflite" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.slow
def test_one_command_gives_a_working_page_within_ten_seconds_of_work(tmp_path):
    import json
    import time
    import urllib.error
    import urllib.request

    psutil = pytest.importorskip("psutil")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
    command = [sys.executable, "-m", "rkd_keras.cli.app", "serve"]
    command += ["--data-dir", str(tmp_path / "data"), "--port", port]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def get(path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
                return answer.read()
        except urllib.error.URLError:
            assert process.poll() is None
            time.sleep(0.1)

    try:
        wait_until(lambda: b"rating station" in (get("/") or b""), 300)
        # Of the processor: a busy machine would stretch what a clock shows.
        root = psutil.Process(process.pid)
        times = [p.cpu_times() for p in [root, *root.children(recursive=True)]]
        assert sum(t.user + t.system for t in times) < 10
        status = json.loads(get("/api/v1/status"))
        assert status["model"]["name"].startswith("the package's student")
        # The simulated strip plays and is rated.
        wait_until(lambda: json.loads(get("/api/v1/frames?limit=1"))["frames"], 120)
    finally:
        process.terminate()
        # Closed in order, then ended by the signal, as uvicorn does it.
        assert process.wait(60) in (0, -15)


def test_the_simulated_strip_is_the_same_for_a_seed_and_never_ends():
    from itertools import islice

    before = threading.active_count()
    strip, again = simulate_strip(3), simulate_strip(3)
    frames = list(islice(strip, 4))
    assert (frames[0] == next(again)).all()
    assert {frame.shape for frame in frames} == {(128, 400)}
    # What nobody watches is drawn no further.
    strip.close()
    again.close()
    wait_until(lambda: threading.active_count() <= before)


def test_the_command_says_how_to_install_what_is_missing(tmp_path, monkeypatch):
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "nicegui" else real(name, *rest),
    )
    said = run("--data-dir", str(tmp_path))
    assert 'needs nicegui: pip install "rkd-keras[station]"' in said


def test_a_frame_of_the_simulation_can_be_encoded():
    import cv2

    frame = next(simulate_strip(1))
    assert decode_image(cv2.imencode(".png", frame)[1]).shape == (128, 400, 3)
