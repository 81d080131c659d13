"""PyTorch twins of the zoo's networks, and the numbers that they give.

The twins are written from the architectures' facts, with the arithmetic of PyTorch
and the parameter names of the CIFAR networks that the paper's Table 6 counts. Their
weights are not trained but drawn from each parameter's name, so that a test needs no
stored weights: `golden_logits.npz` holds the names, the shapes and the logits.

    python tests/models/torch_twins.py           writes golden_logits.npz
    python tests/models/torch_twins.py --full    compares all networks at full width

Only this script needs PyTorch (written with torch 2.13.0).
"""

import json
import sys
import zlib
from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).with_name("golden_logits.npz")
# Odd sides show where a border is padded or cut off on the wrong side.
IMAGE_SHAPE = (35, 41, 3)
NUM_CLASSES = 5
WIDTH = 0.25
SMALL = (
    "resnet18",
    "resnet50",
    "se_resnet34",
    "se_resnet50",
    "resnext50",
    "googlenet",
    "densenet121",
    "inception_v3",
    "squeezenet",
    "mobilenet_v1",
    "mobilenet_v2",
)
FULL = (*SMALL, "resnet34", "resnet101", "se_resnet101", "resnext101")


def draw_images(count=2):
    """Draw images of 0 to 255."""
    shape = (count, *IMAGE_SHAPE)
    return np.random.RandomState(7).randint(0, 256, shape).astype("float32")


def draw_weight(name, shape):
    """Draw a parameter from its name: He-like kernels, plausible statistics."""
    random = np.random.RandomState(zlib.crc32(name.encode()))
    if name.endswith("running_var"):
        return random.uniform(0.5, 1.5, shape).astype("float32")
    if len(shape) == 1:
        # A gamma below one keeps the sums of many residual blocks small.
        centre = 0.8 if name.endswith("weight") else 0.0
        return (centre + 0.1 * random.randn(*shape)).astype("float32")
    fan_in = np.prod(shape[1:])
    return (random.randn(*shape) * np.sqrt(2.0 / fan_in)).astype("float32")


def build_twin(model, width=WIDTH, num_classes=NUM_CLASSES):
    """Build the twin of a network of the zoo, in evaluation mode."""
    from torch import nn
    from torch.nn import functional as F

    def scaled(n):
        return max(1, int(round(n * width)))

    def conv(a, b, k, s=1, p=None, g=1, bias=False):
        p = k // 2 if p is None else p
        return nn.Conv2d(a, b, k, s, p, groups=g, bias=bias)

    def unit(a, b, k, s=1, p=None, g=1, bias=False, act=nn.ReLU, eps=1e-5):
        parts = [conv(a, b, k, s, p, g, bias), nn.BatchNorm2d(b, eps)]
        return [*parts, act()] if act else parts

    class Named(nn.Module):
        """Children by name and the function that joins them."""

        def __init__(self, forward, **children):
            super().__init__()
            self.join = forward
            for name, child in children.items():
                self.add_module(name, child)

        def forward(self, x):
            return self.join(self, x)

    def sequence(*parts):
        return nn.Sequential(*parts)

    def mean(x):
        return x.mean((2, 3))

    def residual_net(style, depths, expansion):
        stem = scaled(64)
        bias = style == "se"
        name = {"plain": "residual_function", "se": "residual"}.get(
            style, "split_transforms"
        )

        def block(a, w, stride):
            out = expansion * w
            if style == "resnext":
                g = min(32, stem)
                parts = [*unit(a, 2 * w, 1, g=g), *unit(2 * w, 2 * w, 3, stride, g=g)]
                parts += unit(2 * w, out, 1, act=None)
            elif expansion == 4:
                parts = [*unit(a, w, 1, bias=bias), *unit(w, w, 3, stride, bias=bias)]
                parts += unit(w, out, 1, bias=bias, act=nn.ReLU if bias else None)
            else:
                parts = unit(a, w, 3, stride, bias=bias)
                parts += unit(w, w, 3, bias=bias, act=nn.ReLU if bias else None)
            shortcut = sequence()
            if stride != 1 or a != out:
                shortcut = sequence(*unit(a, out, 1, stride, bias=bias, act=None))
            children = {name: sequence(*parts), "shortcut": shortcut}
            if bias:
                hidden = max(4, out // 16)
                children["excitation"] = sequence(
                    nn.Linear(out, hidden),
                    nn.ReLU(),
                    nn.Linear(hidden, out),
                    nn.Sigmoid(),
                )

            def forward(m, x):
                y = getattr(m, name)(x)
                if bias:
                    y = y * m.excitation(mean(y))[:, :, None, None]
                return F.relu(y + m.shortcut(x))

            return Named(forward, **children)

        channels, stages = stem, []
        for stage, depth in enumerate(depths):
            w = scaled(64 * 2**stage)
            blocks = []
            for index in range(depth):
                stride = 2 if stage and index == 0 else 1
                blocks.append(block(channels, w, stride))
                channels = expansion * w
            stages.append(sequence(*blocks))
        first = sequence(*unit(3, stem, 3, bias=bias))
        head = nn.Linear(channels, num_classes)
        names = {
            "plain": ("conv1", "conv{}_x", 2, "fc"),
            "se": ("pre", "stage{}", 1, "linear"),
            "resnext": ("conv1", "conv{}", 2, "fc"),
        }[style]
        children = {names[0]: first}
        for index, stage in enumerate(stages):
            children[names[1].format(index + names[2])] = stage
        children[names[3]] = head

        def forward(m, x):
            *body, last = m.children()
            for child in body:
                x = child(x)
            return last(mean(x))

        return Named(forward, **children)

    def googlenet():
        def module(a, n1, r3, n3, r5, n5, pool):
            return Named(
                lambda m, x: cat(m, x, "b1", "b2", "b3", "b4"),
                b1=sequence(*unit(a, n1, 1, bias=True)),
                b2=sequence(*unit(a, r3, 1, bias=True), *unit(r3, n3, 3, bias=True)),
                b3=sequence(
                    *unit(a, r5, 1, bias=True),
                    # `BatchNorm2d(n5, n5)` in the original: the second is epsilon.
                    *unit(r5, n5, 3, bias=True, eps=n5),
                    *unit(n5, n5, 3, bias=True),
                ),
                b4=sequence(nn.MaxPool2d(3, 1, 1), *unit(a, pool, 1, bias=True)),
            )

        table = {
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
        n64, n192 = scaled(64), scaled(192)
        children = {
            "prelayer": sequence(
                *unit(3, n64, 3), *unit(n64, n64, 3), *unit(n64, n192, 3)
            )
        }
        channels = n192
        for name, row in table.items():
            row = [scaled(n) for n in row]
            children[name] = module(channels, *row)
            channels = row[0] + row[2] + row[4] + row[5]
        children["linear"] = nn.Linear(channels, num_classes)

        def forward(m, x):
            x = F.max_pool2d(m.prelayer(x), 3, 2, 1)
            for name in table:
                x = getattr(m, name)(x)
                if name in ("b3", "e4"):
                    x = F.max_pool2d(x, 3, 2, 1)
            return m.linear(mean(x))

        return Named(forward, **children)

    def cat(m, x, *names):
        import torch

        return torch.cat([getattr(m, name)(x) for name in names], 1)

    def densenet():
        import torch

        growth, depths = scaled(32), (6, 12, 24, 16)

        def layer(a):
            inner = sequence(
                nn.BatchNorm2d(a),
                nn.ReLU(),
                conv(a, 4 * growth, 1),
                nn.BatchNorm2d(4 * growth),
                nn.ReLU(),
                conv(4 * growth, growth, 3),
            )
            return Named(
                lambda m, x: torch.cat([x, m.bottle_neck(x)], 1), bottle_neck=inner
            )

        channels, features = 2 * growth, nn.Sequential()
        for index, depth in enumerate(depths):
            block = nn.Sequential()
            for number in range(depth):
                block.add_module(f"bottle_neck_layer_{number}", layer(channels))
                channels += growth
            last = index == len(depths) - 1
            name = f"dense_block{index}" if last else f"dense_block_layer_{index}"
            features.add_module(name, block)
            if not last:
                down = sequence(
                    nn.BatchNorm2d(channels),
                    conv(channels, channels // 2, 1),
                    nn.AvgPool2d(2, 2),
                )
                features.add_module(
                    f"transition_layer_{index}",
                    Named(lambda m, x: m.down_sample(x), down_sample=down),
                )
                channels //= 2
        features.add_module("bn", nn.BatchNorm2d(channels))
        features.add_module("relu", nn.ReLU())
        return Named(
            lambda m, x: m.linear(mean(m.features(m.conv1(x)))),
            conv1=conv(3, 2 * growth, 3),
            features=features,
            linear=nn.Linear(channels, num_classes),
        )

    def inception_v3():
        import torch

        def basic(a, b, k, s=1, p=0):
            return Named(
                lambda m, x: F.relu(m.bn(m.conv(x))),
                conv=nn.Conv2d(a, b, k, s, p, bias=False),
                bn=nn.BatchNorm2d(b),
            )

        def chain(a, *rows):
            parts = []
            for b, k, s, p in rows:
                parts.append(basic(a, b, k, s, p))
                a = b
            return sequence(*parts)

        def average(a, b, k, p):
            return sequence(nn.AvgPool2d(3, 1, 1), basic(a, b, k, 1, p))

        n = scaled
        down, across = ((7, 1), 1, (3, 0)), ((1, 7), 1, (0, 3))

        def a_module(a, pool):
            names = ("branch1x1", "branch5x5", "branch3x3", "branchpool")
            return Named(
                lambda m, x: cat(m, x, *names),
                branch1x1=basic(a, n(64), 1),
                branch5x5=chain(a, (n(48), 1, 1, 0), (n(64), 5, 1, 2)),
                branch3x3=chain(
                    a, (n(64), 1, 1, 0), (n(96), 3, 1, 1), (n(96), 3, 1, 1)
                ),
                branchpool=average(a, pool, 3, 1),
            )

        def b_module(a):
            return Named(
                lambda m, x: cat(m, x, "branch3x3", "branch3x3stack", "branchpool"),
                branch3x3=basic(a, n(384), 3, 2),
                branch3x3stack=chain(
                    a, (n(64), 1, 1, 0), (n(96), 3, 1, 1), (n(96), 3, 2, 0)
                ),
                branchpool=nn.MaxPool2d(3, 2),
            )

        def c_module(a, c):
            names = ("branch1x1", "branch7x7", "branch7x7stack", "branch_pool")
            last = (n(192), *across)
            return Named(
                lambda m, x: cat(m, x, *names),
                branch1x1=basic(a, n(192), 1),
                branch7x7=chain(a, (c, 1, 1, 0), (c, *down), last),
                branch7x7stack=chain(
                    a, (c, 1, 1, 0), (c, *down), (c, *across), (c, *down), last
                ),
                branch_pool=average(a, n(192), 1, 0),
            )

        def d_module(a):
            c = n(192)
            return Named(
                lambda m, x: cat(m, x, "branch3x3", "branch7x7", "branchpool"),
                branch3x3=chain(a, (c, 1, 1, 0), (n(320), 3, 2, 0)),
                branch7x7=chain(
                    a, (c, 1, 1, 0), (c, *across), (c, *down), (c, 3, 2, 0)
                ),
                branchpool=nn.AvgPool2d(3, 2),
            )

        def e_module(a):
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

        children = {
            "Conv2d_1a_3x3": basic(3, n(32), 3, 1, 1),
            "Conv2d_2a_3x3": basic(n(32), n(32), 3, 1, 1),
            "Conv2d_2b_3x3": basic(n(32), n(64), 3, 1, 1),
            "Conv2d_3b_1x1": basic(n(64), n(80), 1),
            "Conv2d_4a_3x3": basic(n(80), n(192), 3),
        }
        channels = n(192)
        for name, pool in (("5b", 32), ("5c", 64), ("5d", 64)):
            children[f"Mixed_{name}"] = a_module(channels, n(pool))
            channels = 2 * n(64) + n(96) + n(pool)
        children["Mixed_6a"] = b_module(channels)
        channels += n(384) + n(96)
        for name, c in (("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)):
            children[f"Mixed_{name}"] = c_module(channels, n(c))
            channels = 4 * n(192)
        children["Mixed_7a"] = d_module(channels)
        channels += n(320) + n(192)
        for name in ("7b", "7c"):
            children[f"Mixed_{name}"] = e_module(channels)
            channels = n(320) + 4 * n(384) + n(192)
        children["linear"] = nn.Linear(channels, num_classes)

        def forward(m, x):
            *body, last = m.children()
            for child in body:
                x = child(x)
            return last(mean(x))

        return Named(forward, **children)

    def squeezenet():
        def fire(a, squeeze, expand):
            return Named(
                lambda m, x: cat(m, m.squeeze(x), "expand_1x1", "expand_3x3"),
                squeeze=sequence(*unit(a, squeeze, 1, bias=True)),
                expand_1x1=sequence(*unit(squeeze, expand, 1, bias=True)),
                expand_3x3=sequence(*unit(squeeze, expand, 3, bias=True)),
            )

        halves = (64, 64, 128, 128, 192, 192, 256, 256)
        children = {
            "stem": sequence(*unit(3, scaled(96), 3, bias=True), nn.MaxPool2d(2, 2))
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

    def mobilenet_v1():
        def separable(a, b, stride):
            return Named(
                lambda m, x: m.pointwise(m.depthwise(x)),
                depthwise=sequence(*unit(a, a, 3, stride, g=a)),
                pointwise=sequence(*unit(a, b, 1, bias=True)),
            )

        def basic(a, b):
            return Named(
                lambda m, x: F.relu(m.bn(m.conv(x))),
                conv=conv(a, b, 3),
                bn=nn.BatchNorm2d(b),
            )

        n = scaled
        children = {"stem": sequence(basic(3, n(32)), separable(n(32), n(64), 1))}
        channels = 64
        for name, (filters, count) in {
            "conv1": (128, 2),
            "conv2": (256, 2),
            "conv3": (512, 6),
            "conv4": (1024, 2),
        }.items():
            blocks = [separable(n(channels), n(filters), 2)]
            blocks += [separable(n(filters), n(filters), 1) for _ in range(count - 1)]
            children[name] = sequence(*blocks)
            channels = filters

        def forward(m, x):
            for child in (m.stem, m.conv1, m.conv2, m.conv3, m.conv4):
                x = child(x)
            return m.fc(mean(x))

        return Named(forward, **children, fc=nn.Linear(n(1024), num_classes))

    def mobilenet_v2():
        n, six = scaled, {"bias": True, "act": nn.ReLU6}

        def block(a, b, stride, t):
            parts = [*unit(a, t * a, 1, **six)]
            parts += unit(t * a, t * a, 3, stride, g=t * a, **six)
            parts += unit(t * a, b, 1, bias=True, act=None)

            def forward(m, x):
                y = m.residual(x)
                return x + y if stride == 1 and a == b else y

            return Named(forward, residual=sequence(*parts))

        rows = {
            "stage1": (16, 1, 1, 1),
            "stage2": (24, 2, 2, 6),
            "stage3": (32, 3, 2, 6),
            "stage4": (64, 4, 2, 6),
            "stage5": (96, 3, 1, 6),
            "stage6": (160, 3, 1, 6),
            "stage7": (320, 1, 1, 6),
        }
        children = {"pre": sequence(*unit(3, n(32), 1, p=1, **six))}
        channels = n(32)
        for name, (filters, repeats, stride, t) in rows.items():
            blocks = [block(channels, n(filters), stride, t)]
            blocks += [block(n(filters), n(filters), 1, t) for _ in range(repeats - 1)]
            children[name] = sequence(*blocks) if repeats > 1 else blocks[0]
            channels = n(filters)
        children["conv1"] = sequence(*unit(channels, n(1280), 1, **six))
        children["conv2"] = conv(n(1280), num_classes, 1, bias=True)

        def forward(m, x):
            *body, last = m.children()
            for child in body:
                x = child(x)
            return mean(last(x))

        return Named(forward, **children)

    depths = {"18": (2, 2, 2, 2), "34": (3, 4, 6, 3), "50": (3, 4, 6, 3)}
    depths["101"] = (3, 4, 23, 3)
    for prefix, style in (("se_resnet", "se"), ("resnext", "resnext")):
        if model.startswith(prefix):
            number = model.removeprefix(prefix)
            expansion = 1 if number in ("18", "34") else 4
            return residual_net(style, depths[number], expansion).eval()
    if model.startswith("resnet"):
        number = model.removeprefix("resnet")
        expansion = 1 if number in ("18", "34") else 4
        return residual_net("plain", depths[number], expansion).eval()
    builders = {
        "googlenet": googlenet,
        "densenet121": densenet,
        "inception_v3": inception_v3,
        "squeezenet": squeezenet,
        "mobilenet_v1": mobilenet_v1,
        "mobilenet_v2": mobilenet_v2,
    }
    return builders[model]().eval()


def twin_logits(model, width=WIDTH):
    """Draw the twin's weights; return their shapes by name, and its logits."""
    import torch

    twin = build_twin(model, width)
    shapes = {
        name: tuple(value.shape)
        for name, value in twin.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    state = {n: torch.from_numpy(draw_weight(n, s)) for n, s in shapes.items()}
    twin.load_state_dict(state, strict=False)
    images = torch.from_numpy(draw_images() / 127.5 - 1.0).permute(0, 3, 1, 2)
    with torch.no_grad():
        logits = twin(images.float().contiguous()).numpy()
    return shapes, logits


def write_golden():
    """Write names, shapes and logits of the narrow twins."""
    arrays = {}
    for model in SMALL:
        shapes, logits = twin_logits(model)
        arrays[f"{model}/logits"] = logits
        arrays[f"{model}/shapes"] = np.array(json.dumps(shapes))
    np.savez_compressed(GOLDEN, **arrays)


def compare_full():
    """Print, for every network at full width, how far the logits are apart."""
    from rkd_keras.models import create_model, load_torch_weights

    for model in FULL:
        shapes, expected = twin_logits(model, width=1.0)
        ours = create_model(model, num_classes=NUM_CLASSES, input_shape=IMAGE_SHAPE)
        load_torch_weights(ours, {n: draw_weight(n, s) for n, s in shapes.items()})
        difference = np.abs(ours.predict(draw_images(), verbose=0) - expected).max()
        scale = np.abs(expected).max()
        print(f"{model:14} largest logit {scale:9.4f}  difference {difference:.2e}")


if __name__ == "__main__":
    if "--full" in sys.argv:
        compare_full()
    else:
        write_golden()
