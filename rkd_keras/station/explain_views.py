"""Heat map and feature maps for the page of a frame (paper Figures 11 and 19)."""

import functools


def explain_views(keras_model, image, model, predictor):
    """Show where the model looks, and its feature maps.

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
    from rkd_keras.explain import heat_overlay, occlusion_heat

    heat, name = occlusion_heat(predictor, image)
    title = f"heat map: what hides {name.replace('_', ' ')} when it is covered"
    views = {title: heat_overlay(image, heat)}
    sheet = _of_tflite(model, image)
    if sheet is not None:
        views["feature maps, a row per stage"] = sheet
    return views


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
    from rkd_keras.explain import tflite_feature_maps
    from rkd_keras.explain.sheets import sheet_of_maps
    from rkd_keras.files.images import resize_image
    from rkd_keras.predict.containers import read_contents
    from rkd_keras.predict.load import BUNDLED

    contents = read_contents(model or next(iter(BUNDLED.values())))
    if contents.kind != "tflite":
        return None
    maps, shape = tflite_feature_maps(contents.payload, image)
    return sheet_of_maps(maps, resize_image(image, shape)) if maps else None


@functools.cache
def _explainer(path):
    from rkd_keras.explain import GradCAM
    from rkd_keras.models import load_model

    return GradCAM(load_model(path, threads=1))
