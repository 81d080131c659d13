"""Robustness of the segmentation, speed and memory of measuring.

`robustness` repeats the comparison with true masks on changed images: turned,
mirrored, darker, brighter, flatter, noisy, compressed, of other sizes; masks are
changed along. `speed` counts the processor time of `segment` and `measure` on one
thread, image by image, several times over; the fastest of the repeats says what the
code costs, the median what it cost beside the machine's other work. `memory`
measures a strip of 12,000 x 9,000 pixels and reports its process's peak memory.

    python benchmarks/measure.py robustness path/to/images path/to/masks
    python benchmarks/measure.py speed path/to/NEU-DET/IMAGES
    python benchmarks/measure.py memory
"""

import argparse
import json
import resource
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from rkd_keras.files.images import list_images, read_image
from rkd_keras.measure import measure, segment
from rkd_keras.measure.benchmark import MaskedImages, score_segmentation
from rkd_keras.measure.grey import as_grey

SIDES = (64, 100, 150, 300, 400)


def changes():
    """Return a dict from a change's name to a function of image and mask."""
    rng = np.random.default_rng(0)

    def resized(side):
        def change(image, mask):
            shrinks = side < image.shape[0]
            method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            new = cv2.resize(image, (side, side), interpolation=method)
            share = cv2.resize(
                mask.astype(np.float32), (side, side), interpolation=method
            )
            return new, share > 0.5

        return change

    def grey(function):
        def change(image, mask):
            new = function(image.astype(np.float32))
            return np.clip(np.round(new), 0, 255).astype(np.uint8), mask

        return change

    def compressed(image, mask):
        code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
        return cv2.imdecode(code, cv2.IMREAD_GRAYSCALE), mask

    def shaded(image):
        # Light falls from full to half from left to right.
        return image * np.linspace(1, 0.5, image.shape[1])

    def cut(image, mask):
        return image[30:170, 20:160], mask[30:170, 20:160]

    def noisy(sigma):
        return grey(lambda image: image + rng.normal(0, sigma, image.shape))

    return {
        "unchanged": lambda image, mask: (image, mask),
        "mirrored": lambda image, mask: (image[:, ::-1], mask[:, ::-1]),
        "upside down": lambda image, mask: (image[::-1], mask[::-1]),
        "turned by 90": lambda image, mask: (np.rot90(image), np.rot90(mask)),
        "grey values inverted": grey(lambda image: 255 - image),
        "brightness x 0.5": grey(lambda image: 0.5 * image),
        "brightness x 0.7": grey(lambda image: 0.7 * image),
        "brightness x 1.3": grey(lambda image: 1.3 * image),
        "brightness + 30": grey(lambda image: image + 30),
        "contrast x 0.6": grey(lambda image: 0.6 * image + 0.4 * image.mean()),
        "light falls to half": grey(shaded),
        "noise 5": noisy(5),
        "noise 10": noisy(10),
        "JPEG quality 40": compressed,
        "blur 1": grey(lambda image: cv2.GaussianBlur(image, (0, 0), 1)),
        "cut to 140 x 140": cut,
        **{f"size {side}": resized(side) for side in SIDES},
    }


def robustness(args):
    """Score both methods on changed images."""
    data = MaskedImages.read(args.images, args.masks)
    rows = []
    for name, change in changes().items():
        pairs = [change(i, m) for i, m in zip(data.images, data.masks, strict=True)]
        changed = replace(
            data,
            images=[np.ascontiguousarray(image) for image, _ in pairs],
            masks=[np.ascontiguousarray(mask) for _, mask in pairs],
        )
        row = {"change": name, "default": score_segmentation(changed, segment)["all"]}
        row["paper"] = score_segmentation(changed, lambda i: segment(i, "paper"))["all"]
        rows.append(row)
        shown = " ".join(f"{k} {v:.3f}" for k, v in row["default"].items())
        print(f"{name:22s} {shown}   paper {row['paper']['mean']:.3f}", flush=True)
    return {"images": len(data.images), "rows": rows}


def speed(args):
    """Time every image on one thread."""
    cv2.setNumThreads(1)
    files = list_images(args.images)[:: args.step]
    images = [as_grey(read_image(file)) for file in files]
    spent = np.zeros((2, args.repeats, len(images)))
    for repeat in range(args.repeats):
        for i, image in enumerate(images):
            begin = time.process_time()
            mask = segment(image)
            middle = time.process_time()
            measure(image, mask)
            spent[:, repeat, i] = middle - begin, time.process_time() - middle
    result = {"images": len(images), "repeats": args.repeats}
    result["shapes"] = sorted({image.shape for image in images})
    for name, summary in (("fastest", np.min), ("median", np.median)):
        parts = 1000 * summary(spent, axis=1).mean(axis=1)
        result[name] = {
            "segment_ms": round(float(parts[0]), 3),
            "measure_ms": round(float(parts[1]), 3),
            "images_per_second": round(float(1000 / parts.sum()), 1),
        }
    print(json.dumps(result, indent=1))
    return result


def memory(args):
    """Measure one large strip with a thousand marks."""
    height, width = args.height, args.width
    segment(np.zeros((300, 300), np.uint8))
    rng = np.random.default_rng(0)
    strip = np.empty((height, width), np.uint8)
    for top in range(0, height, 500):
        part = rng.normal(120, 3, (min(500, height - top), width))
        strip[top : top + 500] = np.round(part)
    for _ in range(1000):
        centre = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        axes = (int(rng.integers(5, 12)), int(rng.integers(12, 40)))
        cv2.ellipse(strip, centre, axes, 0, 0, 360, 50, -1)

    def peak():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    before, begin = peak(), time.perf_counter()
    mask = segment(strip)
    segmented, middle = peak(), time.perf_counter()
    found = measure(strip, mask)
    result = {
        "shape": [height, width],
        "image_mb": round(strip.nbytes / 2**20, 1),
        "peak_before_mb": round(before, 1),
        "peak_after_segment_mb": round(segmented, 1),
        "peak_after_measure_mb": round(peak(), 1),
        "segment_s": round(middle - begin, 2),
        "measure_s": round(time.perf_counter() - middle, 2),
        "defects": found.count,
        "area_found": found.area,
        "area_drawn": int((strip == 50).sum()),
    }
    print(json.dumps(result, indent=1))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/results/measure"))
    parts = parser.add_subparsers(dest="part", required=True)
    part = parts.add_parser("robustness")
    part.add_argument("images")
    part.add_argument("masks")
    part.set_defaults(run=robustness)
    part = parts.add_parser("speed")
    part.add_argument("images", nargs="+")
    part.add_argument("--step", type=int, default=18)
    part.add_argument("--repeats", type=int, default=25)
    part.set_defaults(run=speed)
    part = parts.add_parser("memory")
    part.add_argument("--height", type=int, default=9_000)
    part.add_argument("--width", type=int, default=12_000)
    part.set_defaults(run=memory)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(args.run(args), indent=1)
    (args.out / f"{args.part}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
