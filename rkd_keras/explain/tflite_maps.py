"""Feature maps of a TFLite file, as its own runtime computes them."""

import numpy as np


def tflite_feature_maps(payload, image):
    """Compute the last feature maps of each size.

    Args:
        payload: bytes of a `.tflite` model.
        image: array `(H, W, 3)`, uint8, RGB, of any size.

    Returns:
        Pair: dict from `"stage 1"` and so on, the largest first, to arrays
        `(h, w, channels)`, float32; and the model's input size `(height, width)`.
        Maps of fewer than 2 x 2 pixels or 4 channels are none.

    Raises:
        ImportError: when `ai_edge_litert` is not installed.

    Example:
        >>> from rkd_keras.predict.containers import read_contents
        >>> from rkd_keras.predict.load import BUNDLED
        >>> payload = read_contents(next(iter(BUNDLED.values()))).payload
        >>> image = np.zeros((64, 64, 3), "uint8")
        >>> maps, size = tflite_feature_maps(payload, image)
        >>> next(iter(maps))
        'stage 1'
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    from rkd_keras.files.images import resize_image

    # Without delegates, which would keep what lies between to themselves.
    interpreter = Interpreter(
        model_content=payload,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    entry = interpreter.get_input_details()[0]
    shape = tuple(entry["shape"][1:3].tolist())
    pixels = resize_image(image, shape)[None].astype(np.float32)
    scale, zero = entry["quantization"]
    if scale:
        pixels = np.round(pixels / scale) + zero
        limits = np.iinfo(entry["dtype"])
        pixels = np.clip(pixels, limits.min, limits.max)
    interpreter.set_tensor(entry["index"], pixels.astype(entry["dtype"]))
    interpreter.invoke()
    tensors = {t["index"]: t for t in interpreter.get_tensor_details()}
    found = {}
    # The operations in order; of the tensors alone some are scratch memory.
    for operation in interpreter._get_ops_details():
        for index in operation["outputs"]:
            size = tuple(tensors[index]["shape"].tolist())
            if len(size) != 4 or size[0] != 1 or min(size[1:3]) < 2 or size[3] < 4:
                continue
            scale, zero = tensors[index]["quantization"]
            values = interpreter.get_tensor(index).astype(np.float32)[0]
            found[size[1:3]] = (values - zero) * scale if scale else values
    stages = sorted(found, reverse=True)
    return {f"stage {n}": found[s] for n, s in enumerate(stages, 1)}, shape
