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
    # Here, because only these need PyTorch.
    from torch_densenet import densenet121
    from torch_inception import googlenet, inception_v3
    from torch_mobile import mobilenet_v1, mobilenet_v2, squeezenet
    from torch_residual import residual_net

    def scaled(n):
        return max(1, int(round(n * width)))

    for prefix, style in (
        ("se_resnet", "se"),
        ("resnext", "resnext"),
        ("resnet", "plain"),
    ):
        if model.startswith(prefix):
            number = model.removeprefix(prefix)
            return residual_net(style, number, scaled, num_classes).eval()
    builders = {
        "googlenet": googlenet,
        "densenet121": densenet121,
        "inception_v3": inception_v3,
        "squeezenet": squeezenet,
        "mobilenet_v1": mobilenet_v1,
        "mobilenet_v2": mobilenet_v2,
    }
    return builders[model](scaled, num_classes).eval()


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
