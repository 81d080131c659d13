"""PyTorch twins of SqueezeNet and the MobileNets (see `torch_twins.py`)."""

from torch import nn
from torch.nn import functional as F
from torch_parts import Named, cat, conv, mean, unit

SIX = {"bias": True, "act": nn.ReLU6}
# Of each stage: channels and number of blocks.
MOBILENET_V1 = {
    "conv1": (128, 2),
    "conv2": (256, 2),
    "conv3": (512, 6),
    "conv4": (1024, 2),
}
# Of each stage: channels, number of blocks, stride of the first, expansion.
MOBILENET_V2 = {
    "stage1": (16, 1, 1, 1),
    "stage2": (24, 2, 2, 6),
    "stage3": (32, 3, 2, 6),
    "stage4": (64, 4, 2, 6),
    "stage5": (96, 3, 1, 6),
    "stage6": (160, 3, 1, 6),
    "stage7": (320, 1, 1, 6),
}


def squeezenet(scaled, num_classes):
    """Build SqueezeNet with simple bypasses."""
    halves = (64, 64, 128, 128, 192, 192, 256, 256)
    children = {
        "stem": nn.Sequential(*unit(3, scaled(96), 3, bias=True), nn.MaxPool2d(2, 2))
    }
    channels = scaled(96)
    for number, half in enumerate(halves, start=2):
        children[f"fire{number}"] = fire(channels, scaled(half // 4), scaled(half))
        channels = 2 * scaled(half)
    children["conv10"] = conv(channels, num_classes, 1, bias=True)

    def forward(m, x):
        x = m.fire2(m.stem(x))
        x = x + m.fire3(x)
        x = F.max_pool2d(m.fire4(x), 2, 2)
        x = x + m.fire5(x)
        x = m.fire6(x)
        x = x + m.fire7(x)
        x = F.max_pool2d(m.fire8(x), 2, 2)
        return mean(m.conv10(m.fire9(x)))

    return Named(forward, **children)


def fire(a, squeeze, expand):
    """Few channels, then kernels of two sizes side by side."""
    return Named(
        lambda m, x: cat(m, m.squeeze(x), "expand_1x1", "expand_3x3"),
        squeeze=nn.Sequential(*unit(a, squeeze, 1, bias=True)),
        expand_1x1=nn.Sequential(*unit(squeeze, expand, 1, bias=True)),
        expand_3x3=nn.Sequential(*unit(squeeze, expand, 3, bias=True)),
    )


def mobilenet_v1(n, num_classes):
    """Build MobileNet; `n` scales a number of channels."""
    stem = Named(
        lambda m, x: F.relu(m.bn(m.conv(x))),
        conv=conv(3, n(32), 3),
        bn=nn.BatchNorm2d(n(32)),
    )
    children = {"stem": nn.Sequential(stem, separable(n(32), n(64), 1))}
    channels = 64
    for name, (filters, count) in MOBILENET_V1.items():
        blocks = [separable(n(channels), n(filters), 2)]
        blocks += [separable(n(filters), n(filters), 1) for _ in range(count - 1)]
        children[name] = nn.Sequential(*blocks)
        channels = filters

    def forward(m, x):
        for child in (m.stem, m.conv1, m.conv2, m.conv3, m.conv4):
            x = child(x)
        return m.fc(mean(x))

    return Named(forward, **children, fc=nn.Linear(n(1024), num_classes))


def separable(a, b, stride):
    """A convolution of each channel and one across them."""
    return Named(
        lambda m, x: m.pointwise(m.depthwise(x)),
        depthwise=nn.Sequential(*unit(a, a, 3, stride, g=a)),
        pointwise=nn.Sequential(*unit(a, b, 1, bias=True)),
    )


def mobilenet_v2(n, num_classes):
    """Build MobileNetV2; `n` scales a number of channels."""
    children = {"pre": nn.Sequential(*unit(3, n(32), 1, p=1, **SIX))}
    channels = n(32)
    for name, (filters, repeats, stride, t) in MOBILENET_V2.items():
        blocks = [inverted(channels, n(filters), stride, t)]
        blocks += [inverted(n(filters), n(filters), 1, t) for _ in range(repeats - 1)]
        children[name] = nn.Sequential(*blocks) if repeats > 1 else blocks[0]
        channels = n(filters)
    children["conv1"] = nn.Sequential(*unit(channels, n(1280), 1, **SIX))
    children["conv2"] = conv(n(1280), num_classes, 1, bias=True)

    def forward(m, x):
        *body, last = m.children()
        for child in body:
            x = child(x)
        return mean(last(x))

    return Named(forward, **children)


def inverted(a, b, stride, t):
    """A residual block that is `t` times as wide within."""
    parts = [*unit(a, t * a, 1, **SIX)]
    parts += unit(t * a, t * a, 3, stride, g=t * a, **SIX)
    parts += unit(t * a, b, 1, bias=True, act=None)

    def forward(m, x):
        y = m.residual(x)
        return x + y if stride == 1 and a == b else y

    return Named(forward, residual=nn.Sequential(*parts))
