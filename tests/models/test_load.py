import errno
import subprocess
import sys

import keras
import numpy as np
import pytest

from rkd_keras.errors import InputError
from rkd_keras.models import SARSN34, load_model


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    model = SARSN34(num_classes=3, input_shape=(16, 16, 3), width=0.0625)
    model.save(folder / "model.keras")
    return folder


def test_a_file_and_its_run_directory(run):
    first, second = load_model(run), load_model(str(run / "model.keras"))
    images = np.ones((2, 16, 16, 3), "float32")
    np.testing.assert_array_equal(first(images), second(images))
    assert not first.compiled


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone.keras", "does not exist; give a .keras file or a run directory"),
        ("empty", "holds no model.keras"),
        ("student.tflite", "is no .keras file"),
        ("cut.keras", "damaged or was written by another version"),
    ],
)
def test_what_is_no_model_is_refused(run, tmp_path, name, message):
    (tmp_path / "empty").mkdir()
    (tmp_path / "student.tflite").write_bytes(b"TFL3")
    content = (run / "model.keras").read_bytes()
    (tmp_path / "cut.keras").write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=message):
        load_model(tmp_path / name)


def test_code_in_the_file_is_not_run(tmp_path):
    inputs = keras.Input((4,))
    outputs = keras.layers.Lambda(lambda x: x * 2)(inputs)
    keras.Model(inputs, outputs).save(tmp_path / "lambda.keras")
    with pytest.raises(InputError, match="it holds code"):
        load_model(tmp_path / "lambda.keras")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "threads", "expected"),
    [("", 1, "1 1"), ("", None, "0 0"), ("import tensorflow", 1, "0 0")],
)
def test_threads_are_set_by_who_imports_tensorflow(run, before, threads, expected):
    program = (
        f"{before}\n"
        "from rkd_keras.models import load_model\n"
        f"load_model({str(run)!r}, threads={threads})\n"
        "import tensorflow as tf\n"
        "threading = tf.config.threading\n"
        "print(threading.get_intra_op_parallelism_threads(),"
        " threading.get_inter_op_parallelism_threads())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert done.stdout.strip() == expected, done.stderr


def test_a_full_disk_is_not_called_a_damaged_file(run, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(keras.saving, "load_model", full)
    with pytest.raises(InputError, match="no room to unpack it .No space left"):
        load_model(run)
