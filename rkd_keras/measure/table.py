"""Tables of measurements: one row per image, one per defect, one per class."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rkd_keras.errors import InputError
from rkd_keras.files.replacing import replacing
from rkd_keras.measure.measurement import Measurement

# The paper's Table 7, one image of 64x64 pixels per class.
PAPER_TABLE_7 = {
    "crazing": {"area": 1646, "perimeter": 475.911, "area_ratio": 40.18, "k": 0.289},
    "inclusion": {"area": 759, "perimeter": 71.414, "area_ratio": 18.53, "k": 0.094},
    "patches": {"area": 2332, "perimeter": 113.314, "area_ratio": 56.93, "k": 0.048},
    "pitted_surface": {
        "area": 1019,
        "perimeter": 368.426,
        "area_ratio": 24.88,
        "k": 0.362,
    },
    "rolled-in_scale": {
        "area": 1159,
        "perimeter": 213.012,
        "area_ratio": 28.30,
        "k": 0.183,
    },
    "scratches": {"area": 789, "perimeter": 82.243, "area_ratio": 19.48, "k": 0.103},
}
# What Table 7 lists, and what else tells classes apart.
FEATURES = (
    "area",
    "perimeter",
    "area_ratio",
    "k",
    "count",
    "longest",
    "elongation",
    "steepness",
)


def features(measurement):
    """Return the numbers of an image that classes are compared by.

    Args:
        measurement: `Measurement`.

    Returns:
        Dict from each of `FEATURES` to a float, NaN where it is not defined.
        `elongation` is major by minor axis of the largest defect, `steepness`
        the absolute orientation of that defect, 0 (along the rows) to 90.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.measure import measure
        >>> mask = np.zeros((20, 20), bool)
        >>> mask[2:18, 5:7] = True
        >>> found = features(measure(None, mask))
        >>> round(found["elongation"], 3), found["steepness"]
        (8.0, 90.0)
    """
    found = {name: getattr(measurement, name) for name in FEATURES[:6]}
    found["elongation"] = found["steepness"] = None
    if measurement.defects:
        largest = max(measurement.defects, key=lambda defect: defect.area)
        found["elongation"] = largest.major_axis / largest.minor_axis
        if largest.orientation is not None:
            found["steepness"] = abs(largest.orientation)
    return {k: float("nan") if v is None else float(v) for k, v in found.items()}


def class_table(
    measured: Iterable[tuple[str, Measurement]],
) -> list[dict[str, Any]]:
    """Summarise measurements class by class (Table 7).

    Args:
        measured: iterable of `(class_name, Measurement)`.

    Returns:
        List of dicts, one per class in alphabetical order: `class`, `images`,
        `without_defect` and for each of `FEATURES` the mean, and as `<name>_sd`
        the standard deviation over images. `k`, `elongation` and `steepness` are
        over the images with a defect.

    Example:
        >>> import numpy as np
        >>> from rkd_keras.measure import measure
        >>> result = measure(None, np.ones((4, 4), bool))
        >>> row = class_table([("a", result), ("a", result)])[0]
        >>> row["images"], row["area"], row["area_sd"]
        (2, 16.0, 0.0)
    """
    by_class = {}
    for name, measurement in measured:
        by_class.setdefault(name, []).append(measurement)
    table = []
    for name, group in sorted(by_class.items()):
        row = {
            "class": name,
            "images": len(group),
            "without_defect": sum(m.count == 0 for m in group),
        }
        found = [features(m) for m in group]
        for feature in FEATURES:
            values = np.array([f[feature] for f in found])
            values = values[np.isfinite(values)]
            row[feature] = float(values.mean()) if values.size else None
            row[f"{feature}_sd"] = float(values.std()) if values.size else None
        table.append(row)
    return table


def class_separation(measured: Iterable[tuple[str, Measurement]]) -> dict[str, Any]:
    """Tell which numbers separate which classes.

    Args:
        measured: iterable of `(class_name, Measurement)`.

    Returns:
        Dict with `explained`: for each of `FEATURES` the share of its variance
        (of ranks, so that outliers do not decide) that lies between classes, and
        `pairs`: for each two classes the feature that tells them apart best with
        its area under the ROC curve, 0.5 (not at all) to 1 (always).

    Example:
        >>> import numpy as np
        >>> from rkd_keras.measure import measure
        >>> small, large = np.zeros((9, 9), bool), np.ones((9, 9), bool)
        >>> small[4, 4] = True
        >>> both = [("a", measure(None, small)), ("b", measure(None, large))]
        >>> class_separation(both)["explained"]["area"]
        1.0
    """
    measured = list(measured)
    names = np.array([name for name, _ in measured])
    found = [features(m) for _, m in measured]
    columns = {f: np.array([row[f] for row in found]) for f in FEATURES}
    classes = sorted(set(names.tolist()))
    pairs = []
    for i, first in enumerate(classes):
        for second in classes[i + 1 :]:
            areas = {
                feature: _area_under_roc(
                    values[names == first], values[names == second]
                )
                for feature, values in columns.items()
            }
            best = max(areas, key=areas.get)
            pairs.append(
                {"classes": [first, second], "feature": best, "auc": areas[best]}
            )
    return {
        "explained": {f: _explained(v, names) for f, v in columns.items()},
        "pairs": pairs,
    }


def _explained(values, names):
    known = np.isfinite(values)
    if known.sum() < 2:
        return 0.0
    values, names = _ranks(values[known]), names[known]
    total = ((values - values.mean()) ** 2).sum()
    if total == 0:
        return 0.0
    between = sum(
        (names == name).sum() * (values[names == name].mean() - values.mean()) ** 2
        for name in set(names.tolist())
    )
    return float(between / total)


def _area_under_roc(first, second):
    first, second = first[np.isfinite(first)], second[np.isfinite(second)]
    if not first.size or not second.size:
        return 0.5
    ranks = _ranks(np.concatenate([first, second]))
    wins = ranks[: first.size].sum() - first.size * (first.size + 1) / 2
    share = float(wins / (first.size * second.size))
    return max(share, 1 - share)


def _ranks(values):
    """Ranks from 1; equal values share their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def write_table(
    path: str | Path, rows: Sequence[Mapping[str, Any]] | Mapping[str, Any]
) -> None:
    """Write rows as CSV or JSON, by the file's suffix; whole, or not at all.

    Args:
        path: file ending in `.csv` or `.json`.
        rows: list of dicts of plain values; the columns of a CSV file are those
            of all rows, `None` is an empty cell.

    Raises:
        InputError: for another suffix, or when the file cannot be written.

    Example:
        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.csv"
        >>> write_table(path, [{"a": 1, "b": None}])
        >>> path.read_text().split()
        ['a,b', '1,']
    """
    path = Path(path)
    if path.suffix.lower() == ".json":
        text = json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False)
        with replacing(path) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")
        return
    if path.suffix.lower() != ".csv":
        raise InputError(f"a table must be .csv or .json, not {path.name!r}")
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with (
        replacing(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as stream,
    ):
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: _cell(value) for key, value in row.items()})


def _cell(value):
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return value
