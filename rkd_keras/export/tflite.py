"""Write `.tflite` files: float32, float16 or int8 weights, or full int8."""

import contextlib
import tempfile

import numpy as np

from rkd_keras.errors import InputError


def convert_to_tflite(serving, quantization=None, calibration_images=None):
    """Convert the serving model to a TFLite flatbuffer of builtin operations.

    float32, float16 and int8-dynamic files take float32 pixels. int8 files take
    uint8 pixels as a camera gives them, compute in int8 throughout and give float32.
    The batch is 1.

    Args:
        serving: `keras.Model` as of `serving_model`.
        quantization: `None`, `"float16"` (weights only), `"int8-dynamic"` (weights
            only; the runtime rounds what enters a product as it comes) or `"int8"`.
            Defaults to `None`.
        calibration_images: array `(n, H, W, 3)`, uint8, real training images from
            which int8 takes the ranges of all activations. Defaults to `None`.

    Returns:
        The flatbuffer, bytes.

    Raises:
        InputError: when int8 has no calibration images, or the model needs
            operations beyond TFLite's builtin ones.
    """
    from rkd_keras.export.int8.quantized import quantized
    from rkd_keras.export.int8.tensors import with_outputs_in_order

    if quantization == "int8":
        return quantized(calibrated_tflite(serving, calibration_images), serving.name)
    with _converter(serving) as converter:
        import tensorflow as tf

        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        if quantization is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if quantization == "float16":
            converter.target_spec.supported_types = [tf.float16]
        return with_outputs_in_order(_convert(converter, serving.name))


def calibrated_tflite(serving, images):
    """Convert to float32 and note beside each tensor which values it took.

    What makes int8 of it (`rkd_keras.export.int8`) needs nothing else, so that the
    network is converted once, whatever is tried afterwards. TensorFlow's calibrator
    (2.21) sees a single image: it reads what enters an operation after the operation
    has run, and where that computes in place, as the normalisations of DenseNet do,
    its input is given the range of its output too.

    Args:
        serving: `keras.Model` as of `serving_model`.
        images: array `(n, H, W, 3)`, uint8, real training images.

    Returns:
        A flatbuffer of float32 operations whose tensors carry `min` and `max`, bytes.

    Raises:
        InputError: as `convert_to_tflite`.
    """
    import tensorflow as tf

    from rkd_keras.export.int8.ranges import chosen_ranges, observed_values
    from rkd_keras.export.int8.tensors import with_ranges

    if images is None or len(images) == 0:
        raise InputError(
            "int8 needs calibration images: give some hundred real training images"
        )
    with _converter(serving) as converter:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = _calibration(images[:1])
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter._experimental_calibrate_only = True
        calibrated = _convert(converter, serving.name)
    observed = observed_values(calibrated, images, sampled=0)
    return with_ranges(calibrated, chosen_ranges(observed, "widest"))


@contextlib.contextmanager
def _converter(serving):
    import keras
    import tensorflow as tf

    shape = serving.inputs[0].shape[1:]

    def serve(images):
        probabilities, embedding = serving(images, training=False)
        return {"probabilities": probabilities, "embedding": embedding}

    archive = keras.export.ExportArchive()
    archive.track(serving)
    archive.add_endpoint(
        "serving_default",
        serve,
        input_signature=[tf.TensorSpec((1, *shape), tf.float32, name="images")],
    )
    with tempfile.TemporaryDirectory() as folder:
        archive.write_out(folder, verbose=False)
        yield tf.lite.TFLiteConverter.from_saved_model(folder)


def _convert(converter, name):
    try:
        return converter.convert()
    except Exception as error:  # the converter's errors share no other base
        if "Flex" in str(error) or "custom" in str(error):
            raise InputError(
                f"{name} needs operations that TFLite's builtin ones do not "
                "cover; replace the layer or export to ONNX"
            ) from error
        raise


def _calibration(images):
    def batches():
        for index, image in enumerate(images):
            batch = image[None].astype(np.float32)
            if index == 0:
                # Both ends of the pixel range, one pixel each, make the input's
                # scale exactly 1: the file takes a camera's uint8 as it is.
                batch[0, 0, 0] = 0
                batch[0, 0, 1] = 255
            yield [batch]

    return batches
