"""Weights of the PyTorch originals, brought into the networks of the zoo."""

import re

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.models.registry import public


def _kind(position):
    """Name an element of `Sequential(conv, bn, relu)`."""
    return "bn" if position % 3 else "conv"


def _nth(position):
    """Name an element of `Sequential(conv, bn, relu, conv, bn, relu, ...)`."""
    return f"{position // 3 + 1}_{_kind(position)}"


# A pattern for the name of a PyTorch module, and the function that makes the layer's
# name of the pattern's groups (numbers arrive as integers).
_RULES = {
    "resnet": {
        r"conv1\.([01])": lambda p: f"stem_{_kind(p)}",
        r"conv(\d)_x\.(\d+)\.residual_function\.(\d)": lambda s, b, p: (
            f"stage{s - 1}_block{b + 1}_{_nth(p)}"
        ),
        r"conv(\d)_x\.(\d+)\.shortcut\.([01])": lambda s, b, p: (
            f"stage{s - 1}_block{b + 1}_shortcut_{_kind(p)}"
        ),
        "fc": lambda: "logits",
    },
    "resnext": {
        r"conv1\.([01])": lambda p: f"stem_{_kind(p)}",
        r"conv(\d)\.(\d+)\.split_transforms\.(\d)": lambda s, b, p: (
            f"stage{s - 1}_block{b + 1}_{_nth(p)}"
        ),
        r"conv(\d)\.(\d+)\.shortcut\.([01])": lambda s, b, p: (
            f"stage{s - 1}_block{b + 1}_shortcut_{_kind(p)}"
        ),
        "fc": lambda: "logits",
    },
    "se_resnet": {
        r"pre\.([01])": lambda p: f"stem_{_kind(p)}",
        r"stage(\d)\.(\d+)\.residual\.(\d)": lambda s, b, p: (
            f"stage{s}_block{b + 1}_{_nth(p)}"
        ),
        r"stage(\d)\.(\d+)\.shortcut\.([01])": lambda s, b, p: (
            f"stage{s}_block{b + 1}_shortcut_{_kind(p)}"
        ),
        r"stage(\d)\.(\d+)\.excitation\.0": lambda s, b: (
            f"stage{s}_block{b + 1}_squeeze"
        ),
        r"stage(\d)\.(\d+)\.excitation\.2": lambda s, b: (
            f"stage{s}_block{b + 1}_excite"
        ),
        "linear": lambda: "logits",
    },
    "googlenet": {
        r"prelayer\.(\d)": lambda p: f"stem{_nth(p)}",
        r"([a-e])(\d)\.b1\.([01])": lambda m, s, p: f"inception{s}{m}_1x1_{_kind(p)}",
        r"([a-e])(\d)\.b2\.([01])": lambda m, s, p: (
            f"inception{s}{m}_3x3_reduce_{_kind(p)}"
        ),
        r"([a-e])(\d)\.b2\.([34])": lambda m, s, p: f"inception{s}{m}_3x3_{_kind(p)}",
        r"([a-e])(\d)\.b3\.([01])": lambda m, s, p: (
            f"inception{s}{m}_5x5_reduce_{_kind(p)}"
        ),
        r"([a-e])(\d)\.b3\.([3467])": lambda m, s, p: (
            f"inception{s}{m}_5x5_{_nth(p - 3)}"
        ),
        # The pool stands before the convolution.
        r"([a-e])(\d)\.b4\.([12])": lambda m, s, p: (
            f"inception{s}{m}_pool_proj_{_kind(p - 1)}"
        ),
        "linear": lambda: "logits",
    },
    "densenet": {
        "conv1": lambda: "stem_conv",
        # bn, relu, conv, bn, relu, conv.
        r"features\.dense_block(?:_layer_)?(\d)\.bottle_neck_layer_(\d+)"
        r"\.bottle_neck\.(\d)": lambda b, n, p: (
            f"block{b + 1}_layer{n + 1}_{p // 3 + 1}_{'conv' if p % 3 else 'bn'}"
        ),
        r"features\.transition_layer_(\d)\.down_sample\.([01])": lambda b, p: (
            f"transition{b + 1}_{'conv' if p else 'bn'}"
        ),
        r"features\.bn": lambda: "out_bn",
        "linear": lambda: "logits",
    },
    "inception_v3": {
        r"Conv2d_1a_3x3\.(conv|bn)": lambda k: f"stem1_{k}",
        r"Conv2d_2a_3x3\.(conv|bn)": lambda k: f"stem2_{k}",
        r"Conv2d_2b_3x3\.(conv|bn)": lambda k: f"stem3_{k}",
        r"Conv2d_3b_1x1\.(conv|bn)": lambda k: f"stem4_{k}",
        r"Conv2d_4a_3x3\.(conv|bn)": lambda k: f"stem5_{k}",
        r"Mixed_(\d\w)\.branch_?pool\.1\.(conv|bn)": lambda m, k: (
            f"mixed{m}_branchpool_{k}"
        ),
        r"Mixed_(\d\w)\.(\w+)\.(\d)\.(conv|bn)": lambda m, b, p, k: (
            f"mixed{m}_{b}_{p + 1}_{k}"
        ),
        r"Mixed_(\d\w)\.(\w+)\.(conv|bn)": lambda m, b, k: f"mixed{m}_{b}_{k}",
        "linear": lambda: "logits",
    },
    "squeezenet": {
        r"stem\.([01])": lambda p: f"stem_{_kind(p)}",
        r"fire(\d)\.squeeze\.([01])": lambda n, p: f"fire{n}_squeeze_{_kind(p)}",
        r"fire(\d)\.expand_([13]x[13])\.([01])": lambda n, k, p: (
            f"fire{n}_expand{k}_{_kind(p)}"
        ),
        "conv10": lambda: "logits",
    },
    "mobilenet_v1": {
        r"stem\.0\.(conv|bn)": lambda k: f"stem_{k}",
        r"stem\.1\.(depthwise|pointwise)\.([01])": lambda k, p: (
            f"block1_{k}_{_kind(p)}"
        ),
        r"conv([1-4])\.(\d)\.(depthwise|pointwise)\.([01])": lambda s, b, k, p: (
            f"block{(2, 4, 6, 12)[s - 1] + b}_{k}_{_kind(p)}"
        ),
        "fc": lambda: "logits",
    },
    "mobilenet_v2": {
        r"pre\.([01])": lambda p: f"stem_{_kind(p)}",
        r"stage(\d)(?:\.(\d))?\.residual\.(\d)": lambda s, b, p: (
            f"stage{s}_block{(b or 0) + 1}"
            f"_{('expand', 'depthwise', 'project')[p // 3]}_{_kind(p)}"
        ),
        r"conv1\.([01])": lambda p: f"top_{_kind(p)}",
        "conv2": lambda: "logits",
    },
    # Its blocks are numbered through all stages, from 0.
    "efficientnet_lite": {
        "_conv_stem": lambda: "stem_conv",
        "_bn0": lambda: "stem_bn",
        r"_blocks\.(\d+)\._(expand|depthwise|project)_conv": lambda n, k: (
            f"block{n}_{k}_conv"
        ),
        r"_blocks\.(\d+)\._bn([012])": lambda n, k: (
            f"block{n}_{('expand', 'depthwise', 'project')[k]}_bn"
        ),
        "_conv_head": lambda: "top_conv",
        "_bn1": lambda: "top_bn",
        "_fc": lambda: "logits",
    },
}

_PARTS = {
    "weight": ("kernel", "gamma"),
    "bias": ("bias", "beta"),
    "running_mean": ("moving_mean",),
    "running_var": ("moving_variance",),
}


@public
def load_torch_weights(model, state_dict, family=None):
    """Load the weights of the PyTorch original of a network.

    The originals are the CIFAR networks that the paper's Table 6 counts
    (github.com/weiaicunzai/pytorch-cifar100) and the port of EfficientNet-Lite
    (github.com/ml-illustrated/EfficientNet-Lite-PyTorch). Their arithmetic and
    ours agree to rounding: the same weights give the same logits for inputs that
    are scaled alike (the models' own `Rescaling` apart; GoogLeNet with its own
    `branch_epsilon`). A head for another number of classes is left as it is, so that
    pretrained networks can be fine-tuned.

    Args:
        model: a ResNet, ResNeXt, SEResNet, GoogLeNet, DenseNet121, InceptionV3,
            SqueezeNet, MobileNet or EfficientNetLite of this package; changed in
            place.
        state_dict: mapping from PyTorch's names to arrays or tensors.
        family: which network's names to expect, one of `"resnet"`, `"resnext"`,
            `"se_resnet"`, `"googlenet"`, `"densenet"`, `"inception_v3"`,
            `"squeezenet"`, `"mobilenet_v1"`, `"mobilenet_v2"`,
            `"efficientnet_lite"`. Defaults to the one that `model.name` begins
            with.

    Returns:
        The names of the layers that were left alone: `["logits"]` if the number
        of classes differs, else `[]`.

    Raises:
        InputError: if `family` is unknown, or names, numbers or shapes of the
            weights do not fit the model.

    Example:
        >>> from rkd_keras.models import SqueezeNet
        >>> load_torch_weights(SqueezeNet(width=0.125), {})
        Traceback (most recent call last):
        ...
        rkd_keras.errors.InputError: the weights lack ... of model squeezenet...
    """
    rules = _RULES[_find_family(model, family)]
    layers = _layers(model)
    missing = {w.path for layer in layers.values() for w in layer.weights}
    kept = set()
    for torch_name, value in state_dict.items():
        module, _, part = torch_name.rpartition(".")
        if part == "num_batches_tracked":
            continue
        layer = _find_layer(layers, rules, module, torch_name, model)
        weight = _find_weight(layer, part, torch_name)
        value = _to_keras(np.asarray(value), weight, layer)
        if value.shape == tuple(weight.shape):
            weight.assign(value)
        elif layer.name == "logits":
            kept.add("logits")
        else:
            raise InputError(
                f"{torch_name} has shape {value.shape} where layer {layer.name} of "
                f"model {model.name} has {tuple(weight.shape)}; build the model with "
                "the width and depth of the weights"
            )
        missing.discard(weight.path)
    if missing:
        raise InputError(
            f"the weights lack {sorted(missing)[0].split('/')[0]} of model "
            f"{model.name} and {len(missing) - 1} other arrays; give the state dict "
            "of the same network"
        )
    return sorted(kept)


def _layers(model):
    """Layers with weights by name, and by a block's number through all stages."""
    layers = {layer.name: layer for layer in model.layers if layer.weights}
    blocks = {}
    for name, layer in list(layers.items()):
        if match := re.match(r"stage\d+_block\d+(?=_)", name):
            number = blocks.setdefault(match[0], len(blocks))
            layers.setdefault(f"block{number}{name[match.end() :]}", layer)
    return layers


def _find_family(model, family):
    if family is None:
        found = [name for name in _RULES if model.name.startswith(name)]
        family = found[0] if found else model.name
    if family not in _RULES:
        raise InputError(
            f"no PyTorch original is known for {family!r}; give family= one of "
            f"{', '.join(_RULES)}"
        )
    return family


def _find_layer(layers, rules, module, torch_name, model):
    for pattern, rename in rules.items():
        match = re.fullmatch(pattern, module)
        if match is None:
            continue
        groups = [int(g) if g and g.isdigit() else g for g in match.groups()]
        name = rename(*groups)
        # The last block of a stage is named after the stage alone.
        for candidate in (name, re.sub(r"_block\d+", "", name)):
            if candidate in layers:
                return layers[candidate]
    raise InputError(
        f"{torch_name} has no counterpart in model {model.name}; give the weights of "
        "the same network and depth"
    )


def _find_weight(layer, part, torch_name):
    for weight in layer.weights:
        if weight.name in _PARTS.get(part, ()):
            return weight
    raise InputError(f"{torch_name} has no counterpart in layer {layer.name}")


def _to_keras(value, weight, layer):
    if value.ndim == 4 and layer.name == "logits":
        return value[:, :, 0, 0].T
    if value.ndim == 4 and type(layer).__name__ == "DepthwiseConv2D":
        return value.transpose(2, 3, 0, 1)
    if value.ndim == 4:
        return value.transpose(2, 3, 1, 0)
    return value.T if weight.name == "kernel" else value
