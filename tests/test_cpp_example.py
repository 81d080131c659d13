"""The C++ program of examples/cpp: built, and held to what Python says."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest
from tiny_exports import exports, textures

from rkd_keras.predict import load

SOURCES = Path(__file__).parents[1] / "examples" / "cpp"
# Of a probability in an int8 file.
INT8_STEP = 1 / 256

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Path of the built program."""
    openvino = pytest.importorskip("openvino", reason="openvino is not installed")
    for tool in ("cmake", "c++"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is missing, which builds examples/cpp")
    build = tmp_path_factory.mktemp("cpp")
    config = Path(openvino.__path__[0]) / "cmake"
    words = ["cmake", "-S", str(SOURCES), "-B", str(build), f"-DOpenVINO_DIR={config}"]
    found = subprocess.run(words, capture_output=True, text=True)
    for package in ("OpenCV", "nlohmann_json", "ZLIB"):
        if found.returncode and f"Find{package}" in found.stderr.replace(" ", ""):
            pytest.skip(f"{package}'s headers are missing; see .ci/run")
    assert found.returncode == 0, found.stderr
    words = ["cmake", "--build", str(build), "--parallel", "2"]
    found = subprocess.run(words, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "warning:" not in found.stdout + found.stderr
    return build / "rkd_classify"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """60 drawn images, of every kind that the one rule knows; their paths."""
    folder = tmp_path_factory.mktemp("drawn")
    images, _ = textures(20, seed=11)
    rng = np.random.default_rng(12)
    return [_write(folder, i, image, rng) for i, image in enumerate(images)]


def _write(folder, index, image, rng):
    """Write an image in the manner of its index; return its path."""
    sides = [(32, 32), (200, 200), (64, 48), (20, 90), (17, 23), (131, 32)]
    height, width = sides[index % 6]
    pixels = cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC)
    pixels[..., 2] //= 2  # of three equal channels nobody sees the order
    kind = index // 6
    grey, deep = pixels[..., 0], pixels[..., 0].astype(np.uint16) * 257
    name = folder / f"image {index}"
    if kind == 0:
        return _encoded(name, ".png", pixels)
    if kind == 1:  # as a camera that lay on its side writes it
        path = _encoded(name, ".jpg", pixels)
        turn = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
        data, body = path.read_bytes(), b"Exif\0\0" + turn
        size = (len(body) + 2).to_bytes(2, "big")
        path.write_bytes(data[:2] + b"\xff\xe1" + size + body + data[2:])
        return path
    if kind == 2:
        return _encoded(name, ".bmp", pixels)
    if kind == 3:
        return _encoded(name, ".png", deep + rng.integers(0, 200, deep.shape, "uint16"))
    if kind == 4:
        return _encoded(name, ".tiff", np.dstack([deep] * 3))
    if kind == 5:  # a camera of 12 bits
        twelve = (deep >> 4).astype(">u2")
        return _map(name, f"P5\n# camera\n{width} {height} 4095\n", twelve.tobytes())
    if kind == 6:
        text = " ".join(map(str, pixels.ravel()))
        return _map(name, f"P3 {width} {height}\n255\n", text.encode())
    if kind == 7:
        bits = np.packbits(grey < 128, axis=1)
        return _map(name, f"P4\n{width} {height}\n", bits.tobytes())
    if kind == 8:
        alpha = np.dstack([pixels, np.full_like(grey, 90)])
        return _encoded(name, ".png", alpha)
    head = f"P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH 2\nMAXVAL 200\nENDHDR\n"
    return _map(name, head, np.dstack([grey // 2, grey]).tobytes())


def _encoded(name, suffix, pixels):
    path = name.with_suffix(suffix)
    path.write_bytes(cv2.imencode(suffix, pixels)[1].tobytes())
    return path


def _map(name, header, content):
    path = name.with_suffix(".pnm")
    path.write_bytes(header.encode() + content)
    return path


def _run(program, model, *words, **options):
    command = [program, model, *words]
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, **options
    )


@pytest.mark.parametrize(
    ("kind", "most"), [("onnx", 1e-4), ("tflite", 1e-4), ("int8", INT8_STEP)]
)
def test_it_decides_as_python_does(program, drawn, kind, most):
    model = exports()[kind]
    asked = "".join(f"{path}\n" for path in drawn)
    done = _run(program, model, "-", input=asked)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    # Of int8 each runtime rounds in a way of its own.
    runtime = "openvino" if kind == "int8" else None
    expected = load(model, runtime=runtime).predict(drawn)
    assert [line["file"] for line in lines] == [str(path) for path in drawn]
    for line, verdict in zip(lines, expected, strict=True):
        for name in ("label", "class_name", "class_index", "is_unknown"):
            assert line[name] == getattr(verdict, name), line["file"]
        assert line["probability"] == max(line["probabilities"])
        np.testing.assert_allclose(
            line["probabilities"], verdict.probabilities, atol=most + 1e-7
        )
        assert line["unknown_score"] == pytest.approx(verdict.unknown_score, rel=1e-6)


def test_what_cannot_be_read_gets_a_line_and_the_next_its_verdict(program, drawn):
    broken = drawn[0].with_name("broken.png")
    broken.write_bytes(b"no image")
    damaged = drawn[0].with_name("short.pgm")
    damaged.write_bytes(b"P5 400 400 255 short")
    gone = drawn[0].with_name("gone.png")
    model = exports()["onnx"]
    done = _run(program, model, "--threads", 2, broken, damaged, gone, drawn[0])
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert ["error" in line for line in lines] == [True, True, True, False]
    for line, path in zip(lines, (broken, damaged, gone), strict=False):
        assert line["error"].startswith(str(path))


def test_foreign_and_changed_models_are_refused(program, drawn, tmp_path):
    for kind, suffix in (("onnx", ".onnx"), ("int8", ".tflite")):
        data = bytearray(exports()[kind].read_bytes())
        data[2000] ^= 1
        changed = tmp_path / f"changed{suffix}"
        changed.write_bytes(data)
        done = _run(program, changed, drawn[0])
        assert (done.returncode, done.stdout) == (2, "")
        assert "does not match the checksum in its card" in done.stderr
        cut = tmp_path / f"cut{suffix}"
        cut.write_bytes(exports()[kind].read_bytes()[:1500])
        assert _run(program, cut, drawn[0]).returncode == 2
    done = _run(program, drawn[0], drawn[0])
    assert done.returncode == 2 and "no model" in done.stderr
    assert os.linesep not in done.stderr.strip()
