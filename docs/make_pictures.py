"""Make the pictures of the pages out of a demo run.

rkd-keras demo
python docs/make_pictures.py runs/demo --data path/to/NEU-DET

The overview shows images of the test part of `--data` (drawn strips without) and the
student that comes with the package; the new samples are of the demo's strips. The
picture of the report is a screenshot by headless Chromium, where it is installed.
"""

import argparse
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import cv2
import numpy as np

from rkd_keras.data import (
    contact_sheet,
    fusion_batch,
    make_split,
    mosaic_batch,
    open_dataset,
)
from rkd_keras.explain import GradCAM, explanation_grid, heat_overlay
from rkd_keras.files.images import read_image, resize_image
from rkd_keras.layers import MedianBlur2D
from rkd_keras.measure import grade, measure, overlay, segment
from rkd_keras.models import EdgeResNetSmall
from rkd_keras.predict import load

IMAGES = Path(__file__).parent / "images"
STATION = Path(__file__).parent / "guides" / "images" / "station_live.png"
SIDE, LOOK_HEIGHT = 180, 420
SHEET_CLASS = "scratches"


def main(run, data=None, seed=0):
    run = Path(run)
    strips = run / "strips"
    IMAGES.mkdir(exist_ok=True)
    save("overview.jpg", overview(strips if data is None else data, seed))
    save("mosaic_and_fusion.jpg", sheet_of_new_samples(open_dataset(strips), seed))
    report = run / "student" / "report.html"
    if report.is_file() and screenshot(report, IMAGES / "report.png"):
        save("first_look.jpg", first_look(strips))


def overview(data, seed):
    """One image of each class: as it is, where the student looks, what is measured."""
    index = open_dataset(data)
    protocol = "neu-600" if len(index) == 1800 else "holdout"
    test = make_split(index, protocol).test
    predictor = load()
    explain = GradCAM(EdgeResNetSmall(weights="neu"), layer="stage3_out")
    rng = np.random.default_rng(seed)
    columns = []
    for c in range(len(index.class_names)):
        file = index.files[rng.choice(test[index.labels[test] == c])]
        image = read_image(file)
        (verdict,) = predictor.predict(image)
        heat, _ = explain(resize_image(image, predictor.input_shape[:2])[None])
        mask = segment(image)
        measured = measure(image, mask)
        graded = grade(measured, verdict.label)
        said = f"{verdict.class_name} {100 * verdict.probability:.0f} %"
        of_surface = f"{measured.area_ratio:.1f} % of surface, {graded.decision}"
        columns.append(
            [
                (f"is {index.class_names[c]}", image),
                (said, heat_overlay(image, heat[0], least_side=SIDE)),
                (of_surface, overlay(image, mask, measured)),
            ]
        )
    return explanation_grid([list(row) for row in zip(*columns, strict=True)], SIDE)


def sheet_of_new_samples(index, seed):
    """Samples of one class, mosaics and fusions of them."""
    name = SHEET_CLASS if SHEET_CLASS in index.class_names else index.class_names[0]
    own = np.flatnonzero(index.labels == index.class_names.index(name))
    chosen = np.random.default_rng(seed).choice(own, 6, replace=False)
    images = np.stack(
        [resize_image(read_image(index.files[i]), (64, 64)) for i in chosen]
    )
    labels = np.zeros(len(images), int)
    blur = MedianBlur2D(3, padding="valid")
    rows = [
        (name, images),
        ("mosaics", mosaic_batch(images, labels, (seed, 0), blur)),
        ("fusions", fusion_batch(images, labels, (seed, 0))),
    ]
    return contact_sheet(rows)


def first_look(strips):
    """The terminal, the report and the station, side by side."""
    pictures = [
        terminal(strips),
        read_image(IMAGES / "report.png"),
        read_image(STATION),
    ]
    tiles = []
    for picture in pictures:
        height, width = picture.shape[:2]
        size = (LOOK_HEIGHT, width * LOOK_HEIGHT // height)
        tiles += [resize_image(picture, size), np.full((LOOK_HEIGHT, 12, 3), 255)]
    return np.concatenate(tiles[:-1], axis=1).astype(np.uint8)


def terminal(strips):
    """Photograph what `rkd-keras predict` prints of one drawn strip of each class."""
    from rich.console import Console
    from rich.text import Text

    files = sorted(strips.glob("IMAGES/*_1.jpg"))
    words = ["rkd-keras", "predict", *(str(f.relative_to(strips)) for f in files)]
    words += ["--model", "../student/student.tflite"]
    shown = "rkd-keras predict IMAGES/*_1.jpg --model ../student/student.tflite"
    done = subprocess.run(words, cwd=strips, check=True, capture_output=True, text=True)
    with open(os.devnull, "w") as nowhere:
        console = Console(record=True, width=76, file=nowhere)
        console.print(Text(f"$ {shown}", "bold"))
        console.print(Text(done.stdout.rstrip()))
        drawing = console.export_svg(title="rkd-keras")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "terminal.html")
        page.write_text(f"<body style='margin:0'>{drawing}</body>", encoding="utf-8")
        screenshot(page, Path(folder, "terminal.png"), 960, 440)
        return read_image(Path(folder, "terminal.png"))


def save(name, picture):
    path = IMAGES / name
    cv2.imwrite(str(path), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    print(f"{path}: {path.stat().st_size / 1024:.0f} kB")


def screenshot(page, path, width=1100, height=900):
    """Photograph the first screen of a page."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        print(f"{path} stays as it is: there is no Chromium")
        return False
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                chromium,
                "--headless",
                "--no-sandbox",
                "--hide-scrollbars",
                f"--user-data-dir={profile}",
                f"--window-size={width},{height}",
                f"--screenshot={path}",
                page.resolve().as_uri(),
            ],
            check=True,
            capture_output=True,
        )
    print(f"{path}: {path.stat().st_size / 1024:.0f} kB")
    return True


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", help="folder of a demo")
    parser.add_argument("--data", help="NEU-DET, for the overview")
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
