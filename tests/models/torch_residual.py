"""PyTorch twins of ResNet, SE-ResNet and ResNeXt (see `torch_twins.py`)."""

from torch import nn
from torch.nn import functional as F
from torch_parts import Named, chain, mean, unit

DEPTHS = {
    "18": (2, 2, 2, 2),
    "34": (3, 4, 6, 3),
    "50": (3, 4, 6, 3),
    "101": (3, 4, 23, 3),
}
# Of each style: a block's main path; stem, stages and the first's number, head.
BLOCKS = {"plain": "residual_function", "se": "residual", "resnext": "split_transforms"}
NAMES = {
    "plain": ("conv1", "conv{}_x", 2, "fc"),
    "se": ("pre", "stage{}", 1, "linear"),
    "resnext": ("conv1", "conv{}", 2, "fc"),
}


def residual_net(style, number, scaled, num_classes):
    """Build a network of a style (`"plain"`, `"se"`, `"resnext"`) and depth."""
    expansion = 1 if number in ("18", "34") else 4
    stem = scaled(64)
    bias = style == "se"
    stem_name, stage_name, first_number, head_name = NAMES[style]
    children = {stem_name: nn.Sequential(*unit(3, stem, 3, bias=bias))}
    channels = stem
    for stage, depth in enumerate(DEPTHS[number]):
        w = scaled(64 * 2**stage)
        out = expansion * w
        blocks = []
        for index in range(depth):
            stride = 2 if stage and index == 0 else 1
            if style == "resnext":
                path = split_path(channels, w, out, stride, g=min(32, stem))
            else:
                path = main_path(channels, w, out, stride, bias)
            blocks.append(residual_block(BLOCKS[style], path, channels, out, stride))
            channels = out
        children[stage_name.format(stage + first_number)] = nn.Sequential(*blocks)
    children[head_name] = nn.Linear(channels, num_classes)
    return Named(chain, **children)


def split_path(a, w, out, stride, g):
    """ResNeXt's path in groups."""
    parts = [*unit(a, 2 * w, 1, g=g), *unit(2 * w, 2 * w, 3, stride, g=g)]
    return [*parts, *unit(2 * w, out, 1, act=None)]


def main_path(a, w, out, stride, bias):
    """ResNet's path, of two convolutions or three; SE-ResNet's has biases."""
    last = nn.ReLU if bias else None
    if out == w:
        parts = unit(a, w, 3, stride, bias=bias)
        return parts + unit(w, w, 3, bias=bias, act=last)
    parts = [*unit(a, w, 1, bias=bias), *unit(w, w, 3, stride, bias=bias)]
    return parts + unit(w, out, 1, bias=bias, act=last)


def residual_block(name, path, a, out, stride):
    """A path, its shortcut and, in SE-ResNet, the excitation."""
    excited = name == BLOCKS["se"]
    shortcut = nn.Sequential()
    if stride != 1 or a != out:
        shortcut = nn.Sequential(*unit(a, out, 1, stride, bias=excited, act=None))
    children = {name: nn.Sequential(*path), "shortcut": shortcut}
    if excited:
        hidden = max(4, out // 16)
        children["excitation"] = nn.Sequential(
            nn.Linear(out, hidden),
            nn.ReLU(),
            nn.Linear(hidden, out),
            nn.Sigmoid(),
        )

    def forward(m, x):
        y = getattr(m, name)(x)
        if excited:
            y = y * m.excitation(mean(y))[:, :, None, None]
        return F.relu(y + m.shortcut(x))

    return Named(forward, **children)
