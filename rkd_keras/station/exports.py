"""Stored frames as CSV or JSON, line by line."""

import csv
import io
import json

from rkd_keras.station.frame_view import frame_view, iso_time
from rkd_keras.station.store import frames

FRAME_COLUMNS = (
    "id",
    "device_id",
    "origin",
    "frame_key",
    "coil_id",
    "width",
    "height",
    "decision",
    "fault",
    "model",
)
DEFECT_COLUMNS = (
    "label",
    "class_name",
    "probability",
    "severity",
    "x",
    "y",
    "width",
    "height",
    "area",
    "perimeter",
    "k",
    "area_ratio",
    "unit",
    "position_m",
    "across_mm",
)


def csv_lines(store, frame_filter):
    """Yield CSV text: a line per defect, one line for a frame without any.

    Text that a spreadsheet would run as a formula is led by an apostrophe.

    Args:
        store: the `Store`.
        frame_filter: a `FrameFilter`.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(
        [
            *(f"frame_{name}" for name in FRAME_COLUMNS),
            "received_at",
            *(f"defect_{name}" for name in DEFECT_COLUMNS),
        ]
    )
    with store.read() as connection:
        for count, frame in enumerate(frames.walk(connection, frame_filter)):
            first = [_plain(frame[name]) for name in FRAME_COLUMNS]
            first.append(iso_time(frame["received_ms"]))
            for defect in frame["defects"] or [{}]:
                last = [_plain(defect.get(name)) for name in DEFECT_COLUMNS]
                writer.writerow(first + last)
            if count % 100 == 99:
                yield buffer.getvalue()
                buffer.seek(0)
                buffer.truncate()
    yield buffer.getvalue()


def json_lines(store, frame_filter):
    """Yield the text of one JSON list with an object per frame."""
    separator = "[\n"
    with store.read() as connection:
        for frame in frames.walk(connection, frame_filter):
            yield separator + json.dumps(frame_view(frame))
            separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


LINES = {"csv": csv_lines, "json": json_lines}


def _plain(value):
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return value
