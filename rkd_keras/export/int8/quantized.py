"""From a calibrated float32 flatbuffer to int8, some layers left out if need be."""

from rkd_keras.errors import InputError
from rkd_keras.export.int8.tensors import (
    main_graph,
    operations,
    scale_of,
    with_outputs_in_order,
)


class SilentLayersError(InputError):
    """Layers gave nothing but zeros while calibrating.

    Attributes:
        tensors: names of their outputs.
    """

    def __init__(self, message, tensors):
        """See the class."""
        super().__init__(message)
        self.tensors = tensors


PRODUCTS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


def quantized(calibrated, name, in_float=(), silent_too=False):
    """Make an int8 file: uint8 pixels in, float32 out, int8 between.

    Args:
        calibrated: bytes, as of `calibrated_tflite`.
        name: the model's name, for errors.
        in_float: names of the tensors whose operations stay in float32. Defaults to
            none.
        silent_too: whether a file may be made that no runtime should open. Defaults
            to `False`.

    Returns:
        The flatbuffer, bytes.

    Raises:
        SilentLayersError: for a layer that gave only zeros while calibrating.
    """
    import tensorflow as tf
    from tensorflow.lite.python.convert import mlir_quantize

    from rkd_keras.predict.quiet_stderr import quiet_stderr

    with quiet_stderr():
        flatbuffer = mlir_quantize(
            calibrated,
            input_data_type=tf.uint8,
            denylisted_nodes=list(in_float) or None,
        )
    silent = [] if silent_too else silent_layers(flatbuffer)
    if silent:
        raise SilentLayersError(
            f"{name} cannot be int8, for {silent[0].name.split(';')[0]} gives nothing "
            "but zeros on the calibration images; calibrate on more images or train "
            "longer",
            [operation.name for operation in silent],
        )
    return with_outputs_in_order(flatbuffer)


def silent_layers(flatbuffer):
    """List the operations that gave only zeros while calibrating.

    The output of such a layer gets the smallest scale there is. XNNPACK refuses a
    product of input and kernel scale of 256 output scales or more, and LiteRT 2.3 may
    end the whole process with a double free while it gives up.

    Args:
        flatbuffer: bytes of an int8 file.

    Returns:
        List of `Operation`.
    """
    _, graph = main_graph(flatbuffer)
    found = []
    for operation in operations(flatbuffer):
        if operation.kind not in PRODUCTS:
            continue
        tensors = [*operation.inputs[:2], operation.output]
        entry, kernel, output = (scale_of(graph, index) for index in tensors)
        # One that stayed in float has no scale.
        if entry and kernel and output and entry * kernel >= 256 * output:
            found.append(operation)
    return found
