"""What a network sees at each stage: feature maps and their sheets (Figure 11)."""

import cv2
import keras
import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.explain.grad_cam import feature_tensor
from rkd_keras.files.images import to_rgb_uint8

GAP = 6
CAPTION = 26
INK = (40, 40, 40)


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


def sheet_of_maps(maps, image, channels=8, side=128):
    """Draw feature maps that were computed elsewhere, see `feature_sheet`.

    Args:
        maps: dict from caption to array `(h, w, channels)`, float.
        image: array `(H, W, 3)`, uint8, what they were computed of.
        channels: maps per row beside the mean. Defaults to `8`.
        side: of a map in pixels. Defaults to `128`.

    Returns:
        Array `(h, w, 3)`, uint8, RGB.
    """
    cell = side + GAP
    sheet = np.full(
        ((side + CAPTION) * len(maps) + GAP, cell * (channels + 2) + GAP, 3),
        255,
        np.uint8,
    )
    picture = cv2.resize(
        to_rgb_uint8(image), (side, side), interpolation=cv2.INTER_AREA
    )
    for row, (name, values) in enumerate(maps.items()):
        top = GAP + row * (side + CAPTION)
        if row == 0:
            sheet[top : top + side, GAP : GAP + side] = picture
            _write(sheet, "input", GAP, top + side)
        order = np.argsort(-values.var(axis=(0, 1)), kind="stable")[:channels]
        tiles = [("mean", values.mean(axis=-1))]
        tiles += [(f"map {i}", values[..., i]) for i in order.tolist()]
        for column, (caption, tile) in enumerate(tiles, start=1):
            left = GAP + column * cell
            sheet[top : top + side, left : left + side] = _painted(tile, side)
            if column == 1:
                height, width, depth = values.shape
                caption = f"{name} {height}x{width}x{depth}"
            _write(sheet, caption, left, top + side)
    return sheet


def _painted(tile, side):
    low, high = float(tile.min()), float(tile.max())
    scaled = (tile - low) / (high - low) if high > low else np.zeros_like(tile)
    scaled = (scaled * 255).round().astype(np.uint8)
    scaled = cv2.resize(scaled, (side, side), interpolation=cv2.INTER_NEAREST)
    return cv2.applyColorMap(scaled, cv2.COLORMAP_VIRIDIS)[..., ::-1]


def _write(sheet, text, left, top):
    at = (left + 1, top + 16)
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(sheet, text, at, font, 0.38, INK, 1, cv2.LINE_AA)
