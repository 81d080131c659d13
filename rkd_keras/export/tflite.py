"""Write `.tflite` files: float32, float16 weights or full int8."""

import tempfile

import numpy as np

from rkd_keras.errors import InputError


def convert_to_tflite(serving, quantization=None, calibration_images=None):
    """Convert the serving model to a TFLite flatbuffer of builtin operations.

    float32 and float16 files take float32 pixels. int8 files take uint8 pixels
    as a camera gives them, compute in int8 throughout and give float32.
    The batch is 1.

    Args:
        serving: `keras.Model` as of `serving_model`.
        quantization: `None`, `"float16"` (weights only) or `"int8"`. Defaults to
            `None`.
        calibration_images: array `(n, H, W, 3)`, uint8, real training images from
            which int8 takes the ranges of all activations. Defaults to `None`.

    Returns:
        The flatbuffer, bytes.

    Raises:
        InputError: when int8 has no calibration images, or the model needs
            operations beyond TFLite's builtin ones.
    """
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
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        flatbuffer = _convert(converter, serving.name, quantization, calibration_images)
    if quantization == "int8":
        _refuse_silent_layers(flatbuffer, serving.name)
    return _with_outputs_in_order(flatbuffer, ("probabilities", "embedding"))


def _convert(converter, name, quantization, calibration_images):
    import tensorflow as tf

    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if quantization is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization == "float16":
        converter.target_spec.supported_types = [tf.float16]
    elif quantization == "int8":
        if calibration_images is None or len(calibration_images) == 0:
            raise InputError(
                "int8 needs calibration images: give some hundred real training images"
            )
        converter.representative_dataset = _calibration(calibration_images)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.uint8
    try:
        return converter.convert()
    except Exception as error:  # the converter's errors share no other base
        if "Flex" in str(error) or "custom" in str(error):
            raise InputError(
                f"{name} needs operations that TFLite's builtin ones do not "
                "cover; replace the layer or export to ONNX"
            ) from error
        raise


def _refuse_silent_layers(flatbuffer, name):
    """Raise `InputError` for a layer that gave only zeros while calibrating.

    Its output gets the smallest scale there is. XNNPACK refuses a product of input
    and kernel scale of 256 output scales or more, and LiteRT 2.3 may end the whole
    process with a double free while it gives up.
    """
    from tensorflow.lite.python import schema_py_generated as schema

    products = {
        schema.BuiltinOperator.CONV_2D,
        schema.BuiltinOperator.DEPTHWISE_CONV_2D,
        schema.BuiltinOperator.FULLY_CONNECTED,
    }
    model = schema.Model.GetRootAs(flatbuffer, 0)
    graph = model.Subgraphs(0)
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        code = model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode()
        if code not in products:
            continue
        tensors = [operator.Inputs(0), operator.Inputs(1), operator.Outputs(0)]
        entry, kernel, output = (
            np.max(graph.Tensors(i).Quantization().ScaleAsNumpy()) for i in tensors
        )
        if entry * kernel >= 256 * output:
            layer = graph.Tensors(operator.Outputs(0)).Name().decode().split(";")[0]
            raise InputError(
                f"{name} cannot be int8, for {layer} gives nothing but zeros on the "
                "calibration images; calibrate on more images or train longer"
            )


def _with_outputs_in_order(flatbuffer, names):
    """Put the main graph's outputs into the order of `names`.

    The converter leaves them in the order of a hash table. The signature knows
    which tensor is which, and the list of outputs can be rewritten where it lies.
    """
    from tensorflow.lite.python import schema_py_generated as schema

    data = bytearray(flatbuffer)
    model = schema.Model.GetRootAs(data, 0)
    signature, graph = model.SignatureDefs(0), model.Subgraphs(0)
    tensors = {}
    for index in range(signature.OutputsLength()):
        output = signature.Outputs(index)
        tensors[output.Name().decode()] = output.TensorIndex()
    graph.OutputsAsNumpy()[:] = [tensors[name] for name in names]
    return bytes(data)


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
