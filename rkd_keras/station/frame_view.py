"""What the world sees of a stored frame."""

from datetime import datetime, timezone

from rkd_keras.predict.verdict import UNKNOWN, verdict_in_words

_DEFECT_KEYS = (
    "label",
    "class_name",
    "probability",
    "unknown_score",
    "severity",
    "decision",
    "area",
    "perimeter",
    "k",
    "area_ratio",
    "unit",
    "position_m",
    "across_mm",
)
_FRAME_KEYS = (
    "id",
    "device_id",
    "origin",
    "frame_key",
    "coil_id",
    "position_m",
    "width",
    "height",
    "label",
    "probability",
    "severity",
    "decision",
    "fault",
    "defect_count",
    "analysis_ms",
    "model",
)


def iso_time(ms):
    """Return a time of the store in ISO 8601, UTC, or `None` for `None`.

    Example:
        >>> iso_time(1_767_225_600_123)
        '2026-01-01T00:00:00.123Z'
    """
    if ms is None:
        return None
    moment = datetime.fromtimestamp(ms / 1000, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def frame_view(record):
    """Return a stored frame as the API, exports and messages show it.

    Args:
        record: a frame with `defects` as `frames.get` returns it.

    Returns:
        Dict that JSON can hold; boxes are `[x, y, width, height]` in pixels.
    """
    view = {key: record.get(key) for key in _FRAME_KEYS}
    if view["label"] == UNKNOWN:
        # That of the most probable class, which stands beside each defect.
        view["probability"] = None
    view["received_at"] = iso_time(record["received_ms"])
    view["image_url"] = (
        f"/api/v1/frames/{record['id']}/image" if record.get("image") else None
    )
    view["defects"] = [defect_view(defect) for defect in record["defects"]]
    return view


def defect_view(defect):
    """Return a stored defect as the world sees it."""
    view = {key: defect[key] for key in _DEFECT_KEYS}
    names = ("label", "class_name", "probability")
    view["in_words"] = verdict_in_words(*(defect[name] for name in names))
    view["box"] = [defect[k] for k in ("x", "y", "width", "height")]
    view["window"] = [defect[f"window_{k}"] for k in ("x", "y", "width", "height")]
    return view
