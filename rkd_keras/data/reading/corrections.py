"""Doubtful labels as a table that a person edits, and what was accepted of it."""

import csv
from pathlib import Path

from rkd_keras.errors import InputError
from rkd_keras.files.replacing import replacing

COLUMNS = (
    *("rank", "file", "given", "suggested", "probability_given"),
    *("probability_suggested", "shares_pixels_with", "accept"),
)
# What people write into a cell.
YES, NO = ("yes", "y", "x", "1", "true"), ("", "no", "n", "0", "false")


def write_doubts(path, rows):
    """Write doubtful labels; the column `accept` is left to a person.

    Args:
        path: the CSV file.
        rows: list of dicts with `COLUMNS` but `rank` and `accept`, the most doubtful
            first.
    """
    with (
        replacing(path) as temporary,
        temporary.open(
            "w", newline="", encoding="utf-8", errors="surrogateescape"
        ) as file,
    ):
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for rank, row in enumerate(rows, start=1):
            writer.writerow({"rank": rank, "accept": "", **row})


def read_accepted(path, index):
    r"""Read which labels are to be changed.

    In the column `accept` `yes` takes the suggested class, the name of a class takes
    that one, and `no` or nothing leaves the label.

    Args:
        path: CSV file of `write_doubts`, edited.
        index: the `ImageIndex` that it is of.

    Returns:
        Dict from an image's index to its new label.

    Raises:
        InputError: when the file cannot be read, is of other images or labels, or
            names an unknown class; the line is told.

    Example:
        >>> import tempfile
        >>> from rkd_keras.data import ImageIndex
        >>> index = ImageIndex(["set/a.png", "set/b.png"], [0, 1], ("dent", "rust"))
        >>> path = Path(tempfile.mkdtemp()) / "doubts.csv"
        >>> text = "file,given,suggested,accept\na.png,dent,rust,yes\n"
        >>> _ = path.write_text(text)
        >>> read_accepted(path, index)
        {0: 1}
    """
    place = {name: i for i, name in enumerate(index.names())}
    label = {name: i for i, name in enumerate(index.class_names)}
    accepted = {}
    try:
        with Path(path).open(
            newline="", encoding="utf-8-sig", errors="surrogateescape"
        ) as file:
            rows = csv.DictReader(file)
            missing = {"file", "given", "suggested", "accept"} - {
                *(rows.fieldnames or ())
            }
            if missing:
                raise InputError(
                    f"{path} lacks the column {', '.join(sorted(missing))}; give the "
                    "doubts.csv that rkd-keras data doubt wrote"
                )
            for row in rows:
                where = f"{path}, line {rows.line_num}"
                wanted = _wanted(row, where, label)
                i = _image(row, where, place, index)
                if wanted is not None and wanted != index.labels[i]:
                    accepted[i] = wanted
    except (OSError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    return accepted


def _wanted(row, where, label):
    """Return the label that is asked for, or `None`."""
    word = (row["accept"] or "").strip()
    # A class may be called yes.
    if word not in label:
        if word.casefold() in NO:
            return None
        if word.casefold() in YES:
            word = row["suggested"]
    if word not in label:
        raise InputError(
            f"{where}: {word!r} is no class of the data set; write yes, nothing, or "
            f"one of {', '.join(label)}"
        )
    return label[word]


def _image(row, where, place, index):
    if row["file"] not in place:
        raise InputError(
            f"{where}: {row['file']!r} is no image of the data set; give --data what "
            "the doubts were found in"
        )
    i = place[row["file"]]
    given = index.class_names[index.labels[i]]
    if row["given"] != given:
        raise InputError(
            f"{where}: {row['file']} is labelled {given!r} in the data set and "
            f"{row['given']!r} here; look for doubts again"
        )
    return i
