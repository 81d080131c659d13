"""Train the last stages of a network, and leave the rest as it was learnt."""

import contextlib
import re

import keras

from rkd_keras.errors import InputError


@contextlib.contextmanager
def unfrozen(model, stages):
    """Let the last stages of a network train, and its head, while the context lasts.

    Batch normalisation stays as it is everywhere, its statistics too: with small
    batches of few images it would forget what it knows of the world. Afterwards all
    layers may train again.

    Args:
        model: a built, functional `keras.Model`; changed in place.
        stages: number of stages from the end, at least 1; see `stage_ends`. More than
            there are let all of the network train.

    Yields:
        The model.

    Raises:
        InputError: when `stages` is below 1.

    Example:
        >>> from rkd_keras.models import EfficientNetLite0
        >>> model = EfficientNetLite0(width=0.25, input_shape=(32, 32, 3))
        >>> with unfrozen(model, stages=1):
        ...     [weight.path.split("/")[0] for weight in model.trainable_weights]
        ['stage7_block1_expand_conv', 'stage7_block1_depthwise_conv', \
'stage7_block1_project_conv', 'top_conv', 'logits', 'logits']
    """
    if stages < 1:
        raise InputError(f"stages must be at least 1, not {stages}")
    ends = stage_ends(model)
    cut = ends[-stages - 1] if stages < len(ends) else -1
    before = [layer.trainable for layer in model.layers]
    try:
        for place, layer in enumerate(model.layers):
            if place <= cut or isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False
        yield model
    finally:
        for layer, trainable in zip(model.layers, before, strict=True):
            layer.trainable = trainable


def stage_ends(model):
    """Find where the stages of a network end.

    Stages are what the networks of this package call so (`stage1_out`, ...); in any
    other network a stage ends where the maps get smaller.

    Args:
        model: a built, functional `keras.Model`.

    Returns:
        List of places in `model.layers`, one for each stage, ascending.

    Example:
        >>> from rkd_keras.models import ResNet18
        >>> model = ResNet18(width=0.125, input_shape=(32, 32, 3))
        >>> [model.layers[place].name for place in stage_ends(model)]
        ['stage1_out', 'stage2_out', 'stage3_out', 'stage4_out']
    """
    layers = list(enumerate(model.layers))
    named = [i for i, layer in layers if re.fullmatch(r"stage\d+_out", layer.name)]
    if named:
        return named
    maps = [(i, _side(layer)) for i, layer in layers if _side(layer)]
    ends = [i for (i, side), (_, later) in zip(maps, maps[1:], strict=False)
            if later < side]  # fmt: skip
    return [*ends, maps[-1][0]] if maps else []


def _side(layer):
    shape = getattr(layer.output, "shape", ())
    return shape[1] if len(shape) == 4 else None
