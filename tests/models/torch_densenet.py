"""PyTorch twin of DenseNet-121 (see `torch_twins.py`)."""

import torch
from torch import nn
from torch_parts import Named, conv, mean

DEPTHS = (6, 12, 24, 16)


def densenet121(scaled, num_classes):
    """Build DenseNet-121."""
    growth = scaled(32)
    channels, features = 2 * growth, nn.Sequential()
    for index, depth in enumerate(DEPTHS):
        block = nn.Sequential()
        for number in range(depth):
            block.add_module(
                f"bottle_neck_layer_{number}", dense_layer(channels, growth)
            )
            channels += growth
        last = index == len(DEPTHS) - 1
        name = f"dense_block{index}" if last else f"dense_block_layer_{index}"
        features.add_module(name, block)
        if not last:
            features.add_module(f"transition_layer_{index}", transition(channels))
            channels //= 2
    features.add_module("bn", nn.BatchNorm2d(channels))
    features.add_module("relu", nn.ReLU())
    return Named(
        lambda m, x: m.linear(mean(m.features(m.conv1(x)))),
        conv1=conv(3, 2 * growth, 3),
        features=features,
        linear=nn.Linear(channels, num_classes),
    )


def dense_layer(a, growth):
    """What came in, and `growth` channels more."""
    inner = nn.Sequential(
        nn.BatchNorm2d(a),
        nn.ReLU(),
        conv(a, 4 * growth, 1),
        nn.BatchNorm2d(4 * growth),
        nn.ReLU(),
        conv(4 * growth, growth, 3),
    )
    return Named(lambda m, x: torch.cat([x, m.bottle_neck(x)], 1), bottle_neck=inner)


def transition(channels):
    """Half the channels, half the size."""
    down = nn.Sequential(
        nn.BatchNorm2d(channels),
        conv(channels, channels // 2, 1),
        nn.AvgPool2d(2, 2),
    )
    return Named(lambda m, x: m.down_sample(x), down_sample=down)
