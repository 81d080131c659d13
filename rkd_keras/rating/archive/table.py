"""The Parquet files of scores: one for each unit of work."""

import json
import os
from collections import Counter

from rkd_keras.errors import InputError

FOLDER = "scores.parquet"
# Footer entry that tells which unit a file stands for, and what is in it.
METADATA_KEY = b"rkd_keras"
COLUMNS = {
    "file": "string",
    "true_class": "string",
    "part": "string",
    "label": "string",
    "class_name": "string",
    "probability": "double",
    "is_unknown": "bool",
    "unknown_score": "double",
    "image_height": "int32",
    "image_width": "int32",
    "count": "int32",
    "area": "double",
    "perimeter": "double",
    "area_ratio": "double",
    "k": "double",
    "m00": "double",
    "m10": "double",
    "m01": "double",
    "centroid_x": "double",
    "centroid_y": "double",
    "left": "int32",
    "top": "int32",
    "box_width": "int32",
    "box_height": "int32",
    "orientation": "double",
    "longest": "double",
    "touching_border": "int32",
    "mm_per_pixel": "double",
    "unit": "string",
    "severity": "int32",
    "decision": "string",
    "decisive_rule": "string",
    "rules": "string",
    "error": "string",
}


def import_parquet():
    """Import what reads and writes Parquet.

    Returns:
        The module `pyarrow.parquet`.

    Raises:
        InputError: when it is not installed, with the line that installs it.
    """
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise InputError(
            "Parquet files need pyarrow: pip install rkd-keras[parquet]"
        ) from error
    return pyarrow.parquet


def part_path(out, number):
    """Return the path of a unit's file."""
    return out / FOLDER / f"part-{number:06d}.parquet"


def write_part(out, unit, rows):
    """Write the rows of a unit; the file appears whole or not at all.

    Args:
        out: the folder of the scores.
        unit: the `Unit`.
        rows: list of dicts; columns that a row lacks are null.

    Returns:
        The facts in the file's footer: `digest`, `images`, `errors`, and how often
        each `labels` and `decisions`.
    """
    import pyarrow

    from rkd_keras.files.names import is_utf8, printable
    from rkd_keras.files.replacing import replacing
    from rkd_keras.files.results import make_folder

    def text(value):
        """Escape a name that is no UTF-8: the format has no place for it."""
        return (
            value if not isinstance(value, str) or is_utf8(value) else printable(value)
        )

    rows = [{name: text(value) for name, value in row.items()} for row in rows]
    facts = {
        "digest": unit.digest,
        "images": len(rows),
        "errors": sum(row.get("error") is not None for row in rows),
        "first_error": next((r["error"] for r in rows if r.get("error")), None),
        "labels": Counter(row["label"] for row in rows if "label" in row),
        "decisions": Counter(row["decision"] for row in rows if "decision" in row),
    }
    schema = pyarrow.schema(
        [(name, pyarrow.type_for_alias(kind)) for name, kind in COLUMNS.items()],
        {METADATA_KEY: json.dumps(facts, sort_keys=True)},
    )
    table = pyarrow.Table.from_pylist(rows, schema)
    path = part_path(out, unit.number)
    make_folder(path.parent)
    with replacing(path) as temporary, temporary.open("wb") as stream:
        import_parquet().write_table(table, stream)
        stream.flush()
        os.fsync(stream.fileno())
    return facts


def finished_part(out, unit):
    """Return the facts of a unit that was scored already.

    Args:
        out: the folder of the scores.
        unit: the `Unit`.

    Returns:
        The facts, see `write_part`; `None` when the file is missing, damaged or
        of another archive.
    """
    import pyarrow

    path = part_path(out, unit.number)
    if not path.is_file():
        return None
    try:
        metadata = import_parquet().read_schema(path).metadata or {}
        facts = json.loads(metadata[METADATA_KEY])
    except (pyarrow.ArrowException, OSError, KeyError, ValueError):
        return None
    return facts if facts["digest"] == unit.digest else None


def clear_parts(out, unfinished_only):
    """Remove what earlier runs wrote: temporary files, or all of it."""
    folder = out / FOLDER
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        is_part = path.name.startswith("part-") and path.suffix == ".parquet"
        is_temporary = path.name.startswith(".part-") and ".tmp" in path.name
        if is_temporary or (is_part and not unfinished_only):
            path.unlink()


def total(facts):
    """Add the facts of all units.

    Args:
        facts: list of dicts, see `write_part`.

    Returns:
        Dict with `images`, `errors`, `first_error`, `labels` and `decisions`.

    Raises:
        InputError: when no image could be scored.
    """
    added = {"images": 0, "errors": 0, "labels": Counter(), "decisions": Counter()}
    first = None
    for fact in facts:
        first = first or fact["first_error"]
        for name in added:
            added[name] += (
                Counter(fact[name]) if isinstance(fact[name], dict) else fact[name]
            )
    if added["images"] == added["errors"]:
        raise InputError(
            f"none of {added['images']} images could be scored; the first error is: "
            f"{first}"
        )
    return {**added, "first_error": first}
