"""Answers of a network that does not change, by the fastest runtime there is."""

# Pixels from which on a conversion, of some seconds, is worth its time.
WORTH_CONVERTING = 1e8


def frozen_network(model, pixels):
    """Make a function that answers for a network as it is now.

    On a processor ONNX Runtime is the faster one for networks of depthwise
    convolutions (`benchmarks/frozen_network.py` measures it), so that a model in
    float32 with much to do is converted first. On a GPU, and for little, TensorFlow
    answers. The two agree but for rounding.

    Args:
        model: built `keras.Model` with one input.
        pixels: number of pixels that will be shown, all images together.

    Returns:
        Function of a batch, a float32 array or tensor `(batch, H, W, C)`, that gives
        a list of float32 arrays, one for each output.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.models import ResNet18
        >>> answer = frozen_network(ResNet18(width=0.125), pixels=4096)
        >>> [logits] = answer(np.zeros((2, 64, 64, 3), "float32"))
        >>> logits.shape
        (2, 6)
    """
    import tensorflow as tf

    single = all(layer.compute_dtype == "float32" for layer in model.layers)
    gpu = tf.config.list_physical_devices("GPU")
    if pixels >= WORTH_CONVERTING and single and not gpu:
        return _onnx_runtime(_listed(model), model.inputs[0].shape[1:])
    graph = tf.function(_listed(model))
    return lambda images: [tf.cast(each, tf.float32).numpy() for each in graph(images)]


def _listed(model):
    """Return the model's answers as a list, whatever number there is."""
    import tensorflow as tf

    return lambda images: tf.nest.flatten(model(images, training=False))


def _onnx_runtime(answer, shape):
    import numpy as np
    import onnxruntime

    from rkd_keras.models.onnx_graph import onnx_graph

    session = onnxruntime.InferenceSession(
        onnx_graph(answer, shape).SerializeToString(),
        providers=["CPUExecutionProvider"],
    )
    name = session.get_inputs()[0].name
    return lambda images: session.run(None, {name: np.asarray(images, "float32")})
