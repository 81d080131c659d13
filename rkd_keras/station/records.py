"""From a worker's reply to rows of the store: plain functions, no side effects."""

from rkd_keras.measure.grade import INVALID
from rkd_keras.station.store import NO_DEFECT


def frame_row(receipt, reply):
    """Return the row of `frames` for a worker's reply.

    Args:
        receipt: the frame's `Receipt`.
        reply: what `FrameAnalyzer` returned.

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
        "device_id": receipt.device.id,
        "origin": receipt.origin,
        "frame_key": receipt.frame_key,
        "received_ms": receipt.received_ms,
        "coil_id": receipt.coil_id,
        "position_m": receipt.position_m,
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


def defect_rows(receipt, reply):
    """Return the rows of `defects` for a worker's reply.

    The position along the strip is that of the defect's centre; across it counts
    from the image's first column.

    Args:
        receipt: the frame's `Receipt`.
        reply: what `FrameAnalyzer` returned.

    Returns:
        List of dicts.
    """
    mm = receipt.settings.mm_per_pixel
    rows = []
    for defect in reply["defects"]:
        along = defect["y"] + defect["height"] / 2
        across = defect["x"] + defect["width"] / 2
        if receipt.settings.travel_axis == "x":
            along, across = across, along
        position = receipt.position_m
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
