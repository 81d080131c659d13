"""Classifiers on a network out of a file."""

import keras
from keras import layers

from rkd_keras.errors import InputError
from rkd_keras.models.blocks import classify
from rkd_keras.models.load import load_model
from rkd_keras.models.registry import public
from rkd_keras.models.taps import layer_call

# What a network wants instead of pixels of 0 to 255, red first: factor and offset
# of each channel, and whether blue comes first.
PIXELS = {
    "0..255": None,
    "0..1": ([1 / 255] * 3, [0.0] * 3, False),
    "-1..1": ([1 / 127.5] * 3, [-1.0] * 3, False),
    # Means and spreads of ImageNet, as PyTorch's and as Caffe's models want them.
    "torch": (
        [1 / (255 * spread) for spread in (0.229, 0.224, 0.225)],
        [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225],
        False,
    ),
    "caffe": ([1.0] * 3, [-103.939, -116.779, -123.68], True),
}


@public
def backbone_classifier(
    num_classes=6,
    input_shape=None,
    backbone=None,
    tap=None,
    pixels="0..255",
    dropout=0.0,
    include_preprocessing=True,
    classifier_activation=None,
    weights=None,
    name="backbone",
):
    """Build a classifier on the model in a `.keras` file.

    The file's layers up to `tap` are kept with their weights, their maps are
    pooled, and a fresh dense layer is put on top.

    Args:
        num_classes: number of classes. Defaults to `6`.
        input_shape: `(height, width, channels)` in pixels, `None` for the file's
            own. Defaults to `None`.
        backbone: path of the file, or of a run directory; it must be given.
        tap: layer whose output becomes the embedding: maps `(batch, height, width,
            channels)`, which are averaged, or vectors `(batch, features)`. `None`
            for the layer `embedding` or, without one, the model's output if that
            is maps. Defaults to `None`.
        pixels: what the file's model wants: `"0..255"` for pixels as they are,
            `"0..1"`, `"-1..1"`, `"torch"` (ImageNet's means and spreads), `"caffe"`
            (blue first, means subtracted). Defaults to `"0..255"`.
        dropout: rate before the last layer, in [0, 1). Defaults to `0.0`.
        include_preprocessing: whether pixels of 0 to 255 become what `pixels` says
            inside the model. Defaults to `True`.
        classifier_activation: activation of the last layer, `None` for logits.
            Defaults to `None`.
        weights: path of a `.weights.h5` or `.keras` file of the whole classifier,
            or `None` for the file's own. Defaults to `None`.
        name: name of the model. Defaults to `"backbone"`.

    Returns:
        A `keras.Model` from images `(batch, height, width, channels)` to logits
        `(batch, num_classes)`. The embedding is the layer `embedding`, the head is
        the layer `logits`.

    Raises:
        InputError: when there is no such file or layer, the layer's output is
            neither maps nor vectors, or the file's model cannot take `input_shape`.

    Example:
        >>> import tempfile
        >>> from rkd_keras.models import ResNet18
        >>> model = ResNet18(width=0.125, input_shape=(32, 32, 3))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(f"{folder}/trunk.keras")
        ...     trunk = f"{folder}/trunk.keras"
        ...     mine = backbone_classifier(2, backbone=trunk, tap="stage2_out")
        >>> mine.input_shape, mine.get_layer("embedding").output.shape
        ((None, 32, 32, 3), (None, 16))
    """
    if backbone is None:
        raise InputError("a backbone is wanted; give backbone=, a .keras file")
    if pixels not in PIXELS:
        raise InputError(f"pixels must be one of {', '.join(PIXELS)}, not {pixels!r}")
    body = _body(load_model(backbone), tap, backbone)
    shape = tuple(input_shape or body.input_shape[1:])
    inputs = x = keras.Input(shape, name="image")
    if include_preprocessing and PIXELS[pixels]:
        scale, offset, flipped = PIXELS[pixels]
        if flipped:
            x = keras.ops.flip(x, axis=-1)
        x = layers.Rescaling(scale, offset, name="preprocessing")(x)

    def call(layer, *args, **kwargs):
        # Whoever took the image takes what was made of it.
        args, kwargs = keras.tree.map_structure(
            lambda each: x if each is inputs else each, (args, kwargs)
        )
        return layer(*args, **kwargs)

    # A copy around the new input: one graph, whose layers keep their names.
    try:
        copy = keras.models.clone_model(body, inputs, call_function=call)
        copy.set_weights(body.get_weights())
    except ValueError as error:
        raise InputError(
            f"the model of {backbone} cannot take images of {shape}; it was built for "
            f"{body.input_shape[1:]}"
        ) from error
    x = copy.output
    if len(x.shape) == 4:
        x = layers.GlobalAveragePooling2D(name="embedding")(x)
    elif x._keras_history.operation.name != "embedding":
        x = layers.Identity(name="embedding")(x)
    return classify(
        inputs, x, num_classes, dropout, classifier_activation, weights, name
    )


def _body(model, tap, file):
    """Return the model up to the tapped layer."""
    names = [layer.name for layer in model.layers]
    if tap is None and "embedding" in names:
        tap = "embedding"
    if tap is not None:
        output = layer_call(model, tap)[1]
    elif len(model.outputs) == 1 and len(model.outputs[0].shape) == 4:
        output = model.outputs[0]
    else:
        raise InputError(
            f"{file} has no layer 'embedding'; give tap=, one of its layers, which end "
            f"in {', '.join(names[-8:])}"
        )
    if isinstance(output, list) or len(output.shape) not in (2, 4):
        raise InputError(
            f"layer {tap!r} of {file} gives neither maps nor vectors; give another tap="
        )
    if len(model.inputs) != 1:
        raise InputError(f"the model of {file} takes more than images; give another")
    return keras.Model(model.inputs[0], output, name=model.name)
