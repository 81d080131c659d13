"""Write `.onnx` files through tf2onnx."""

from rkd_keras.models.onnx_graph import onnx_graph


def convert_to_onnx(serving):
    """Convert the serving model to ONNX with a free batch size.

    Args:
        serving: `keras.Model` as of `serving_model`.

    Returns:
        The serialized `ModelProto`, bytes; input `images`, outputs
        `probabilities` and `embedding`.
    """
    proto = onnx_graph(
        lambda images: tuple(serving(images, training=False)),
        serving.inputs[0].shape[1:],
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
