"""The parts that all PyTorch twins are built of (see `torch_twins.py`)."""

import torch
from torch import nn


class Named(nn.Module):
    """Children by name and the function that joins them."""

    def __init__(self, forward, **children):
        super().__init__()
        self.join = forward
        for name, child in children.items():
            self.add_module(name, child)

    def forward(self, x):
        return self.join(self, x)


def conv(a, b, k, s=1, p=None, g=1, bias=False):
    """A convolution from `a` to `b` channels that keeps the size at stride 1."""
    p = k // 2 if p is None else p
    return nn.Conv2d(a, b, k, s, p, groups=g, bias=bias)


def unit(a, b, k, s=1, p=None, g=1, bias=False, act=nn.ReLU, eps=1e-5):
    """A convolution, its normalization and activation, as a list."""
    parts = [conv(a, b, k, s, p, g, bias), nn.BatchNorm2d(b, eps)]
    return [*parts, act()] if act else parts


def mean(x):
    """Mean over the picture."""
    return x.mean((2, 3))


def cat(m, x, *names):
    """What the named branches make of `x`, side by side."""
    return torch.cat([getattr(m, name)(x) for name in names], 1)


def chain(m, x):
    """Child after child, the head on the mean over the picture."""
    *body, last = m.children()
    for child in body:
        x = child(x)
    return last(mean(x))
