"""A network's computation as an ONNX graph, through tf2onnx."""

OPSET = 18


def onnx_graph(answer, shape):
    """Convert a function of images to ONNX, with a free batch size.

    Args:
        answer: function of images `(batch, height, width, channels)`, float32, that
            gives a tensor or a tuple or list of them.
        shape: `(height, width, channels)` in pixels.

    Returns:
        The `ModelProto`; its input is named `images...`.

    Raises:
        ImportError: when tf2onnx is not installed.
    """
    try:
        import tf2onnx
    except ImportError as error:
        raise ImportError(
            "ONNX export needs tf2onnx: pip install tf2onnx onnx"
        ) from error
    import tensorflow as tf

    signature = [tf.TensorSpec((None, *shape), tf.float32, name="images")]
    graph = tf.function(answer, input_signature=signature)
    proto, _ = tf2onnx.convert.from_function(graph, signature, opset=OPSET)
    return proto
