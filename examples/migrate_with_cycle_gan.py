"""Migrate samples from one production line to the look of another by CycleGAN.

python examples/migrate_with_cycle_gan.py
python examples/migrate_with_cycle_gan.py --data lineA/images --target lineB/images \
    --size 64 --filters 32 --epochs 100

No labels and no pairs are needed. The default draws two lines, the second darker and
flatter, and trains networks that are small enough to learn just that.
"""

import argparse
import tempfile
from pathlib import Path

import cv2
import keras
import numpy as np

from rkd_keras.data import match_domains, open_domain, unpaired_dataset
from rkd_keras.data.synthetic import draw_image
from rkd_keras.models import PatchDiscriminator, ResNetGenerator
from rkd_keras.trainers import CycleGAN, LinearDecay, SampleGrid


def main(data=None, target=None, size=32, filters=8, epochs=20, out="migrated"):
    if data is None or target is None:
        data, target = draw_two_lines(Path(tempfile.mkdtemp()))
    shape = (size, size)
    a, b = open_domain("A", data, shape), open_domain("B", target, shape)
    a, b, notes = match_domains(a, b, shape)
    print(*notes, sep="\n")

    keras.utils.set_random_seed(0)
    image_shape = a.shape[1:]
    small = {"filters": filters, "blocks": 2, "residual": True}
    gan = CycleGAN(
        ResNetGenerator(image_shape, name="a_to_b", **small),
        ResNetGenerator(image_shape, name="b_to_a", **small),
        PatchDiscriminator(image_shape, 2 * filters, depth=2, name="judge_a"),
        PatchDiscriminator(image_shape, 2 * filters, depth=2, name="judge_b"),
        # Little: the two looks are far apart, and a change of look costs cycles first.
        cycle_weight=1.0,
        identity_weight=0.0,
        seed=0,
    )
    batches, steps = unpaired_dataset(a, b, batch_size=4, seed=0)
    # Constant, then falling to zero; each of the four networks has an optimizer.
    rate = LinearDecay(2e-3, epochs * steps)
    gan.compile(*(keras.optimizers.Adam(rate, beta_1=0.5) for _ in range(4)))
    gan.fit(
        batches,
        epochs=epochs,
        steps_per_epoch=steps,
        # A picture with rows A, G(A), F(G(A)), then B, F(B), G(F(B)).
        callbacks=[SampleGrid(a[:8], b[:8], out, every=epochs)],
        shuffle=False,  # the stream is shuffled
        verbose=2,
    )
    migrated = gan.predict(a.astype("float32"), verbose=0)
    levels = {
        "line A": a.mean(),
        "line A, migrated": migrated.mean(),
        "line B": b.mean(),
    }
    for name, level in levels.items():
        print(f"mean grey level of {name}: {level:.0f}")
    gan.generator_g.save(Path(out) / "a_to_b.keras")
    print(f"pictures and the generator are in {out}")
    return levels


def draw_two_lines(directory, count=80):
    """Draw images of two lines; the second's camera sees less light and contrast."""
    for line in ("a", "b"):
        (directory / line).mkdir()
        for i in range(count):
            image = draw_image("scratches", 32, [i, line == "b"]).image
            if line == "b":
                image = np.uint8(0.4 * image + 15)
            cv2.imwrite(str(directory / line / f"{i}.png"), image)
    return directory / "a", directory / "b"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="folder of images of line A")
    parser.add_argument("--target", help="folder of images of line B")
    parser.add_argument("--size", type=int, default=32, help="pixels")
    parser.add_argument("--filters", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--out", default="migrated")
    main(**vars(parser.parse_args()))
