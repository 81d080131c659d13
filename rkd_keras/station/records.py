"""From a worker's reply to rows of the store: plain functions, no side effects."""

from rkd_keras.measure.grade import INVALID
from rkd_keras.station.store import NO_DEFECT


def frame_position(device, received_ms, position_m=None):
    """Tell where along the strip a frame begins.

    Args:
        device: a `Device`.
        received_ms: when the frame was received, milliseconds since 1970.
        position_m: position given with the frame (an encoder's), metres.

    Returns:
        Metres from the coil's head, or `None` when neither an encoder nor the
        line's speed tells.
    """
    if position_m is not None:
        return float(position_m)
    coil = device.coil
    if coil is None or not coil.get("speed_m_s"):
        return None
    return max(received_ms - coil["started_ms"], 0) / 1000 * coil["speed_m_s"]


def frame_row(device, origin, received_ms, reply, position_m=None, frame_key=None):
    """Return the row of `frames` for a worker's reply.

    Args:
        device: a `Device`.
        origin: `"posted"`, `"live"` or `"loaded"`.
        received_ms: when the frame was received.
        reply: what `FrameAnalyzer` returned.
        position_m: the client's encoder value, metres.
        frame_key: the client's own name for the frame.

    Returns:
        Dict without `image` and `image_bytes`.
    """
    is_invalid = reply["decision"] == INVALID
    worst = max(
        reply["defects"],
        key=lambda d: (d["severity"], d["area"] * d["probability"]),
        default=None,
    )
    return {
        "device_id": device.id,
        "origin": origin,
        "frame_key": frame_key,
        "received_ms": received_ms,
        "coil_id": device.coil["id"] if device.coil else None,
        "position_m": frame_position(device, received_ms, position_m),
        "width": reply["width"],
        "height": reply["height"],
        # An invalid picture has no class, not even that of no defect.
        "label": INVALID if is_invalid else worst["label"] if worst else NO_DEFECT,
        "probability": worst["probability"] if worst else None,
        "severity": worst["severity"] if worst else 0,
        "decision": reply["decision"],
        "fault": reply.get("fault"),
        "defect_count": len(reply["defects"]),
        "analysis_ms": reply["analysis_ms"],
        "model": reply["model"],
    }


def defect_rows(device, frame, reply):
    """Return the rows of `defects` for a worker's reply.

    The position along the strip is that of the defect's centre; across it counts
    from the image's first column.

    Args:
        device: a `Device`.
        frame: the row of `frame_row`.
        reply: what `FrameAnalyzer` returned.

    Returns:
        List of dicts.
    """
    mm = device.settings.mm_per_pixel
    rows = []
    for defect in reply["defects"]:
        along = defect["y"] + defect["height"] / 2
        across = defect["x"] + defect["width"] / 2
        if device.settings.travel_axis == "x":
            along, across = across, along
        position = frame["position_m"]
        if position is not None and mm:
            position += along * mm / 1000
        rows.append(
            {
                **defect,
                "position_m": position,
                "across_mm": across * mm if mm else None,
            }
        )
    return rows
