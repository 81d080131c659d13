"""The runtime on the line: no TensorFlow, no Keras, little memory."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
from tiny_exports import CLASS_NAMES, textures

PROGRAM = """
import json, sys, time
from pathlib import Path

BLOCKED = {"tensorflow", "keras", "tf2onnx", "onnx", "google", "scipy", "sklearn",
           "skimage", "matplotlib", "torch", "jax", "typer"}

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Block())
from rkd_keras.predict import load

predictor = load(sys.argv[1] or None, runtime=sys.argv[3] or None)
verdicts = predictor.predict(sys.argv[2])
peak = None
status = Path("/proc/self/status")
if status.exists():
    for line in status.read_text().splitlines():
        if line.startswith("VmHWM:"):
            peak = int(line.split()[1]) / 1024
print(json.dumps({
    "labels": [v.label for v in verdicts],
    "peak": peak,
    "seconds": time.process_time(),
    "loaded": sorted(BLOCKED & set(sys.modules)),
}))
"""


def classify(model, image, runtime="", most_mb=200, most_seconds=1):
    """Run the program in a process of its own; return its answer."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(model), str(image), runtime],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["loaded"] == []
    assert answer["peak"] is None or answer["peak"] < most_mb
    # Seconds of the processor, the interpreter's start included: on a machine with
    # nothing else to do that is the time that passes.
    assert answer["seconds"] < most_seconds
    return answer["labels"]


@pytest.mark.parametrize("kind", ["int8", "tflite", "onnx"])
def test_classifies_with_everything_heavy_blocked(files, tmp_path, kind):
    images, labels = textures(1, seed=5)
    cv2.imwrite(str(tmp_path / "image.png"), images[0])
    found = classify(files[kind], tmp_path / "image.png")
    assert found == [CLASS_NAMES[labels[0]]]


@pytest.mark.parametrize("kind", ["int8", "onnx"])
def test_openvino_needs_nothing_heavy_either(files, tmp_path, kind):
    pytest.importorskip("openvino")
    images, labels = textures(1, seed=5)
    cv2.imwrite(str(tmp_path / "image.png"), images[0])
    # It compiles the network for the processor when it is opened.
    found = classify(files[kind], tmp_path / "image.png", "openvino", 300, 3)
    assert found == [CLASS_NAMES[labels[0]]]


def test_the_bundled_student_needs_nothing_heavy(tmp_path):
    cv2.imwrite(str(tmp_path / "black.png"), np.zeros((200, 200), np.uint8))
    # Black is no surface of steel.
    assert classify("", tmp_path / "black.png") == ["unknown"]


def test_a_missing_runtime_says_how_to_install_it(files):
    for kind, package, runtime in (
        ("int8", "ai_edge_litert", ""),
        ("onnx", "onnxruntime", ""),
        ("onnx", "openvino", "openvino"),
    ):
        program = (
            "import sys; sys.modules[sys.argv[2]] = None\n"
            "from rkd_keras.predict import load\n"
            "try:\n    load(sys.argv[1], runtime=sys.argv[3] or None)\n"
            "except ImportError as error:\n    print(error)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(files[kind]), package, runtime],
            capture_output=True,
            text=True,
        )
        assert "pip install" in done.stdout, done.stderr
