"""A PyTorch twin of EfficientNet-Lite2, and the numbers that it gives.

Written from the architecture's facts with PyTorch's arithmetic, TensorFlow's "same"
padding spelled out, and the names of the port. Its weights are drawn from each
parameter's name (see `torch_twins.py`); the golden file holds shapes and logits.

    python tests/models/efficientnet_lite_twin.py    writes the golden file

Only this script needs PyTorch (written with torch 2.13.0).
"""

import json
from pathlib import Path

import numpy as np
from torch_twins import NUM_CLASSES, WIDTH, draw_images, draw_weight

GOLDEN = Path(__file__).with_name("golden_efficientnet_lite.npz")
# Filters and repeats of lite2, worked out by hand: 1.1 times lite0's filters to the
# nearest 8, 1.2 times its repeats rounded up, but for the first and last stage.
ROWS = (
    # filters, repeats, stride, expansion, kernel
    (16, 1, 1, 1, 3),
    (24, 3, 2, 6, 3),
    (48, 3, 2, 6, 5),
    (88, 4, 2, 6, 3),
    (120, 4, 1, 6, 5),
    (208, 5, 2, 6, 5),
    (352, 1, 1, 6, 3),
)


def build_twin():
    """Build the narrow twin, in evaluation mode."""
    from torch import nn
    from torch.nn import functional as F

    class Same(nn.Conv2d):
        def forward(self, x):
            pads = []
            for side in (3, 2):
                size, kernel = x.shape[side], self.kernel_size[0]
                stride = self.stride[0]
                total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
                pads += [total // 2, total - total // 2]
            return super().forward(F.pad(x, pads))

    def conv(a, b, kernel=1, stride=1, groups=1):
        return Same(a, b, kernel, stride, groups=groups, bias=False)

    def norm(channels):
        return nn.BatchNorm2d(channels, eps=1e-3)

    class Block(nn.Module):
        def __init__(self, a, b, stride, expansion, kernel):
            super().__init__()
            inner = a * expansion
            if expansion > 1:
                self._expand_conv, self._bn0 = conv(a, inner), norm(inner)
            self._depthwise_conv = conv(inner, inner, kernel, stride, groups=inner)
            self._bn1 = norm(inner)
            self._project_conv, self._bn2 = conv(inner, b), norm(b)
            self.skip = stride == 1 and a == b

        def forward(self, x):
            y = x
            if hasattr(self, "_expand_conv"):
                y = F.relu6(self._bn0(self._expand_conv(y)))
            y = F.relu6(self._bn1(self._depthwise_conv(y)))
            y = self._bn2(self._project_conv(y))
            return x + y if self.skip else y

    class Twin(nn.Module):
        def __init__(self):
            super().__init__()
            channels = round(32 * WIDTH)
            self._conv_stem, self._bn0 = conv(3, channels, 3, 2), norm(channels)
            blocks = []
            for filters, repeats, stride, *shape in ROWS:
                for index in range(repeats):
                    first = stride if index == 0 else 1
                    blocks.append(
                        Block(channels, round(filters * WIDTH), first, *shape)
                    )
                    channels = round(filters * WIDTH)
            self._blocks = nn.ModuleList(blocks)
            top = round(1280 * WIDTH)
            self._conv_head, self._bn1 = conv(channels, top), norm(top)
            self._fc = nn.Linear(top, NUM_CLASSES)

        def forward(self, x):
            x = F.relu6(self._bn0(self._conv_stem(x)))
            for block in self._blocks:
                x = block(x)
            x = F.relu6(self._bn1(self._conv_head(x)))
            return self._fc(x.mean((2, 3)))

    return Twin().eval()


def write_golden():
    """Write names, shapes and logits of the twin."""
    import torch

    twin = build_twin()
    shapes = {
        name: tuple(value.shape)
        for name, value in twin.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    state = {n: torch.from_numpy(draw_weight(n, s)) for n, s in shapes.items()}
    twin.load_state_dict(state, strict=False)
    images = torch.from_numpy((draw_images() - 127) / 128).permute(0, 3, 1, 2)
    with torch.no_grad():
        logits = twin(images.float().contiguous()).numpy()
    np.savez_compressed(GOLDEN, logits=logits, shapes=np.array(json.dumps(shapes)))
    print(logits)


if __name__ == "__main__":
    write_golden()
