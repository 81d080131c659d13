"""What a report says, collected from the store."""

import base64

from rkd_keras.errors import InputError
from rkd_keras.station.coil_map import coil_map
from rkd_keras.station.image_files import MEDIA_TYPES
from rkd_keras.station.store import (
    FrameFilter,
    accounts,
    alarms,
    devices,
    frames,
    now_ms,
)

WORST = 12
_BINS = 60
_MINUTE = 60_000


def collect(store, files, from_ms, to_ms, coil_id=None):
    """Collect a report's content.

    Args:
        store: the `Store`.
        files: the `ImageFiles`.
        from_ms: first moment, milliseconds since 1970.
        to_ms: end, excluded.
        coil_id: only this coil's frames. Defaults to `None`.

    Returns:
        Dict with `from_ms`, `to_ms`, `made_ms`, `tally` (see `frames.tally`),
        `trend` (see `frames.trend`) and its `bin_ms`, `worst` (frames with
        `image_data` bytes), `alarms`, `events`, `devices` {id: name} and `map`
        (see `coil_map`) or `None`.
    """
    chosen = FrameFilter(from_ms=from_ms, to_ms=to_ms, coil_id=coil_id)
    bin_ms = bin_length(to_ms - from_ms)
    with store.read() as connection:
        content = {
            "from_ms": from_ms,
            "to_ms": to_ms,
            "made_ms": now_ms(),
            "tally": frames.tally(connection, chosen),
            "trend": frames.trend(connection, chosen, bin_ms),
            "bin_ms": bin_ms,
            "worst": frames.worst(connection, chosen, WORST),
            "alarms": alarms.list_newest(
                connection,
                device_id=_device_of(connection, coil_id),
                from_ms=from_ms,
                to_ms=to_ms,
                limit=500,
            ),
            "events": accounts.list_events(connection, from_ms, to_ms, 200),
            "devices": {d["id"]: d["name"] for d in devices.list_all(connection)},
            "map": None,
        }
    for frame in content["worst"]:
        frame["image_data"] = files.read(frame["image"])
    content["worst"] = [f for f in content["worst"] if f["image_data"]]
    if coil_id is not None:
        content["map"] = coil_map(store, coil_id)
    return content


def _device_of(connection, coil_id):
    return (
        None if coil_id is None else devices.get_coil(connection, coil_id)["device_id"]
    )


def bin_length(span_ms):
    """Return a round length for about 60 spans of a trend, milliseconds.

    Example:
        >>> bin_length(3_600_000) // 60_000
        1
    """
    for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440, 10_080):
        if span_ms <= minutes * _MINUTE * _BINS:
            return minutes * _MINUTE
    return 43_200 * _MINUTE


def span_of(store, coil_id, from_ms, to_ms):
    """Return the span of time that a report is about.

    Raises:
        InputError: when there is no such coil, or the span is empty or missing.
    """
    if coil_id is not None:
        with store.read() as connection:
            coil = devices.get_coil(connection, coil_id)
        if coil is None:
            raise InputError(f"there is no coil {coil_id}")
        return coil["started_ms"], (coil["ended_ms"] or now_ms()) + 1
    if from_ms is None:
        raise InputError("a report needs a coil_id, or a start")
    to_ms = to_ms if to_ms is not None else now_ms() + 1
    if to_ms <= from_ms:
        raise InputError("a report's end must come after its start")
    return from_ms, to_ms


def embedded(data, suffix):
    """Return an image as a data URL for a page that stands alone."""
    return f"data:{MEDIA_TYPES[suffix]};base64,{base64.b64encode(data).decode()}"
