"""PyTorch twins of GoogLeNet and Inception-v3 (see `torch_twins.py`)."""

import torch
from torch import nn
from torch.nn import functional as F
from torch_parts import Named, cat, chain, mean, unit

# Of each module: 1x1; 3x3 reduced, 3x3; 5x5 reduced, 5x5; after the pool.
GOOGLENET = {
    "a3": (64, 96, 128, 16, 32, 32),
    "b3": (128, 128, 192, 32, 96, 64),
    "a4": (192, 96, 208, 16, 48, 64),
    "b4": (160, 112, 224, 24, 64, 64),
    "c4": (128, 128, 256, 24, 64, 64),
    "d4": (112, 144, 288, 32, 64, 64),
    "e4": (256, 160, 320, 32, 128, 128),
    "a5": (256, 160, 320, 32, 128, 128),
    "b5": (384, 192, 384, 48, 128, 128),
}
# Of an Inception-v3 convolution: kernel, stride, padding.
DOWN, ACROSS = ((7, 1), 1, (3, 0)), ((1, 7), 1, (0, 3))


def googlenet(scaled, num_classes):
    """Build GoogLeNet."""
    n64, n192 = scaled(64), scaled(192)
    children = {
        "prelayer": nn.Sequential(
            *unit(3, n64, 3), *unit(n64, n64, 3), *unit(n64, n192, 3)
        )
    }
    channels = n192
    for name, row in GOOGLENET.items():
        row = [scaled(n) for n in row]
        children[name] = googlenet_module(channels, *row)
        channels = row[0] + row[2] + row[4] + row[5]
    children["linear"] = nn.Linear(channels, num_classes)

    def forward(m, x):
        x = F.max_pool2d(m.prelayer(x), 3, 2, 1)
        for name in GOOGLENET:
            x = getattr(m, name)(x)
            if name in ("b3", "e4"):
                x = F.max_pool2d(x, 3, 2, 1)
        return m.linear(mean(x))

    return Named(forward, **children)


def googlenet_module(a, n1, r3, n3, r5, n5, pool):
    """Four branches side by side."""
    return Named(
        lambda m, x: cat(m, x, "b1", "b2", "b3", "b4"),
        b1=nn.Sequential(*unit(a, n1, 1, bias=True)),
        b2=nn.Sequential(*unit(a, r3, 1, bias=True), *unit(r3, n3, 3, bias=True)),
        b3=nn.Sequential(
            *unit(a, r5, 1, bias=True),
            # `BatchNorm2d(n5, n5)` in the original: the second is epsilon.
            *unit(r5, n5, 3, bias=True, eps=n5),
            *unit(n5, n5, 3, bias=True),
        ),
        b4=nn.Sequential(nn.MaxPool2d(3, 1, 1), *unit(a, pool, 1, bias=True)),
    )


def inception_v3(n, num_classes):
    """Build Inception-v3; `n` scales a number of channels."""
    children = {
        "Conv2d_1a_3x3": basic(3, n(32), 3, 1, 1),
        "Conv2d_2a_3x3": basic(n(32), n(32), 3, 1, 1),
        "Conv2d_2b_3x3": basic(n(32), n(64), 3, 1, 1),
        "Conv2d_3b_1x1": basic(n(64), n(80), 1),
        "Conv2d_4a_3x3": basic(n(80), n(192), 3),
    }
    channels = n(192)
    for name, pool in (("5b", 32), ("5c", 64), ("5d", 64)):
        children[f"Mixed_{name}"] = a_module(n, channels, n(pool))
        channels = 2 * n(64) + n(96) + n(pool)
    children["Mixed_6a"] = b_module(n, channels)
    channels += n(384) + n(96)
    for name, c in (("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)):
        children[f"Mixed_{name}"] = c_module(n, channels, n(c))
        channels = 4 * n(192)
    children["Mixed_7a"] = d_module(n, channels)
    channels += n(320) + n(192)
    for name in ("7b", "7c"):
        children[f"Mixed_{name}"] = e_module(n, channels)
        channels = n(320) + 4 * n(384) + n(192)
    children["linear"] = nn.Linear(channels, num_classes)
    return Named(chain, **children)


def basic(a, b, k, s=1, p=0):
    """A convolution, its normalization and ReLU, under their names."""
    return Named(
        lambda m, x: F.relu(m.bn(m.conv(x))),
        conv=nn.Conv2d(a, b, k, s, p, bias=False),
        bn=nn.BatchNorm2d(b),
    )


def branch(a, *rows):
    """Convolutions in a row, each (channels, kernel, stride, padding)."""
    parts = []
    for b, k, s, p in rows:
        parts.append(basic(a, b, k, s, p))
        a = b
    return nn.Sequential(*parts)


def average(a, b, k, p):
    """A mean of 3 x 3 and a convolution."""
    return nn.Sequential(nn.AvgPool2d(3, 1, 1), basic(a, b, k, 1, p))


def a_module(n, a, pool):
    """The module at the first size."""
    names = ("branch1x1", "branch5x5", "branch3x3", "branchpool")
    return Named(
        lambda m, x: cat(m, x, *names),
        branch1x1=basic(a, n(64), 1),
        branch5x5=branch(a, (n(48), 1, 1, 0), (n(64), 5, 1, 2)),
        branch3x3=branch(a, (n(64), 1, 1, 0), (n(96), 3, 1, 1), (n(96), 3, 1, 1)),
        branchpool=average(a, pool, 3, 1),
    )


def b_module(n, a):
    """The module that leads to the second size."""
    return Named(
        lambda m, x: cat(m, x, "branch3x3", "branch3x3stack", "branchpool"),
        branch3x3=basic(a, n(384), 3, 2),
        branch3x3stack=branch(a, (n(64), 1, 1, 0), (n(96), 3, 1, 1), (n(96), 3, 2, 0)),
        branchpool=nn.MaxPool2d(3, 2),
    )


def c_module(n, a, c):
    """The module at the second size, of kernels 7 x 1 and 1 x 7."""
    names = ("branch1x1", "branch7x7", "branch7x7stack", "branch_pool")
    last = (n(192), *ACROSS)
    return Named(
        lambda m, x: cat(m, x, *names),
        branch1x1=basic(a, n(192), 1),
        branch7x7=branch(a, (c, 1, 1, 0), (c, *DOWN), last),
        branch7x7stack=branch(
            a, (c, 1, 1, 0), (c, *DOWN), (c, *ACROSS), (c, *DOWN), last
        ),
        branch_pool=average(a, n(192), 1, 0),
    )


def d_module(n, a):
    """The module that leads to the third size."""
    c = n(192)
    return Named(
        lambda m, x: cat(m, x, "branch3x3", "branch7x7", "branchpool"),
        branch3x3=branch(a, (c, 1, 1, 0), (n(320), 3, 2, 0)),
        branch7x7=branch(a, (c, 1, 1, 0), (c, *ACROSS), (c, *DOWN), (c, 3, 2, 0)),
        branchpool=nn.AvgPool2d(3, 2),
    )


def e_module(n, a):
    """The module at the third size, whose branches fork."""
    c = n(384)

    def forward(m, x):
        y = m.branch3x3_1(x)
        z = m.branch3x3stack_2(m.branch3x3stack_1(x))
        parts = [m.branch1x1(x), m.branch3x3_2a(y), m.branch3x3_2b(y)]
        parts += [m.branch3x3stack_3a(z), m.branch3x3stack_3b(z)]
        return torch.cat([*parts, m.branch_pool(x)], 1)

    return Named(
        forward,
        branch1x1=basic(a, n(320), 1),
        branch3x3_1=basic(a, c, 1),
        branch3x3_2a=basic(c, c, (1, 3), 1, (0, 1)),
        branch3x3_2b=basic(c, c, (3, 1), 1, (1, 0)),
        branch3x3stack_1=basic(a, n(448), 1),
        branch3x3stack_2=basic(n(448), c, 3, 1, 1),
        branch3x3stack_3a=basic(c, c, (1, 3), 1, (0, 1)),
        branch3x3stack_3b=basic(c, c, (3, 1), 1, (1, 0)),
        branch_pool=average(a, n(192), 1, 0),
    )
