"""Read the NEU surface defect database as it is distributed."""

import re
from pathlib import Path

from rkd_keras.data.reading.boxes import read_annotations
from rkd_keras.data.reading.image_index import ImageIndex
from rkd_keras.errors import InputError
from rkd_keras.files.images import IMAGE_SUFFIXES

CLASS_NAMES = (
    "crazing",
    "inclusion",
    "patches",
    "pitted_surface",
    "rolled-in_scale",
    "scratches",
)
# NEU-CLS names its files by these.
SHORT_NAMES = dict(zip(("cr", "in", "pa", "ps", "rs", "sc"), CLASS_NAMES, strict=True))
PATTERN = re.compile(r"(?P<name>.+)_(?P<number>\d+)")


def class_of(path):
    """Return the NEU class that a file's name tells, or `None`.

    Args:
        path: a path such as `scratches_12.jpg` (NEU-DET) or `PS_7.bmp` (NEU-CLS).

    Returns:
        One of `CLASS_NAMES`, or `None` for another name.

    Example:
        >>> class_of("PS_7.bmp"), class_of("scratches_12.jpg"), class_of("x_1.jpg")
        ('pitted_surface', 'scratches', None)
    """
    match = PATTERN.fullmatch(Path(path).stem)
    name = match["name"].lower() if match else None
    return SHORT_NAMES.get(name, name if name in CLASS_NAMES else None)


def read_neu(directory):
    """Read NEU-DET (`IMAGES` and `ANNOTATIONS`) or flat NEU-CLS files.

    Args:
        directory: folder with `IMAGES/<class>_<n>.jpg` and Pascal VOC files in
            `ANNOTATIONS`, or with the images themselves.

    Returns:
        An `ImageIndex`, files sorted by class and number.

    Raises:
        InputError: when no file is named as NEU names them.
    """
    directory = Path(directory)
    folders = {p.name.lower(): p for p in directory.iterdir() if p.is_dir()}
    images = folders.get("images", directory)
    found = [
        (class_of(path), int(PATTERN.fullmatch(path.stem)["number"]), path)
        for path in images.iterdir()
        if path.suffix.lower() in IMAGE_SUFFIXES and class_of(path)
    ]
    if not found:
        raise InputError(
            f"{images} holds no image named like scratches_1.jpg or Sc_1.bmp; "
            "give the NEU folder"
        )
    found.sort()
    class_names = sorted({name for name, _, _ in found})
    annotations = {}
    if "annotations" in folders:
        for i, (_, _, path) in enumerate(found):
            annotation = folders["annotations"] / f"{path.stem}.xml"
            if annotation.is_file():
                annotations[i] = annotation
    boxes, faults = read_annotations(annotations)
    return ImageIndex(
        [path for _, _, path in found],
        [class_names.index(name) for name, _, _ in found],
        class_names,
        boxes=boxes,
        annotations=annotations,
        faults=faults,
        root=directory,
    )
