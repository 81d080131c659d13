"""Read and write CSV manifests: files, their classes and parts."""

import csv
import os
from pathlib import Path

from rkd_keras.data.reading.identity import common_folder
from rkd_keras.data.reading.image_index import index_of
from rkd_keras.data.reading.parts import PARTS
from rkd_keras.errors import InputError
from rkd_keras.files.names import printable
from rkd_keras.files.replacing import replacing


def read_manifest(path):
    """Read a CSV file with the columns `file`, `label` and, at will, `split`, `group`.

    Images of one `group` (a coil, an item, a day) may be kept in one part by
    `make_split`; those without one stand alone.

    Args:
        path: the CSV file; relative files are looked up beside it.

    Returns:
        An `ImageIndex`; classes in alphabetical order.

    Raises:
        InputError: when a column or value is missing (the line is named) or
            the file holds no row.
    """
    path = Path(path)
    found, groups = [], []
    try:
        # Names of files may be any bytes.
        with path.open(
            newline="", encoding="utf-8-sig", errors="surrogateescape"
        ) as file:
            rows = csv.DictReader(file)
            missing = {"file", "label"} - set(rows.fieldnames or ())
            if missing:
                raise InputError(
                    f"{path} lacks the column {', '.join(sorted(missing))}; the "
                    "header must be file,label or file,label,split"
                )
            for row in rows:
                found.append(_row(path, rows.line_num, row))
                groups.append((row.get("group") or "").strip() or None)
    except (OSError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    if not found:
        raise InputError(f"{path} lists no images")
    index = index_of(found, _root_of(path.parent, [file for file, _, _ in found]))
    index.groups = tuple(groups)
    index.layout = "a CSV manifest: file, label and, at will, split and group"
    return index


def _row(path, line, row):
    file, label = row["file"], (row["label"] or "").strip()
    if not file or not label:
        raise InputError(f"{path}, line {line}: file and label must not be empty")
    if "\0" in file:
        raise InputError(f"{path}, line {line}: {printable(file)} is no file's name")
    part = (row.get("split") or "").strip().lower()
    if part and part not in PARTS:
        raise InputError(
            f"{path}, line {line}: split must be train, val or test, not {part!r}"
        )
    return path.parent / file, printable(label), PARTS.get(part)


def _root_of(folder, files):
    """A manifest may list files from anywhere."""
    folder = Path(os.path.abspath(folder))
    inside = all(Path(os.path.abspath(file)).is_relative_to(folder) for file in files)
    return folder if inside else common_folder(files)


def write_manifest(path, rows):
    """Write a manifest that `read_manifest` reads.

    Args:
        path: the CSV file.
        rows: iterable of `(file, class name, part or None, group or None)`. Where no
            image has a group, there is no such column.
    """
    rows = list(rows)
    columns = 4 if any(group is not None for *_, group in rows) else 3
    with (
        replacing(path) as temporary,
        temporary.open(
            "w", newline="", encoding="utf-8", errors="surrogateescape"
        ) as file,
    ):
        writer = csv.writer(file)
        writer.writerow(("file", "label", "split", "group")[:columns])
        writer.writerows([value or "" for value in row[:columns]] for row in rows)


def write_index(path, index, labels=None):
    """Write the images of a data set as a manifest, which every command takes.

    Args:
        path: the CSV file; files are named relative to its folder, which is made.
        index: an `ImageIndex`.
        labels: array `(images,)` of class indices, or `None` for the index's own.
    """
    from rkd_keras.files.results import make_folder

    folder = make_folder(Path(path).parent)
    labels = index.labels if labels is None else labels
    rows = [
        (os.path.relpath(file, folder), index.class_names[label], part, group)
        for file, label, part, group in zip(
            index.files, labels, index.parts, index.groups, strict=True
        )
    ]
    write_manifest(path, rows)
