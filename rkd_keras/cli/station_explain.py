"""Heat map and feature maps for the station's page of a frame.

Module-level functions, since the station calls them in a child process.
"""

import functools

# Patches of a quarter of the side, so that a defect of the usual size is hidden
# whole, at so many places along each side.
_PATCH, _PLACES = 0.25, 11


def explain(keras_model, image, model, predictor):
    """Show where the model looks, and its feature maps (paper Figures 11 and 19).

    A `.keras` model has gradients, so Grad-CAM shows where it looks. Of the file
    that the line runs, hiding one patch after the other tells, and TFLite gives
    its own feature maps.

    Args:
        keras_model: `.keras` file, or `None`.
        image: uint8 RGB image, one square of a frame.
        model: the model file of the line; `None` for the package's student.
        predictor: its `Predictor`.

    Returns:
        Dict of title to uint8 image.
    """
    if keras_model is not None:
        return _of_keras(keras_model, image)
    from rkd_keras.explain import heat_overlay

    heat, name = occlusion_heat(predictor, image)
    title = f"heat map: what hides {name.replace('_', ' ')} when it is covered"
    views = {title: heat_overlay(image, heat)}
    sheet = _of_tflite(model, image)
    if sheet is not None:
        views["feature maps, a row per stage"] = sheet
    return views


def occlusion_heat(predictor, image):
    """Tell how much of a verdict each place of an image carries.

    A patch of the image's median grey hides one place after the other; what the
    probability of the verdict loses by it is the place's heat, the mean over all
    patches that cover it (Zeiler and Fergus 2014).

    Args:
        predictor: a `Predictor`.
        image: uint8 RGB image.

    Returns:
        `(heat, class name)`: array of the image's height and width, 0 to 1.
    """
    import numpy as np

    height, width = image.shape[:2]
    plain = np.median(image, axis=(0, 1)).astype(np.uint8)
    size = [max(round(_PATCH * n), 1) for n in (height, width)]
    tops, lefts = (
        np.linspace(0, n - s, _PLACES).round().astype(int)
        for n, s in zip((height, width), size, strict=True)
    )
    patches = [
        (slice(t, t + size[0]), slice(x, x + size[1])) for t in tops for x in lefts
    ]
    covered = [image]
    for patch in patches:
        hidden = image.copy()
        hidden[patch] = plain
        covered.append(hidden)
    verdicts = predictor.predict(covered)
    chosen = predictor.class_names.index(verdicts[0].class_name)
    whole = verdicts[0].probabilities[chosen]
    heat, count = np.zeros((height, width)), np.zeros((height, width))
    for patch, verdict in zip(patches, verdicts[1:], strict=True):
        heat[patch] += max(whole - verdict.probabilities[chosen], 0.0)
        count[patch] += 1
    heat /= np.maximum(count, 1)
    return heat / max(heat.max(), 1e-6), verdicts[0].class_name


def _of_keras(keras_model, image):
    from rkd_keras.explain import feature_sheet, heat_overlay
    from rkd_keras.files.images import resize_image

    explainer = _explainer(str(keras_model))
    prepared = resize_image(image, explainer.model.input_shape[1:3])
    heats, _ = explainer.compare(prepared[None])
    views = {}
    for variant, title in (("grad_cam", "heat map"), ("grad_cam++", "heat map, ++")):
        views[f"{title} (Grad-CAM)"] = heat_overlay(image, heats[variant][0])
    views["feature maps, a row per stage"] = feature_sheet(explainer.model, prepared)
    return views


def _of_tflite(model, image):
    """Return a sheet of the last feature maps of each size, `None` without any."""
    from rkd_keras.explain.feature_maps import sheet_of_maps
    from rkd_keras.files.images import resize_image
    from rkd_keras.predict.containers import read_contents
    from rkd_keras.predict.load import BUNDLED

    contents = read_contents(model or next(iter(BUNDLED.values())))
    if contents.kind != "tflite":
        return None
    maps, shape = _tflite_maps(contents.payload, image)
    return sheet_of_maps(maps, resize_image(image, shape)) if maps else None


def _tflite_maps(payload, image):
    import numpy as np
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


@functools.cache
def _explainer(path):
    from rkd_keras.explain import GradCAM
    from rkd_keras.models import load_model

    return GradCAM(load_model(path, threads=1))
