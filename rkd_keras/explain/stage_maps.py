"""What a network sees at each stage: feature maps and their sheets (Figure 11)."""

import keras
import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.explain.grad_cam import feature_tensor
from rkd_keras.explain.sheets import sheet_of_maps


def stage_layers(model):
    """List the last layer of each stage: of each size of the maps, and stages.

    Residual networks name theirs `stage1_out` to `stage4_out`; in other networks
    a stage is what lies between two changes of the maps' size.

    Args:
        model: a functional `keras.Model` with a layer `embedding`.

    Returns:
        List of layer names, from the input to `embedding`.

    Raises:
        InputError: when there is no such layer.

    Example:
        >>> from rkd_keras.models import ResNet18
        >>> stage_layers(ResNet18(width=0.125, input_shape=(32, 32, 3)))
        ['stage1_out', 'stage2_out', 'stage3_out', 'stage4_out']
    """
    names = {layer.name for layer in model.layers}
    named = [f"stage{i}_out" for i in range(1, 10) if f"stage{i}_out" in names]
    if named:
        return named
    last = feature_tensor(model)
    found = {}
    for layer in model.layers:
        output = getattr(layer, "output", None)
        if layer.name == "embedding":
            break
        if isinstance(layer, keras.layers.InputLayer | keras.layers.Rescaling):
            continue
        if isinstance(output, keras.KerasTensor) and len(output.shape) == 4:
            found[output.shape[1:3]] = layer.name
    # Padding and pooling layers change the size without being a stage.
    wanted = {shape for shape in found if shape[0] >= last.shape[1]}
    skipped = (keras.layers.ZeroPadding2D,)
    return [
        name
        for shape, name in found.items()
        if shape in wanted and not isinstance(model.get_layer(name), skipped)
    ]


def feature_maps(model, images, layers=None):
    """Compute feature maps.

    Args:
        model: a functional `keras.Model`.
        images: array `(N, H, W, 3)` of the model's input size, pixels 0 to 255.
        layers: list of layer names; `stage_layers` when `None`. Defaults to
            `None`.

    Returns:
        Dict from layer name to array `(N, h, w, channels)`, float32.

    Raises:
        InputError: for an unknown layer or images of another shape.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.models import ResNet18
        >>> model = ResNet18(width=0.125, input_shape=(32, 32, 3))
        >>> maps = feature_maps(model, np.zeros((1, 32, 32, 3)))
        >>> maps["stage4_out"].shape
        (1, 4, 4, 64)
    """
    images = np.asarray(images)
    shape = tuple(model.input_shape[1:])
    if images.ndim != 4 or images.shape[1:] != shape:
        raise InputError(
            f"`images` must be (N, {', '.join(map(str, shape))}). "
            f"Received: shape={images.shape}"
        )
    layers = stage_layers(model) if layers is None else list(layers)
    taps = keras.Model(model.inputs[0], [feature_tensor(model, n) for n in layers])
    values = taps(images.astype(np.float32), training=False)
    values = values if isinstance(values, list | tuple) else [values]
    return {
        name: np.asarray(
            keras.ops.convert_to_numpy(keras.ops.cast(v, "float32")), np.float32
        )
        for name, v in zip(layers, values, strict=True)
    }


def feature_sheet(model, image, layers=None, channels=8, side=128):
    """Draw the feature maps of one image, a row per stage (Figure 11).

    A row shows the mean of all maps of the stage, then the maps of highest
    variance, each stretched to its own range; yellow is strong, dark is weak.

    Args:
        model: a functional `keras.Model`.
        image: array `(H, W, 3)` of the model's input size, uint8.
        layers: list of layer names; `stage_layers` when `None`. Defaults to
            `None`.
        channels: maps per row beside the mean. Defaults to `8`.
        side: of a map in pixels. Defaults to `128`.

    Returns:
        Array `(h, w, 3)`, uint8, RGB.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.models import ResNet18
        >>> model = ResNet18(width=0.125, input_shape=(32, 32, 3))
        >>> feature_sheet(model, np.zeros((32, 32, 3), "uint8"), side=32).ndim
        3
    """
    maps = feature_maps(model, np.asarray(image)[None], layers)
    return sheet_of_maps({k: v[0] for k, v in maps.items()}, image, channels, side)
