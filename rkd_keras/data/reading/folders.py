"""Read folders per class and CSV manifests."""

import csv
import os
from pathlib import Path

from rkd_keras.data.reading.identity import common_folder
from rkd_keras.data.reading.image_index import ImageIndex
from rkd_keras.errors import InputError
from rkd_keras.files.images import IMAGE_SUFFIXES

PARTS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}


def read_folders(directory):
    """Read images whose folder is their class.

    Folders named train, val or test (and their longer forms) may stand anywhere
    above or below the class and are taken as the image's part.

    Args:
        directory: folder such as `data/train/scratches/1.png` or
            `data/scratches/1.png`.

    Returns:
        An `ImageIndex`; classes in alphabetical order.

    Raises:
        InputError: when there is no image below, or an image lies in no class's
            folder.
    """
    directory = Path(directory)
    found = []
    for path in sorted(directory.rglob("*")):
        if path.suffix.lower() not in IMAGE_SUFFIXES or not path.is_file():
            continue
        folders = path.relative_to(directory).parts[:-1]
        parts = [PARTS[f.lower()] for f in folders if f.lower() in PARTS]
        names = [
            f
            for f in folders
            if f.lower() not in PARTS and f.lower() not in ("images", "image")
        ]
        if not names:
            raise InputError(
                f"{path} lies in no class's folder; put it into "
                f"{directory}/<class>/ or list it in a CSV manifest"
            )
        found.append((path, names[-1], parts[-1] if parts else None))
    if not found:
        raise InputError(f"{directory} holds no images")
    return index_of(found, directory)


def read_manifest(path):
    """Read a CSV file with the columns `file`, `label` and, at will, `split`.

    Args:
        path: the CSV file; relative files are looked up beside it.

    Returns:
        An `ImageIndex`; classes in alphabetical order.

    Raises:
        InputError: when a column or value is missing (the line is named) or
            the file holds no row.
    """
    path = Path(path)
    found = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            missing = {"file", "label"} - set(rows.fieldnames or ())
            if missing:
                raise InputError(
                    f"{path} lacks the column {', '.join(sorted(missing))}; the "
                    "header must be file,label or file,label,split"
                )
            for row in rows:
                found.append(_manifest_row(path, rows.line_num, row))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    if not found:
        raise InputError(f"{path} lists no images")
    return index_of(found, _root_of(path.parent, [file for file, _, _ in found]))


def _root_of(folder, files):
    """A manifest may list files from anywhere."""
    folder = Path(os.path.abspath(folder))
    inside = all(Path(os.path.abspath(file)).is_relative_to(folder) for file in files)
    return folder if inside else common_folder(files)


def _manifest_row(path, line, row):
    if not row["file"] or not row["label"]:
        raise InputError(f"{path}, line {line}: file and label must not be empty")
    part = (row.get("split") or "").strip().lower()
    if part and part not in PARTS:
        raise InputError(
            f"{path}, line {line}: split must be train, val or test, not {part!r}"
        )
    return path.parent / row["file"], row["label"].strip(), PARTS.get(part)


def index_of(found, root):
    """Make an `ImageIndex` of `(file, class name, part)` triples below a folder."""
    class_names = sorted({name for _, name, _ in found})
    return ImageIndex(
        [file for file, _, _ in found],
        [class_names.index(name) for _, name, _ in found],
        class_names,
        [part for _, _, part in found],
        root=root,
    )
