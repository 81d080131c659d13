"""Classifiers on the networks of `keras.applications`."""

import functools
import inspect
import sys

import keras
import numpy as np
from keras import layers

from rkd_keras.errors import InputError
from rkd_keras.models.blocks import classify
from rkd_keras.models.imagenet_weights import IMAGENET
from rkd_keras.models.registry import normalized, public

# Tells Keras's ResNet50 from the package's.
PREFIX = "keras_"


@public
def application_classifier(
    application,
    num_classes=6,
    input_shape=(224, 224, 3),
    dropout=0.0,
    include_preprocessing=True,
    classifier_activation=None,
    weights=None,
    name=None,
):
    """Build a classifier on a network of `keras.applications`.

    The network takes pixels of 0 to 255, as all models here do: what its own
    `preprocess_input` does to them becomes part of the model.

    Args:
        application: the network's name in `keras.applications`, such as
            `"EfficientNetV2B0"`; case, dashes and underscores do not matter.
        num_classes: number of classes. Defaults to `6`.
        input_shape: `(height, width, channels)` in pixels. Defaults to
            `(224, 224, 3)`.
        dropout: rate before the last layer, in [0, 1). Defaults to `0.0`.
        include_preprocessing: whether the model takes pixels of 0 to 255, instead
            of what the network's `preprocess_input` makes of them. Defaults to
            `True`.
        classifier_activation: activation of the last layer, `None` for logits.
            Defaults to `None`.
        weights: `"imagenet"`, which Keras fetches from the network once and keeps
            in `~/.keras/models`; path of a `.weights.h5` or `.keras` file of the
            whole classifier; or `None`. Defaults to `None`.
        name: name of the model. Defaults to the application's in lower case.

    Returns:
        A `keras.Model` from images `(batch, height, width, channels)` to logits
        `(batch, num_classes)`. The pooled features are the layer `embedding`, the
        head is the layer `logits`.

    Raises:
        InputError: for an unknown name, a size that the network cannot take, or
            weights that cannot be fetched; the message says which file belongs
            where.

    Example:
        >>> model = application_classifier(
        ...     "MobileNetV3Small", num_classes=3, input_shape=(64, 64, 3)
        ... )
        >>> model.get_layer("embedding").output.shape, model.output_shape
        ((None, 576), (None, 3))
    """
    known = applications()
    key = normalized(application)
    if key not in known:
        raise InputError(
            f"keras.applications has no {application!r}; it has "
            f"{', '.join(builder.__name__ for builder in known.values())}"
        )
    builder = known[key]
    inputs = x = keras.Input(tuple(input_shape), name="image")
    options = {}
    if include_preprocessing:
        x = _preprocessed(x, builder)
    elif "include_preprocessing" in inspect.signature(builder).parameters:
        options["include_preprocessing"] = False
    elif _affine(builder) is None:
        raise InputError(
            f"{builder.__name__} of keras.applications always prepares its pixels "
            "itself; leave include_preprocessing at True"
        )
    network = _built(
        builder,
        include_top=False,
        input_tensor=x,
        input_shape=tuple(input_shape),
        weights=IMAGENET if weights == IMAGENET else None,
        **options,
    )
    x, last = network.output, network.layers[-1]
    # ConvNeXt normalises what it has pooled; without its top, what it has not.
    normalises = isinstance(last, layers.LayerNormalization)
    x = layers.GlobalAveragePooling2D(name="embedding")(last.input if normalises else x)
    if normalises:
        x = last(x)
    own = None if weights == IMAGENET else weights
    name = name or builder.__name__.lower()
    return classify(inputs, x, num_classes, dropout, classifier_activation, own, name)


def applications():
    """List the networks of `keras.applications`.

    Returns:
        Dict of normalised name to builder.

    Example:
        >>> applications()["mobilenetv3small"].__name__
        'MobileNetV3Small'
    """
    return {
        normalized(name): builder
        for name, builder in vars(keras.applications).items()
        if inspect.isfunction(builder)
    }


def find_application(name):
    """Find the builder of a network of `keras.applications`.

    Args:
        name: its name, with or without `keras_` before it.

    Returns:
        A function as `application_classifier` without its first argument, or
        `None`.

    Example:
        >>> find_application("keras_resnet50").args
        ('resnet50',)
        >>> find_application("nothing") is None
        True
    """
    key = normalized(name)
    for each in (key, key.removeprefix(normalized(PREFIX))):
        if each in applications():
            return functools.partial(application_classifier, each)
    return None


def _affine(builder):
    """Work out what `preprocess_input` does: `(whether BGR, scale, offset)`.

    Each channel of its answer is some channel times a factor plus an offset, which
    four pixels tell. `None` where it leaves pixels as they are, for the network
    itself prepares them.
    """
    pixels = np.zeros((4, 1, 1, 3), "float32")
    pixels[[1, 2, 3], 0, 0, [0, 1, 2]] = 255.0
    prepare = sys.modules[inspect.unwrap(builder).__module__].preprocess_input
    answer = np.asarray(prepare(pixels), "float64")[:, 0, 0]
    offset, matrix = answer[0], (answer[1:] - answer[0]) / 255.0
    flipped = matrix[0, 0] == 0.0
    scale = np.diag(matrix[::-1] if flipped else matrix)
    if not flipped and np.allclose(scale, 1.0) and not np.any(offset):
        return None
    return flipped, scale.tolist(), offset.tolist()


def _preprocessed(x, builder):
    affine = _affine(builder)
    if affine is None:
        return x
    flipped, scale, offset = affine
    if flipped:
        x = keras.ops.flip(x, axis=-1)
    return layers.Rescaling(scale, offset, name="preprocessing")(x)


def _built(builder, **options):
    name = builder.__name__
    try:
        return builder(**options)
    except Exception as error:  # Keras raises a bare Exception without a network
        call = _failed_fetch(error)
        if call is not None:
            raise InputError(
                f"the ImageNet weights of {name} cannot be fetched here; fetch "
                f"{call['origin']} elsewhere and put it into "
                f"{call.get('datadir', '~/.keras/models')} as {call['fname']}"
            ) from error
        if isinstance(error, ValueError):
            raise InputError(f"{name} of keras.applications: {error}") from error
        raise


def _failed_fetch(error):
    """Return the arguments of Keras's `get_file` where it raised, else `None`."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_name == "get_file":
            return dict(trace.tb_frame.f_locals)
        trace = trace.tb_next
    return None
