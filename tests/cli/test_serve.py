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

from rkd_keras.cli import station_explain, station_hooks  # noqa: E402
from rkd_keras.cli.app import app  # noqa: E402
from rkd_keras.cli.serve import PASSWORD_VARIABLE, source_of  # noqa: E402
from rkd_keras.data.synthetic.camera import simulate_strip  # noqa: E402
from rkd_keras.errors import InputError  # noqa: E402
from rkd_keras.files.images import decode_image  # noqa: E402


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


def test_a_labelled_folder_is_scored(image_folder, files):
    from rkd_keras.predict import load

    scores = station_hooks.evaluate_folder(image_folder, load(files["tflite"]))
    assert scores["images"] == 36 and scores["accuracy"] > 0.9
    assert sum(map(sum, scores["confusion_matrix"])) == 36


def test_a_folder_with_a_strange_class_is_refused(image_folder, files, tmp_path):
    import shutil

    from rkd_keras.predict import load

    folder = tmp_path / "data"
    shutil.copytree(image_folder, folder)
    shutil.copytree(folder / "along", folder / "rust")
    with pytest.raises(InputError, match="does not know the class rust"):
        station_hooks.evaluate_folder(folder, load(files["tflite"]))


@pytest.mark.slow
def test_augmentation_shows_mosaic_and_fusion():
    import numpy as np

    rng = np.random.default_rng(0)
    images = [rng.integers(0, 255, (100, 90, 3), dtype=np.uint8) for _ in range(2)]
    views = station_hooks.augment(images, 0)
    assert list(views) == [
        "sample",
        "mosaic with others of its class",
        "fusion with others of its class",
    ]
    assert all(v.shape == (128, 128, 3) and v.dtype == np.uint8 for v in views.values())
    alone = station_hooks.augment(images[:1], 0)
    assert "mosaic with its own mirror images" in alone


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3])
def test_augmentation_shows_what_the_generator_makes(channels, tmp_path):
    import numpy as np

    from rkd_keras.files.images import resize_image
    from rkd_keras.models import ResNetGenerator

    # Its output is its input when the head adds nothing.
    generator = ResNetGenerator((16, 16, channels), 2, 1, residual=True)
    head = generator.get_layer("head_conv")
    head.set_weights([np.zeros_like(weights) for weights in head.get_weights()])
    generator.save(tmp_path / "generator_a2b.keras")
    rng = np.random.default_rng(0)
    image = np.repeat(rng.integers(0, 255, (128, 128, 1), dtype=np.uint8), 3, axis=2)
    views = station_hooks.augment([image], 0, tmp_path / "generator_a2b.keras")
    shown = views["migrated by CycleGAN"].astype(int)
    np.testing.assert_allclose(shown, resize_image(image, (16, 16)), atol=1)


@pytest.mark.slow
def test_a_keras_model_shows_heat_maps_and_feature_maps(tmp_path):
    import numpy as np

    from rkd_keras.models import ResNet18

    path = tmp_path / "model.keras"
    ResNet18(num_classes=3, width=0.125, input_shape=(32, 32, 3)).save(path)
    image = np.zeros((50, 60, 3), np.uint8)
    views = station_explain.explain(path, image, None, None)
    assert len(views) == 3
    assert all(v.ndim == 3 and v.dtype == np.uint8 for v in views.values())


class _Corner:
    """Calls it a scratch by the mean of the upper left corner."""

    class_names = ("inclusion", "scratches")

    def predict(self, images):
        from types import SimpleNamespace

        shares = [float(image[:20, :20].mean()) / 255 for image in images]
        return [
            SimpleNamespace(class_name="scratches", probabilities=(1 - p, p))
            for p in shares
        ]


def test_hiding_patches_tells_what_a_verdict_rests_on():
    import numpy as np

    image = np.zeros((80, 80, 3), np.uint8)
    image[:20, :20] = 250
    heat, name = station_explain.occlusion_heat(_Corner(), image)
    assert name == "scratches" and heat.shape == (80, 80)
    assert heat[:10, :10].min() > 0.7 and heat[40:, 40:].max() == 0


def test_the_lines_own_file_shows_heat_map_and_feature_maps(files):
    import numpy as np

    from rkd_keras.predict import load

    image = np.random.default_rng(0).integers(0, 255, (50, 50, 3), dtype=np.uint8)
    for kind in ("tflite", "onnx"):
        views = station_explain.explain(None, image, files[kind], load(files[kind]))
        titles = list(views)
        assert titles[0].startswith("heat map: what hides")
        assert (len(titles) == 2) == (kind == "tflite")
    maps, _ = station_explain._tflite_maps(_payload(files["tflite"]), image)
    assert [m.shape[:2] for m in maps.values()] == [(32, 32), (16, 16)]
    # The last map before pooling is what the embedding is the mean of.
    _, embedding = load(files["tflite"]).predict_batch(_resized(image, (32, 32))[None])
    np.testing.assert_allclose(
        maps["stage 2"].mean(axis=(0, 1)), embedding[0], rtol=1e-4, atol=1e-5
    )


def _payload(path):
    from rkd_keras.predict.containers import read_contents

    return read_contents(path).payload


def _resized(image, shape):
    from rkd_keras.files.images import resize_image

    return resize_image(image, shape)


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
