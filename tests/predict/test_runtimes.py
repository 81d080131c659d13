"""One file, several runtimes: the same verdicts, and what is refused."""

import shutil
import subprocess

import numpy as np
import pytest
from tiny_exports import textures

from rkd_keras.errors import InputError
from rkd_keras.options.shared import RUNTIME_NAMES
from rkd_keras.predict import load
from rkd_keras.predict.runtimes import RUNTIMES, installed_runtimes

PAIRS = [
    ("tflite", "litert"),
    ("tflite", "openvino"),
    ("float16", "openvino"),
    ("onnx", "onnxruntime"),
    ("onnx", "openvino"),
    ("saved_model", "tensorflow"),
]

# A delegate that takes no operation: what is asked of it is that it is loaded.
DELEGATE = """
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
typedef struct Delegate {
  void* data; int (*prepare)(void*, struct Delegate*);
  void* to; void* from; void* release; int64_t flags; void* builder;
} Delegate;
static int prepare(void* context, Delegate* delegate) {
  FILE* file = fopen(getenv("SEEN"), "a"); fputs("prepared\\n", file); fclose(file);
  return 0;
}
Delegate* tflite_plugin_create_delegate(
    char** keys, char** values, size_t count, void (*report)(const char*)) {
  Delegate* delegate = calloc(1, sizeof(Delegate));
  delegate->prepare = prepare;
  return delegate;
}
void tflite_plugin_destroy_delegate(Delegate* delegate) { free(delegate); }
"""


@pytest.fixture(scope="module")
def images():
    """64 images of the tiny classifier's size."""
    return textures(22, seed=8)[0][:64]


@pytest.fixture(scope="module")
def expected(files, images):
    """Probabilities by Keras."""
    return load(files["keras"]).predict_batch(images)[0]


@pytest.mark.parametrize(("kind", "runtime"), PAIRS)
def test_every_runtime_says_the_same_of_batches_of_1_to_64(
    files, images, expected, kind, runtime
):
    pytest.importorskip(RUNTIMES[runtime].package)
    predictor = load(files[kind], runtime=runtime, threads=2)
    for size in (1, 2, 7, 64):
        probabilities, embedding = predictor.predict_batch(images[:size])
        assert embedding.shape == (size, 24)
        np.testing.assert_allclose(
            probabilities, expected[:size], atol=1e-2 if kind == "float16" else 1e-5
        )


def test_answers_are_not_overwritten_by_the_next(files, images):
    pytest.importorskip("openvino")
    predictor = load(files["onnx"], runtime="openvino")
    first = predictor.predict_batch(images[:1])[0]
    kept = first.copy()
    predictor.predict_batch(images[1:2])
    np.testing.assert_array_equal(first, kept)


def test_int8_by_openvino_decides_as_by_litert(files, images):
    pytest.importorskip("openvino")
    verdicts = [
        [v.label for v in load(files["int8"], runtime=name).predict(images)]
        for name in ("litert", "openvino")
    ]
    assert verdicts[0] == verdicts[1]


@pytest.mark.parametrize("kind", ["int8", "onnx"])
def test_another_size_is_refused_with_the_rule(files, kind):
    for shape in ((1, 33, 32, 3), (1, 32, 32, 1), (32, 32, 3)):
        with pytest.raises(InputError, match=r"\(N, 32, 32, 3\), the size that") as e:
            load(files[kind]).predict_batch(np.zeros(shape, np.uint8))
        assert f"shape={shape}" in str(e.value)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("int8", {"runtime": "tensorrt"}, "must be one of litert, onnxruntime"),
        ("int8", {"runtime": "onnxruntime"}, "goes by runtime litert or openvino"),
        ("keras", {"runtime": "openvino"}, "goes by runtime keras"),
        ("int8", {"providers": ["CUDA"]}, "providers goes with runtime onnxruntime"),
        ("onnx", {"delegate": "a.so"}, "delegate goes with runtime litert alone"),
        ("int8", {"delegate": "gone.so"}, "there is no delegate gone.so"),
        ("onnx", {"providers": "ROCM"}, r"no provider ROCM; it has .*CPU"),
        ("onnx", {"providers": ["CPU", "TensorRT"]}, "or install onnxruntime-gpu"),
    ],
)
def test_what_does_not_fit_is_refused(files, kind, options, message):
    if options.get("providers") == ["CPU", "TensorRT"]:
        import onnxruntime

        if "TensorrtExecutionProvider" in onnxruntime.get_available_providers():
            pytest.skip("TensorRT is there")
    with pytest.raises(InputError, match=message) as caught:
        load(files[kind], **options)
    assert str(files[kind]) in str(caught.value)


@pytest.mark.parametrize("providers", ["CPU", ["cpu"], ["CPUExecutionProvider"]])
def test_the_processor_is_a_provider(files, images, expected, providers):
    found = load(files["onnx"], providers=providers).predict_batch(images)[0]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_provider_that_does_not_start_is_told(files, monkeypatch):
    """ONNX Runtime warns of a missing driver, and goes on by the processor."""
    import onnxruntime

    class Session:
        def __init__(self, payload, options, providers):
            assert providers == ["CUDAExecutionProvider", "CPUExecutionProvider"]

        def get_providers(self):
            return ["CPUExecutionProvider"]

    names = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: names)
    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    with pytest.raises(InputError, match="could not start CUDA, .* choose one of CPU"):
        load(files["onnx"], providers="cuda")


def test_a_delegate_is_used(files, images, tmp_path, monkeypatch):
    broken = tmp_path / "broken.so"
    broken.write_bytes(b"no library")
    with pytest.raises(InputError, match=r"broken\.so cannot be loaded as a delegate"):
        load(files["int8"], delegate=broken)
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler (cc) to build a delegate with")
    source, library = tmp_path / "delegate.c", tmp_path / "delegate.so"
    source.write_text(DELEGATE)
    words = ["cc", "-shared", "-fPIC", "-o", str(library), str(source)]
    subprocess.run(words, check=True)
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
    predictor = load(files["int8"], delegate=library, threads=2)
    assert (tmp_path / "seen").read_text() == "prepared\n"
    found = predictor.predict_batch(images)[0]
    np.testing.assert_array_equal(
        found.argmax(1), load(files["int8"]).predict_batch(images)[0].argmax(1)
    )


def test_the_options_name_every_runtime():
    assert tuple(RUNTIMES) == RUNTIME_NAMES


def test_a_missing_runtime_is_not_counted(monkeypatch):
    monkeypatch.setattr("rkd_keras.predict.runtimes.find_spec", lambda name: None)
    assert installed_runtimes("onnx") == ["onnxruntime"]
