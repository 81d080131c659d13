"""The files in the hands of their own runtimes."""

import numpy as np
import pytest
from tiny_exports import SIZE, textures

from rkd_keras.predict import load

IMAGES = textures(4, seed=6)[0]


def test_tflite_signature_and_order(files):
    from ai_edge_litert.interpreter import Interpreter

    for kind, dtype in (
        ("tflite", np.float32),
        ("float16", np.float32),
        ("int8", np.uint8),
    ):
        interpreter = Interpreter(str(files[kind]))
        interpreter.allocate_tensors()
        (entry,) = interpreter.get_input_details()
        assert entry["dtype"] == dtype
        assert entry["shape"].tolist() == [1, SIZE, SIZE, 3]
        widths = [d["shape"][-1] for d in interpreter.get_output_details()]
        assert widths == [3, 24]
        assert {d["dtype"] for d in interpreter.get_output_details()} == {np.float32}
        outputs = interpreter.get_signature_runner()(images=IMAGES[:1].astype(dtype))
        expected = load(files[kind]).predict_batch(IMAGES[:1])
        for name, value in zip(("probabilities", "embedding"), expected, strict=True):
            np.testing.assert_allclose(outputs[name], value, rtol=1e-5, atol=1e-6)


def test_int8_takes_camera_pixels_and_computes_in_int8(files):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(files["int8"]))
    assert interpreter.get_input_details()[0]["quantization"] == (1.0, 0)
    dtypes = {
        detail["dtype"]
        for detail in interpreter.get_tensor_details()
        if detail["shape"].size == 4 and detail["shape"].prod() > 24
    }
    assert dtypes == {np.int8, np.uint8}
    assert files["int8"].stat().st_size < files["tflite"].stat().st_size


def test_onnx_names_and_free_batch(files):
    import onnxruntime

    session = onnxruntime.InferenceSession(str(files["onnx"]))
    (entry,) = session.get_inputs()
    assert (entry.name, entry.shape[1:]) == ("images", [SIZE, SIZE, 3])
    names = [output.name for output in session.get_outputs()]
    assert names == ["probabilities", "embedding"]
    for count in (1, 5):
        outputs = session.run(names, {"images": IMAGES[:count].astype("float32")})
        assert [o.shape for o in outputs] == [(count, 3), (count, 24)]


def test_saved_model_takes_arrays_and_encoded_images(files):
    import cv2
    import tensorflow as tf

    loaded = tf.saved_model.load(str(files["saved_model"]))
    arrays = loaded.signatures["serving_default"]
    encoded = loaded.signatures["serving_bytes"]
    for count in (2, 5):
        pixels = IMAGES[:count]
        first = arrays(images=tf.constant(pixels, tf.float32))
        data = [cv2.imencode(".png", image)[1].tobytes() for image in pixels]
        second = encoded(image_bytes=tf.constant(data))
        assert set(first) == set(second) == {"probabilities", "embedding"}
        for name in first:
            np.testing.assert_allclose(first[name], second[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "size", [(200, 200), (64, 64), (45, 33), (20, 50), (7, 9), (9, 700)]
)
@pytest.mark.parametrize("suffix", [".png", ".bmp", ".jpg"])
def test_encoded_images_are_read_by_the_rule(size, suffix):
    import cv2

    from rkd_keras.export.saved_model import decode_and_resize
    from rkd_keras.files.images import decode_image, resize_image

    rng = np.random.default_rng(0)
    smooth = cv2.resize(rng.integers(0, 256, (8, 8, 3), np.uint8), size[::-1])
    data = cv2.imencode(suffix, smooth)[1].tobytes()
    expected = resize_image(decode_image(data), (32, 32)).astype(float)
    found = decode_and_resize(data, (32, 32)).numpy()
    assert np.abs(found - expected).max() <= 1
