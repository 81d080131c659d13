"""Write `.onnx` files through tf2onnx."""

OPSET = 18


def convert_to_onnx(serving):
    """Convert the serving model to ONNX with a free batch size.

    Args:
        serving: `keras.Model` as of `serving_model`.

    Returns:
        The serialized `ModelProto`, bytes; input `images`, outputs
        `probabilities` and `embedding`.
    """
    try:
        import tf2onnx
    except ImportError as error:
        raise ImportError(
            "ONNX export needs tf2onnx: pip install tf2onnx onnx"
        ) from error
    import tensorflow as tf

    shape = serving.inputs[0].shape[1:]
    signature = [tf.TensorSpec((None, *shape), tf.float32, name="images")]

    @tf.function(input_signature=signature)
    def serve(images):
        probabilities, embedding = serving(images, training=False)
        return probabilities, embedding

    proto, _ = tf2onnx.convert.from_function(
        serve, input_signature=signature, opset=OPSET
    )
    _rename(proto.graph, proto.graph.input, ["images"])
    _rename(proto.graph, proto.graph.output, ["probabilities", "embedding"])
    return proto.SerializeToString()


def _rename(graph, values, names):
    """Rename inputs or outputs and every use of them."""
    for value, name in zip(values, names, strict=True):
        for node in graph.node:
            for links in (node.input, node.output):
                links[:] = [name if link == value.name else link for link in links]
        value.name = name
