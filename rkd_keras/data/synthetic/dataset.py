"""Drawn data sets: images, boxes and their layout on disk."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import cv2
import numpy as np

from rkd_keras.data.synthetic.defects import VISIBLE
from rkd_keras.data.synthetic.surface import (
    FINISHES,
    draw_illumination,
    draw_surface,
    take_photograph,
)
from rkd_keras.data.synthetic.truth import (
    CLASS_NAMES,
    Drawing,
    check_class,
    draw_contrast,
    draw_distraction,
    find_boxes,
)
from rkd_keras.errors import InputError

# The finish on which a class is mostly seen, as in NEU; the rest of the time any
# finish is drawn, so that the background alone does not give the class away.
_USUAL_FINISH = {
    "crazing": "grainy",
    "inclusion": "smooth",
    "patches": "grainy",
    "pitted_surface": "matte",
    "rolled-in_scale": "rolled",
    "scratches": "smooth",
}
_USUAL = 0.7


def draw_image(class_name, size=200, rng=None):
    """Draw one square image of a defect class.

    Args:
        class_name: one of `CLASS_NAMES`.
        size: side in pixels, at least 16. Defaults to 200, as in NEU.
        rng: `numpy.random.Generator`, or a seed. Defaults to a fresh one.

    Returns:
        A `Drawing`.

    Raises:
        InputError: for an unknown class or a size below 16.

    Example:
        >>> drawing = draw_image("patches", size=64, rng=7)
        >>> drawing.image.shape, drawing.image.dtype.name
        ((64, 64), 'uint8')
    """
    check_class(class_name)
    if size < 16:
        raise InputError(f"size must be at least 16 pixels. Received: size={size}")
    rng = np.random.default_rng(rng)
    shape, scale = (size, size), size / 200
    finish = _USUAL_FINISH[class_name]
    if rng.random() > _USUAL:
        finish = str(rng.choice(list(FINISHES)))
    radiance = draw_surface(shape, finish, rng, scale)
    contrast = draw_contrast(class_name, shape, rng, scale)
    if finish == "grainy":
        contrast *= 1.3  # else the grain hides it
    radiance = radiance * np.exp(contrast + draw_distraction(shape, rng, scale))
    fall = rng.uniform(*FINISHES[finish].gradient)
    radiance *= draw_illumination(shape, fall, rng)
    radiance = _expose(radiance, rng.lognormal(0.05, 0.25), contrast)
    mask = np.abs(contrast) > VISIBLE
    return Drawing(
        take_photograph(radiance, rng, scale),
        mask,
        tuple((class_name, box) for box in find_boxes(mask, class_name, scale)),
    )


def write_dataset(
    directory,
    per_class=100,
    size=200,
    seed=0,
    overwrite=False,
    progress: Callable[[int, int], None] | None = None,
):
    """Write a drawn data set in the layout of NEU-DET.

    `IMAGES/<class>_<n>.jpg` and `ANNOTATIONS/<class>_<n>.xml` (Pascal VOC with
    the true boxes; pixels from 1, the maxima inclusive), n from 1, and
    `synthetic.json`, which says that the images were drawn. Image n of a class
    depends on `seed` and `size` alone, not on how many are drawn.

    Args:
        directory: folder to write; made when missing.
        per_class: images per class. Defaults to 100.
        size: side in pixels. Defaults to 200.
        seed: integer seed. Defaults to 0.
        overwrite: whether images that are there may be replaced. Defaults to
            `False`.
        progress: called with `(images done, images in all)` after each image.
            Defaults to `None`.

    Returns:
        The folder, a `Path`.

    Raises:
        InputError: when the folder already holds images, or for a size or count
            out of range.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = write_dataset(folder, per_class=1, size=64)
        ...     print(len(list((path / "IMAGES").iterdir())))
        6
    """
    directory = Path(directory)
    if per_class < 1:
        raise InputError(f"per_class must be at least 1. Received: {per_class=}")
    images, annotations = directory / "IMAGES", directory / "ANNOTATIONS"
    if not overwrite and images.is_dir() and any(images.iterdir()):
        raise InputError(
            f"{images} already holds images; give another folder or overwrite=True"
        )
    images.mkdir(parents=True, exist_ok=True)
    annotations.mkdir(exist_ok=True)
    # A report on such images must be able to say that they are not real.
    origin = {"drawn_by": "rkd_keras.data.synthetic", "seed": seed, "size": size}
    (directory / "synthetic.json").write_text(json.dumps(origin) + "\n")
    done = 0
    for label, class_name in enumerate(CLASS_NAMES):
        for number in range(1, per_class + 1):
            rng = np.random.default_rng([seed, label, number])
            drawing = draw_image(class_name, size, rng)
            name = f"{class_name}_{number}"
            _write_jpeg(images / f"{name}.jpg", drawing.image)
            (annotations / f"{name}.xml").write_text(_voc(name, drawing))
            done += 1
            if progress is not None:
                progress(done, per_class * len(CLASS_NAMES))
    return directory


def _expose(radiance, exposure, contrast):
    """Brighten, but never so far that the defect drowns in burnt-out steel."""
    highest = 225 if contrast.sum() <= 0 else 150
    return radiance * min(exposure, highest / np.median(radiance))


def _write_jpeg(path, image):
    encoded, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 92])
    if not encoded:
        raise InputError(f"{path} cannot be encoded as JPEG")
    path.write_bytes(data.tobytes())


def _voc(name, drawing):
    height, width = drawing.image.shape
    lines = [
        "<annotation>",
        "\t<folder>IMAGES</folder>",
        f"\t<filename>{escape(name)}.jpg</filename>",
        "\t<source>",
        "\t\t<database>rkd_keras synthetic</database>",
        "\t</source>",
        "\t<size>",
        f"\t\t<width>{width}</width>",
        f"\t\t<height>{height}</height>",
        "\t\t<depth>1</depth>",
        "\t</size>",
        "\t<segmented>0</segmented>",
    ]
    for class_name, (left, top, right, bottom) in drawing.objects:
        lines += [
            "\t<object>",
            f"\t\t<name>{escape(class_name)}</name>",
            "\t\t<pose>Unspecified</pose>",
            "\t\t<truncated>0</truncated>",
            "\t\t<difficult>0</difficult>",
            "\t\t<bndbox>",
            f"\t\t\t<xmin>{left + 1}</xmin>",
            f"\t\t\t<ymin>{top + 1}</ymin>",
            f"\t\t\t<xmax>{right}</xmax>",
            f"\t\t\t<ymax>{bottom}</ymax>",
            "\t\t</bndbox>",
            "\t</object>",
        ]
    return "\n".join([*lines, "</annotation>", ""])
